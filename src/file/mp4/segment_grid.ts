/**
 * Where segments begin: at key frames, so many seconds apart.
 *
 * @module
 */

import type { Rational } from "../../libav/rational.ts";

/** Containers round times, by this at most, in seconds. */
const roundingSeconds = 0.0005;
/** A segment may begin with the frame before its time where that is nearer, in frames. */
const earlyFrames = 0.4;

/** Where segments are planned to begin. */
export interface GridPlan {
  /** How long they are, in seconds. */
  readonly segmentSeconds: number;
  /** Frames per second. */
  readonly frameRate: Rational;
}

/** The planned beginnings of segments, counted from the first frame. Times come in their order. */
export class SegmentGrid {
  readonly #seconds: number;
  readonly #early: number;
  #origin: number | null = null;
  #next = 0;

  /** For a plan. With `isRounded`, times are those of a container. */
  constructor({ segmentSeconds, frameRate: { num, den } }: GridPlan, isRounded: boolean) {
    this.#seconds = segmentSeconds;
    this.#early = Math.min(den / num, segmentSeconds) * earlyFrames + (isRounded ? roundingSeconds : 0);
  }

  /** Whether a segment begins with a frame at this time. */
  begins(seconds: number): boolean {
    this.#origin ??= seconds;
    if (!this.isDue(seconds)) return false;
    this.#next = (Math.floor(this.#passed(seconds) / this.#seconds) + 1) * this.#seconds;
    return true;
  }

  /** Whether a segment would begin with a key frame at this time. */
  isDue(seconds: number): boolean {
    return this.#passed(seconds) >= this.#next;
  }

  #passed(seconds: number): number {
    return seconds - (this.#origin ?? seconds) + this.#early;
  }
}
