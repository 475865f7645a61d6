/**
 * How the segments of an encode are cut and packaged, from the options.
 *
 * @module
 */
import type { FragmentCuts } from "../../file/fragments.ts";
import type { Rational } from "../../libav/rational.ts";
import type { PackagerOptions } from "../packaging/packager.ts";
import type { WriterOptions } from "../writer_options.ts";
import type { CheckedAdaptive } from "./adaptive_options.ts";

/** A plan. */
export interface SegmentsPlan {
  /** Where fragments of the encode end. */
  readonly cuts: FragmentCuts;
  /** How segments are made of them. */
  readonly packaging: Omit<PackagerOptions, "format" | "manifest" | "frameRate" | "videoBits" | "earlier">;
  /** The time on the wall of second 0, where the first frame is at a time in seconds, and comes now. */
  readonly startMs: (seconds: number) => number;
}

/** The plan of options that were checked; whether frames come at the frame rate exactly. */
export function planSegments(
  { segmentSeconds, windowSegments, partSeconds: given, startMs }: CheckedAdaptive,
  frameRate: Rational,
  isEven: boolean,
): SegmentsPlan {
  const partSeconds = wholeFrames(given, frameRate);
  const longestPartSeconds = partSeconds === null || isEven ? partSeconds : withRoom(partSeconds, frameRate);
  const cuts = { segmentSeconds, partSeconds, longestPartSeconds, frameRate };
  return {
    cuts,
    packaging: {
      ...{ cuts, windowSegments },
      moreSeconds: moreThan(segmentSeconds, frameRate),
      tellsDate: startMs !== null || windowSegments !== null || partSeconds !== null,
    },
    startMs: (seconds) => (startMs ?? Date.now()) - seconds * 1000,
  };
}

/** Whether frames of an encode come at its frame rate exactly. */
export function areEven({ timing = "constant", filter }: Pick<WriterOptions, "timing" | "filter">): boolean {
  return timing === "constant" && filter === undefined;
}

/** The shortest that a part may be beside the longest (RFC 8216bis, 4.4.4.9). */
const shortestPart = 0.85;

/** The longest part where frames come unevenly: one frame more, as long as parts of this length may be. */
function withRoom(partSeconds: number, { num, den }: Rational): number {
  return Math.min(partSeconds + den / num, partSeconds / shortestPart);
}

/** The bits per second that an encoder is told; `null`: none. */
export function bitsOf(
  { maxBitrate, bitrate }: { readonly maxBitrate?: number; readonly bitrate?: number },
): number | null {
  return maxBitrate ?? bitrate ?? null;
}

/** The length of a part: whole frames, one at least. */
function wholeFrames(partSeconds: number | null, { num, den }: Rational): number | null {
  return partSeconds === null ? null : Math.max(1, Math.round(partSeconds * num / den)) * den / num;
}

/** A packet of audio is no longer, in seconds. */
const audioSeconds = 0.1;

/** By how much segments are longer that have whole frames, and whole packets of audio. */
function moreThan(segmentSeconds: number, { num, den }: Rational): number {
  const frames = segmentSeconds * num / den;
  return (Math.ceil(frames - 1e-6) - frames) * den / num + audioSeconds;
}
