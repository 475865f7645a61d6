/**
 * The arguments of a command line.
 *
 * @module
 */
import { didYouMean } from "../nearest.ts";

/** Somebody typed what there is not. */
export class UsageError extends Error {
  /** The class's name. */
  override name = "UsageError";
}

/** The options of a command: whether each has a value. */
export type OptionKinds = Readonly<Record<string, "flag" | "value">>;

/** Arguments, divided. */
export interface Parsed {
  /** The values of options; `true` for flags. */
  readonly options: ReadonlyMap<string, string | true>;
  /** All other arguments. */
  readonly rest: readonly string[];
}

/**
 * Divides arguments: `--name value`, `--name=value`, and `--` before arguments that are no options. With
 * `stopsAtFirst`, options come before all other arguments, and these may look like options.
 */
export function parseArguments(args: readonly string[], kinds: OptionKinds, stopsAtFirst = false): Parsed {
  const options = new Map<string, string | true>();
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--") return { options, rest: [...rest, ...args.slice(index + 1)] };
    if (!argument.startsWith("--") && (stopsAtFirst || !/^-./.test(argument))) {
      if (stopsAtFirst) return { options, rest: args.slice(index) };
      rest.push(argument);
      continue;
    }
    const [, name = argument, value] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const kind = Object.hasOwn(kinds, name) ? kinds[name]! : null;
    if (kind === null) throw new UsageError(unknown(argument, kinds));
    if (kind === "flag") {
      if (value !== undefined) throw new UsageError(`The option --${name} has no value`);
      options.set(name, true);
      continue;
    }
    const given = value ?? args[++index];
    if (given === undefined) throw new UsageError(`The option --${name} needs a value`);
    options.set(name, given);
  }
  return { options, rest };
}

function unknown(argument: string, kinds: OptionKinds): string {
  const question = didYouMean(argument.replace(/=.*/s, ""), Object.keys(kinds).map((name) => `--${name}`));
  return `There is no option ${argument}${question === null ? "" : `. ${question}`}`;
}

/** A number that an option has; `undefined` where it is not given. */
export function numberOption({ options }: Parsed, name: string): number | undefined {
  const value = options.get(name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value === true || value.trim() === "" || !Number.isFinite(number)) {
    throw new UsageError(`The option --${name} needs a number, not ${value}`);
  }
  return number;
}

/** A text that an option has; `undefined` where it is not given. */
export function textOption({ options }: Parsed, name: string): string | undefined {
  const value = options.get(name);
  return typeof value === "string" ? value : undefined;
}
