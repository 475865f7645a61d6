/**
 * Fields that an object does not have: a misspelt one must not pass for one that is left out.
 *
 * @module
 */
import { didYouMean } from "./nearest.ts";
import { shown } from "./shown.ts";

/** What an object that programs give may have. */
export interface KnownFields {
  /** What it is, for messages: `"the samples"`. */
  readonly subject: string;
  /** The names of its fields. */
  readonly names: readonly string[];
  /** What fields of other programs' names are here. */
  readonly instead: Readonly<Record<string, string>>;
}

/** Throws a `TypeError` that names a field of an object's own that is unknown, and what to give instead. */
export function requireKnownFields(given: object, { subject, names, instead }: KnownFields): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const hint = Object.hasOwn(instead, unknown) ? instead[unknown]! : didYouMean(unknown, names);
  throw new TypeError(
    `Cannot write ${subject}: there is no field ${shown(unknown)}${hint === null ? "" : `. ${hint}`}`,
  );
}
