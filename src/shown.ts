/**
 * Values of any kind as error messages show them.
 *
 * @module
 */

/** The longest text that a message quotes whole. */
const maxShown = 200;

/** A value as a message shows it: texts quoted, objects as JSON where they have such a form, and never an error of its own. */
export function shown(value: unknown): string {
  if (typeof value === "string") return clipped(JSON.stringify(value));
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return clipped(JSON.stringify(value) ?? kindOf(value));
  } catch {
    // A circle, a bigint or a getter that throws.
    return kindOf(value);
  }
}

/** What kind of thing an object is: `"an array"`, `"a Map"`. */
export function kindOf(value: object): string {
  if (Array.isArray(value)) return "an array";
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== "string" || name === "" || name === "Object") return "an object";
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

function clipped(text: string): string {
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}...`;
}
