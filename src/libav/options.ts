/**
 * AVOptions of a libav object: found by name, set from text, and described where a name or a value is wrong.
 *
 * @module
 */
import { type Address, cString, type Native, NULL } from "../../ffi/mod.ts";
import { AvError, OptionError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";
import { codeName, errorText } from "./failure.ts";

/** AV_OPT_SEARCH_CHILDREN, libavutil/opt.h. */
const searchChildren = 1;
/** AV_OPT_FLAG_ENCODING_PARAM: muxing counts as encoding. */
const encodingOption = 1;
/** The most named constants that an error lists. */
const maxListedChoices = 24;

/** An option's value, as users write it. */
export type OptionValue = string | number | boolean;

/** The text that libav parses for a value. */
export function optionText(value: OptionValue): string {
  return typeof value === "boolean" ? (value ? "1" : "0") : String(value);
}

/** The limits of an option, except those of its C type. */
function rangeText(min: number, max: number): string {
  const from = min > -(2 ** 31) ? `from ${min}` : "";
  const to = max < 2 ** 31 - 1 ? `${from === "" ? "up " : ""}to ${max}` : "";
  return `${from} ${to}`.trim();
}

/** The options of an object: the context of an encoder or muxer, including its private options. */
export class OptionTable {
  readonly #native: Native;
  readonly #object: Address;
  /** Private options first, as libav searches. */
  readonly #parts: readonly Address[];
  readonly #kind: "encoder" | "muxer";
  readonly #owner: string;
  readonly #chosen = new Map<string, OptionValue>();

  /** Describes a context. `owner` is the encoder's or muxer's name. */
  constructor(
    native: Native,
    kind: "encoder" | "muxer",
    owner: string,
    object: Address,
  ) {
    this.#native = native;
    this.#object = object;
    // libav returns it, unlike the field: what some muxers keep there (the muxer fits) has no options, and
    // starts otherwise.
    const privatePart = native.avutil.av_opt_child_next(object, NULL);
    this.#parts = privatePart === NULL ? [object] : [privatePart, object];
    this.#kind = kind;
    this.#owner = owner;
  }

  /** Whether there is an encoding option of this name. */
  has(name: string): boolean {
    return this.#find(name) !== NULL;
  }

  /**
   * Sets an option. Throws an {@linkcode OptionError} for an unknown name, with the nearest one, or a value
   * that libav refuses.
   */
  set(name: string, value: OptionValue): void {
    this.requireKnown(name);
    this.setField(name, value);
    this.#chosen.set(name, value);
  }

  /** Sets options, each as {@linkcode set} does. */
  setAll(options: Readonly<Record<string, OptionValue>>): void {
    for (const [name, value] of Object.entries(options)) this.set(name, value);
  }

  /** Whether an option was set by {@linkcode set}. */
  isChosen(name: string): boolean {
    return this.#chosen.has(name);
  }

  /** All options that were set by {@linkcode set}. */
  get allChosen(): Readonly<Record<string, OptionValue>> {
    return Object.fromEntries(this.#chosen);
  }

  /** What an option was set to by {@linkcode set}. */
  chosen(name: string): OptionValue | undefined {
    return this.#chosen.get(name);
  }

  /**
   * Throws an {@linkcode OptionError}, with the nearest name, where there is no encoding option of this name.
   */
  requireKnown(name: string): void {
    if (this.has(name)) return;
    throw new OptionError(
      `Cannot set ${this.#kind} option ${shown(name)}: ${this.#owner} has no such option`,
      {
        code: "OPTION_NOT_FOUND",
        operation: `set ${this.#kind} option ${name}`,
        hint: didYouMean(name, this.names()),
      },
    );
  }

  /**
   * Sets a field of the context by its option name, even where libav does not list it as an encoding option.
   */
  setField(name: string, value: OptionValue): void {
    const text = optionText(value);
    const result = this.#native.avutil.av_opt_set(this.#object, cString(name), cString(text), searchChildren);
    if (result >= 0) return;
    throw new OptionError(
      `Cannot set ${this.#kind} option ${name} of ${this.#owner} to ${shown(text)}: ${
        errorText(this.#native, result)
      }`,
      { code: codeName(result), operation: `set ${this.#kind} option ${name}`, hint: this.#describe(name) },
    );
  }

  /** The value of an option that holds an integer. */
  integer(name: string): bigint {
    const value = new BigInt64Array(1);
    const result = this.#native.avutil.av_opt_get_int(this.#object, cString(name), searchChildren, value);
    if (result >= 0) return value[0]!;
    throw new AvError(`Cannot read ${this.#kind} option ${name}: ${errorText(this.#native, result)}`, {
      code: codeName(result),
      operation: `read ${this.#kind} option ${name}`,
    });
  }

  /**
   * Throws an {@linkcode OptionError} where one option, which may not be more than another, is: libav ends
   * the process there.
   */
  requireOrdered(least: string, most: string): void {
    if (!this.has(least) || !this.has(most)) return;
    const [from, to] = [this.integer(least), this.integer(most)];
    if (from <= to) return;
    throw new OptionError(
      `Cannot set ${this.#kind} options ${least} and ${most} of ${this.#owner}: ${least} is ${from}, and ${most} only ${to}`,
      {
        code: "OPTION_ORDER",
        operation: `set ${this.#kind} options ${least} and ${most}`,
        hint: `Use a ${least} of at most ${to}, or a ${most} of at least ${from}`,
      },
    );
  }

  /**
   * Throws an {@linkcode OptionError} where an option is more than libav can bear, which it does not check.
   */
  requireAtMost(name: string, most: number): void {
    if (!this.has(name)) return;
    const value = this.integer(name);
    if (value <= most) return;
    throw new OptionError(
      `Cannot set ${this.#kind} option ${name} of ${this.#owner} to ${value}: it would end the process above ${most}`,
      { code: "EINVAL", operation: `set ${this.#kind} option ${name}`, hint: `Use ${most} at most` },
    );
  }

  /** The names of all encoding options. */
  names(): string[] {
    const names: string[] = [];
    for (const option of this.#all()) {
      // Named constants are in the same list, but have no offset.
      if (this.#isForWriting(option)) names.push(this.#text(option, "name"));
    }
    return names;
  }

  #find(name: string): Address {
    const key = cString(name);
    for (const part of this.#parts) {
      const option = this.#native.avutil.av_opt_find(part, key, null, 0, 0);
      if (option !== NULL && this.#isForWriting(option)) return option;
    }
    return NULL;
  }

  *#all(): Generator<Address> {
    for (const part of this.#parts) {
      let option: Address = NULL;
      while ((option = this.#native.avutil.av_opt_next(part, option)) !== NULL) yield option;
    }
  }

  #isForWriting(option: Address): boolean {
    const { fields } = this.#native;
    const flags = fields.get(option, "AVOption", "flags");
    return fields.get(option, "AVOption", "offset") > 0 && (flags & encodingOption) !== 0;
  }

  #text(option: Address, field: "name" | "help" | "unit"): string {
    return this.#native.memory.text(this.#native.fields.get(option, "AVOption", field)) ?? "";
  }

  /** What an option takes: its help, range and named values. */
  #describe(name: string): string | null {
    const option = this.#find(name);
    if (option === NULL) return null;
    const { fields } = this.#native;
    const parts: string[] = [];
    const choices = this.#choices(option);
    const min = fields.get(option, "AVOption", "min");
    const max = fields.get(option, "AVOption", "max");
    if (choices.length > 0) parts.push(`one of ${choices.join(", ")}`);
    const range = max > min ? rangeText(min, max) : "";
    if (range !== "") parts.push(`${choices.length > 0 ? "or " : ""}a value ${range}`);
    const help = this.#text(option, "help");
    const takes = parts.length > 0 ? `${name} takes ${parts.join(" ")}` : "";
    return [takes, help && `${name}: ${help}`].filter((part) => part !== "").join("; ") || null;
  }

  #choices(option: Address): string[] {
    const unit = this.#text(option, "unit");
    if (unit === "") return [];
    const choices: string[] = [];
    for (const other of this.#all()) {
      const isConstant = this.#native.fields.get(other, "AVOption", "offset") === 0;
      if (isConstant && this.#text(other, "unit") === unit) choices.push(this.#text(other, "name"));
    }
    return choices.length > maxListedChoices ? [...choices.slice(0, maxListedChoices), "..."] : choices;
  }
}
