/**
 * Values of any kind as error messages show them.
 *
 * @module
 */

/** The longest string that a message quotes completely. */
const maxShown = 200;

/** A value for a message: strings quoted, objects as JSON where possible. Never throws. */
export function shown(value: unknown): string {
  if (typeof value === "string") return clipped(JSON.stringify(value));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return clipped(JSON.stringify(value) ?? kindOf(value));
  } catch {
    // A circular structure, a bigint or a getter that throws.
    return kindOf(value);
  }
}

/** The kind of an object: `"an array"`, `"a Map"`. */
export function kindOf(value: object): string {
  if (Array.isArray(value)) return "an array";
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== "string" || name === "" || name === "Object") return "an object";
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

function clipped(text: string): string {
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}...`;
}
