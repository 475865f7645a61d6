/**
 * How long an event is recorded.
 *
 * @module
 */
import type { SegmentOptions } from "../engine/segments/segment_options.ts";
import { type Check, checkOptionTable, requireOptions } from "../option_checks.ts";

/**
 * Options of `VideoWriter.recordEvent`.
 *
 * @example
 * ```ts
 * import type { EventOptions } from "@avwriter/avwriter";
 *
 * const options: EventOptions = { seconds: 5 };
 * ```
 */
export interface EventOptions {
  /** Records until so many seconds after the last frame that was written. Default: 10. */
  seconds?: number;
}

/** How long an event is recorded by default, in seconds. */
const defaultSeconds = 10;

const checks: { readonly [Name in keyof EventOptions]-?: Check } = {
  seconds: (value) =>
    typeof value === "number" && Number.isFinite(value) && value > 0 ? null : "a number of seconds above 0",
};

/** How many seconds an event is recorded. Throws a `TypeError` where the writer records none. */
export function checkEventOptions(given: EventOptions = {}, segments: SegmentOptions | undefined): number {
  requireOptions(given);
  const { seconds = defaultSeconds } = checkOptionTable(given, checks);
  if (segments?.preRollSeconds !== undefined) return seconds;
  throw new TypeError(
    "Cannot record an event: this writer was made without segments.preRollSeconds, which says how much is kept from before",
  );
}
