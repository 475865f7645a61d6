/**
 * The checks of the options of segments.
 *
 * @module
 */
import { unknownLetter } from "../engine/segments/segment_name.ts";
import type { SegmentOptions } from "../engine/segments/segment_options.ts";
import { type Check, checkOptionTable, flag, object, oneOf, refuseOption, text } from "../option_checks.ts";
import type { WriterOptions } from "./writer_options.ts";

const positive: Check = (value) =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? null : "a number of seconds above 0";
const notNegative: Check = (value) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? null : "a number of seconds from 0";
const bytes: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? null : "a whole number of bytes above 0";

const checks: { readonly [Name in keyof Required<SegmentOptions>]: Check } = {
  name: (value) => text(value) ?? checkName(value as string),
  seconds: positive,
  bytes,
  align: oneOf("clock", "start"),
  keep: object("an object such as { seconds: 86400 }"),
  newSize: flag,
  preRollSeconds: notNegative,
};

const limitChecks = { seconds: positive, bytes, freeBytes: bytes } as const;

/** Options of one file only. */
const excluded = ["subtitles", "chapters", "passes", "targetBytes", "chunk", "fallback"] as const;

/** Options of one size of frames only. */
const oneSize = ["width", "height", "resize", "filter"] as const;

/** Throws a `TypeError` where segments are not what they must be, or do not go with other options. */
export function checkSegments(given: SegmentOptions, options: WriterOptions): SegmentOptions {
  const segments = checkOptionTable(given, checks, "segments.");
  const { name, seconds, bytes, align, newSize, preRollSeconds, keep } = segments;
  if (name === undefined) refuseOption("segments.name", name, text(name)!);
  if (seconds === undefined && bytes === undefined && preRollSeconds === undefined) {
    throw new TypeError(
      "Cannot use the option segments without seconds, bytes or preRollSeconds: add one of them",
    );
  }
  if (align !== undefined && seconds === undefined) {
    throw new TypeError("Cannot use the option segments.align without segments.seconds: add it");
  }
  for (const other of newSize === true ? oneSize : []) {
    if (options[other] === undefined) continue;
    throw new TypeError(
      `Cannot use the options segments.newSize and ${other} together: ${other} is for frames of one size; leave one of them out`,
    );
  }
  for (const other of excluded) {
    if (options[other] === undefined) continue;
    throw new TypeError(
      `Cannot use the options segments and ${other} together: ${other} is for one file; leave one of them out`,
    );
  }
  if (options.metadata?.["timecode"] !== undefined) {
    throw new TypeError(
      "Cannot use the options segments and metadata.timecode together: each segment would begin with it; leave it out",
    );
  }
  return {
    ...segments,
    ...(keep === undefined ? {} : { keep: checkOptionTable(keep, limitChecks, "segments.keep.") }),
  };
}

function checkName(name: string): string | null {
  const unknown = unknownLetter(name);
  if (unknown !== null) return `a name whose % stand before Y, m, d, H, M, S, f, s or %, not ${unknown}`;
  const isInside = !/^[/\\]|^[A-Za-z]:/.test(name) &&
    name.split(/[/\\]/).every((part) => !/^\.{0,2}$/.test(part));
  return isInside ? null : 'a name in the folder of the writer, such as "%Y-%m-%d/%H-%M-%S.mp4"';
}
