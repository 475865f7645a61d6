/**
 * The part of a file that is encoded, and how far that is.
 *
 * @module
 */
import type { Rational } from "../../libav/rational.ts";
import type { FrameStamp } from "../../video/frame_timing.ts";
import type { ReadRequest } from "../reading/reading_types.ts";

/** Containers round times by less than this, in seconds: Matroska to milliseconds. */
export const maxRounding = 0.001;

/** A part of a file, whose frames are decoded and encoded. */
export interface PartRequest {
  readonly source: ReadRequest;
  /** Where it begins and ends, in seconds. */
  readonly start: number;
  readonly end: number;
  /** The rate of the file's frames; `null` where they come unevenly. */
  readonly frameRate: Rational | null;
  /** How many frames a second are written where the new file has a constant rate and the old one has none. */
  readonly usualRate: number;
}

/** How far the work on a part is. */
export interface PartProgress {
  /** How many frames of the file are encoded. */
  readonly frames: number;
  /** From when on the last one is shown, in seconds from the beginning of the part. */
  readonly seconds: number;
}

/** What was made of a part. */
export interface PartSummary {
  readonly progress: PartProgress;
  /** How many frames were written, some of them more than once. */
  readonly written: number;
  /** When the last one is shown; `null` where there is none. */
  readonly last: FrameStamp | null;
}
