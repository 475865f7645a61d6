/**
 * When frames are shown: what programs say of it, and what becomes of that.
 *
 * @module
 */
import type { Rational } from "../libav/rational.ts";
import { fieldOf, fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";

/**
 * How frames get their times: frame n at n/fps, at given timestamps, or at the time of the call of `write`.
 */
export type Timing = "constant" | "timestamps" | "wallclock";

/**
 * What becomes of a frame for which the encoder has no room: its `write` waits, or it is dropped and counted.
 */
export type LatePolicy = "block" | "drop";

/** Options of one frame. */
export interface FrameOptions {
  /**
   * Presentation time in seconds, from 0, later than the last frame's. Required with `timing: "timestamps"`,
   * and not allowed otherwise.
   */
  timestamp?: number;
  /** Duration in seconds, used if no frame follows. Default: 1/fps. With `timing: "timestamps"` only. */
  duration?: number;
  /** Makes the frame a key frame, where the codec has them. Default: `false`. */
  keyFrame?: boolean;
  /**
   * When the picture was taken, a value of `performance.now()`; default: when `write` is called. With
   * `timing: "wallclock"` only, for programs that queue frames themselves. Later than the last frame's.
   */
  capturedAt?: number;
}

const frameOptionNames = ["timestamp", "duration", "keyFrame", "capturedAt"] as const;

/**
 * Reads the options of a frame, each once. Throws a `TypeError` where they are none, or have other fields.
 */
export function readFrameOptions(options: FrameOptions = {}): FrameOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(
      `Cannot write the frame: its options are ${
        shown(options)
      }, but must be { timestamp, duration, keyFrame, capturedAt }`,
    );
  }
  const fields = fieldsOf(options, frameOptionNames);
  for (const name of Object.keys(fields)) {
    if ((frameOptionNames as readonly string[]).includes(name)) continue;
    throw new TypeError(
      `Cannot write the frame: its options have no ${shown(name)}, only ${frameOptionNames.join(", ")}`,
    );
  }
  return fields;
}

/** A frame that says when it is shown, as those of sources do. */
export interface TimedPicture {
  readonly timestamp: number;
  readonly duration: number | null;
}

/** Whether a frame is one of a source. */
export function isTimedPicture(frame: unknown): frame is TimedPicture {
  const isObject = typeof frame === "object" && frame !== null;
  return isObject && typeof fieldOf(frame, "timestamp") === "number" &&
    typeof fieldOf(frame, "isDiscontinuous") === "boolean";
}

/** The options with which a source's frame is written. */
export function frameTimes({ timestamp, duration }: TimedPicture, timing: Timing): FrameOptions {
  if (timing !== "timestamps") return {};
  return duration === null ? { timestamp } : { timestamp, duration };
}

/** What timestamps count from: 0, or the first one that the writer is given. */
export type TimestampOrigin = "zero" | "first";

/** The time of a frame. */
export interface FrameStamp {
  /** The presentation time, in ticks of the clock. */
  readonly ticks: bigint;
  /** The same in seconds. */
  readonly seconds: number;
  /** The timestamp that the caller gave, in seconds; `null` where there was none. */
  readonly timestamp: number | null;
  /** The duration in ticks if no frame follows; `null`: that of the nominal rate. */
  readonly duration: bigint | null;
  /** Whether it must be a key frame. */
  readonly keyFrame: boolean;
}
/** A year: longer than any recording, and still exact as a double. */
export const maxSeconds = 366 * 24 * 3600;

/** Ticks of a frame at a rate, at least one. */
export function ticksPerFrame(frameRate: Rational, timeBase: Rational): bigint {
  return BigInt(Math.max(1, Math.round(frameRate.den * timeBase.den / (frameRate.num * timeBase.num))));
}

/** Other clocks than `performance.now()`, converted to it, may be ahead of it by so much. Milliseconds. */
const clockToleranceMs = 1000;
/** What to do about timestamps that count from 1970. */
const originHint = '; the option timestampOrigin "first" counts from the first one';

/** Throws a `RangeError` that says why a frame is not written. */
export function refuseFrame(message: string): never {
  throw new RangeError(`Cannot write the frame: ${message}`);
}

/** Throws unless a value is a number of seconds from `least` to `most`; where `least` is not 0, above 0. */
export function requireSeconds(name: string, value: unknown, least: number, most: number): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot write the frame: its ${name} is ${shown(value)}, but must be a number of seconds`,
    );
  }
  if (Number.isFinite(value) && value >= least && value <= most) return;
  refuseFrame(
    `its ${name} is ${value}, but must be a number of seconds ${
      least === 0 ? "from 0" : "above 0"
    }, at most ${most}${most === maxSeconds && value > most ? originHint : ""}`,
  );
}

/** Throws unless a value is a moment of `performance.now()` up to now. */
export function requireMoment(capturedAt: unknown, nowMs: number): void {
  if (typeof capturedAt !== "number") {
    throw new TypeError(
      `Cannot write the frame: its capturedAt is ${
        shown(capturedAt)
      }, but must be a value of performance.now()`,
    );
  }
  if (Number.isFinite(capturedAt) && capturedAt <= nowMs + clockToleranceMs) return;
  refuseFrame(
    `its capturedAt is ${capturedAt}, but must be a value of performance.now() up to now (${nowMs})`,
  );
}
