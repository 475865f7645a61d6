/**
 * When frames are shown: what programs say of it, and what becomes of that.
 *
 * @module
 */
import type { Rational } from "../libav/rational.ts";

/** How frames get their times: frame n at n/fps, at the timestamps given, or when `write` was called. */
export type Timing = "constant" | "timestamps" | "wallclock";

/** How one frame is to be written. */
export interface FrameOptions {
  /** When the frame is shown, in seconds from 0; needed with `timing: "timestamps"`, and only then. Later than the last frame's. */
  timestamp?: number;
  /** How long the frame is shown, in seconds, where none comes after it; default: 1/fps. With `timing: "timestamps"` only. */
  duration?: number;
  /** The frame becomes a key frame, where the codec has them. Default `false`. */
  keyFrame?: boolean;
  /**
   * When the picture was taken, a value of `performance.now()`; default: when `write` is called. With `timing: "wallclock"` only, for
   * programs that queue frames themselves. Later than the last frame's.
   */
  capturedAt?: number;
}

/** What timestamps count from: 0, or the first one that the writer is given. */
export type TimestampOrigin = "zero" | "first";

/** A frame's place in time. */
export interface FrameStamp {
  /** When it is shown, in ticks of the clock. */
  readonly ticks: bigint;
  /** The same in seconds. */
  readonly seconds: number;
  /** The timestamp that the caller gave, in seconds; `null` where there was none. */
  readonly timestamp: number | null;
  /** How long, in ticks, where no frame follows; `null`: as long as a frame of the nominal rate. */
  readonly duration: bigint | null;
  /** Whether it must be a key frame. */
  readonly keyFrame: boolean;
}
/** A year: far more than any recording, and exact in a double's ticks. */
export const maxSeconds = 366 * 24 * 3600;

/** Ticks of a frame at a rate: at least one. */
export function ticksPerFrame(frameRate: Rational, timeBase: Rational): bigint {
  return BigInt(Math.max(1, Math.round(frameRate.den * timeBase.den / (frameRate.num * timeBase.num))));
}
