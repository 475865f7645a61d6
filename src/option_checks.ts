/**
 * Checks of options: what each must be, said in one way.
 *
 * @module
 */
import { didYouMean } from "./nearest.ts";
import { knownElsewhere } from "./other_names.ts";
import { fieldsOf } from "./plain_copy.ts";
import { shown } from "./shown.ts";

/** Returns what an option must be, where the value is not valid; otherwise `null`. */
export type Check = (value: unknown) => string | null;

/** One of these strings. */
export const oneOf = (...choices: readonly string[]): Check => (value) =>
  choices.includes(value as string)
    ? null
    : `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`;
/** A string that C can take. */
export const text: Check = (value) =>
  typeof value === "string" && value !== "" && !value.includes("\0")
    ? null
    : "a non-empty string without NUL characters";
/** Where the module of avwriter's threads is. */
export const moduleAddress: Check = (value) =>
  value instanceof URL || typeof value === "string" && URL.canParse(value)
    ? null
    : 'an absolute address, such as new URL("./avwriter_worker.js", import.meta.url)';
/** A boolean. */
export const flag: Check = (value) => typeof value === "boolean" ? null : "true or false";
/** A language of ISO 639-2. */
export const language: Check = (value) =>
  typeof value === "string" && /^[a-z]{3}$/.test(value) ? null : 'three letters, such as "eng"';
/** Bits per second. `examples` are strings for the message. */
export const bits = (examples: string): Check => (value) =>
  parseBits(value) !== null ? null : `bits per second above 0: a number, or a string such as ${examples}`;
/** An object. `expected` describes it in the message. */
export const object = (expected: string): Check => (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? null : expected;
/** AVOptions by name. {@linkcode checkOptionTable} checks the values too. */
export const record: Check = object("an object of strings, numbers and booleans");

/** An object without its `undefined` fields: an option that is `undefined` counts as left out. */
export function withoutUndefined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

const multipliers: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/** Bits per second as a number; `null` where a value is not valid. */
export function parseBits(value: unknown): number | null {
  let number = NaN;
  if (typeof value === "number") number = value;
  else if (typeof value === "string") {
    const parts = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(value);
    if (parts !== null) number = Number(parts[1]) * multipliers[parts[2]!.toLowerCase()]!;
  }
  return Number.isFinite(number) && number > 0 ? Math.round(number) : null;
}

/** Throws a `TypeError` that names an option and what it must be. */
export function refuseOption(name: string, value: unknown, expected: string): never {
  throw new TypeError(`Cannot use the option ${name}: it is ${shown(value)}, but must be ${expected}`);
}

/**
 * Throws a `TypeError` for an option that is not in a table, or not what the table requires. `prefix` is
 * prepended to each name. Returns a copy: each option is read once.
 */
export function checkOptionTable<Options extends object>(
  options: Options,
  checks: Readonly<Record<string, Check>>,
  prefix = "",
): Options {
  const copy = fieldsOf(options, Object.keys(checks));
  for (const [key, value] of Object.entries(copy)) {
    const name = `${prefix}${key}`;
    const check = Object.hasOwn(checks, key) ? checks[key]! : null;
    if (check === null) {
      const known = Object.keys(checks);
      const question = knownElsewhere(key, prefix, known) ?? didYouMean(key, known);
      throw new TypeError(
        `Cannot use the option ${prefix === "" ? shown(name) : name}: there is no such option${
          question === null ? "" : `. ${question}`
        }`,
      );
    }
    if (value === undefined) continue;
    const expected = check(value);
    if (expected !== null) refuseOption(name, value, expected);
    if (check === record) copy[key] = checkRecord(name, value as object);
  }
  return copy as Options;
}

function checkRecord(name: string, given: object): Record<string, unknown> {
  const options = fieldsOf(given, []);
  for (const [key, value] of Object.entries(options)) {
    const isUsable = typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)) ||
      (typeof value === "string" && !value.includes("\0"));
    if (key.includes("\0")) refuseOption(name, options, "an object whose keys have no NUL characters");
    if (isUsable) continue;
    refuseOption(
      `${name}.${key}`,
      value,
      "one of strings, numbers and booleans, without NUL characters, NaN or infinity",
    );
  }
  return options;
}

/** Throws a `TypeError` unless options are an object. */
export function requireOptions(options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  const kind = Array.isArray(options) ? "an array" : options === null ? "null" : `a ${typeof options}`;
  throw new TypeError(`Cannot use options that are ${kind}: give an object`);
}
