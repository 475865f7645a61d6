/**
 * Values that JSON has no form for.
 *
 * @module
 */
import type { Special, Value } from "./case_types.ts";

function circle(): unknown {
  const object: Record<string, unknown> = {};
  object["self"] = object;
  return object;
}

const makers: Readonly<Record<Special, () => unknown>> = {
  "undefined": () => undefined,
  "NaN": () => NaN,
  "Infinity": () => Infinity,
  "-Infinity": () => -Infinity,
  "function": () => () => 1,
  "symbol": () => Symbol("fuzz"),
  "bigint": () => 25n,
  "Map": () => new Map([["width", 16]]),
  "circle": circle,
  "thrower": () => () => {
    throw new Error("the caller's own");
  },
};

/** All of them. */
export const specials: readonly Special[] = Object.keys(makers) as Special[];

/** The JavaScript value that a value of a case stands for. */
export function revive(value: Value): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(revive);
  const { $: special } = value as { $?: Special };
  if (special !== undefined) return makers[special]();
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, revive(part as Value)]));
}
