/**
 * What of a source is copied, and how much.
 *
 * @module
 */
import { type Check, checkOptionTable, flag, object } from "../../option_checks.ts";
import { shown } from "../../shown.ts";

/**
 * Options of `writer.copyFrom`. Every one may be left out.
 *
 * @example
 * ```ts
 * import type { CopyOptions } from "@avwriter/avwriter";
 *
 * const options: CopyOptions = { audio: [1], subtitles: false, seconds: 10 };
 * ```
 */
export interface CopyOptions {
  /** Whether frames are copied. Default: `true`. */
  video?: boolean;
  /** Which audio tracks, by their numbers: the first one goes into the writer's track 0. Default: all. */
  audio?: boolean | readonly number[];
  /** Which subtitle tracks, as for audio. Default: all. */
  subtitles?: boolean | readonly number[];
  /** Whether chapters are copied. Default: where the writer has no frame yet, and no `chapters` itself. */
  chapters?: boolean;
  /** Whether tags are copied. Default: where the writer has no frame yet, and no `metadata` itself. */
  metadata?: boolean;
  /** How much of the source is copied, in seconds. Default: all. */
  seconds?: number;
  /** Stops: `copyFrom` rejects with the signal's reason. The writer goes on. */
  signal?: AbortSignal;
}

const isObject = object("an object of options");
const tracks: Check = (value) => {
  const isList = Array.isArray(value) && new Set(value).size === value.length &&
    value.every((track) => Number.isInteger(track) && track >= 0);
  return typeof value === "boolean" || isList ? null : "true, false, or a list of numbers of tracks";
};

const checks: Readonly<Record<keyof CopyOptions, Check>> = {
  ...{ video: flag, audio: tracks, subtitles: tracks, chapters: flag, metadata: flag },
  seconds: (value) => typeof value === "number" && value > 0 ? null : "a number of seconds above 0",
  signal: (value) => value instanceof AbortSignal ? null : "an AbortSignal",
};

/** Throws a `TypeError` for an option that is unknown or wrong. Returns a copy. */
export function checkCopyOptions(options: CopyOptions = {}): CopyOptions {
  const expected = isObject(options);
  if (expected !== null) throw new TypeError(`Cannot copy with ${shown(options)}: give ${expected}`);
  return checkOptionTable(options, checks);
}
