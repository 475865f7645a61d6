/**
 * When samples are heard, as users say it.
 *
 * @module
 */
import type { Samples } from "../libav/sound.ts";
import { shown } from "../shown.ts";
import { maxSeconds } from "./frame_clock.ts";

/** When a piece of audio is heard. */
export interface AudioTiming {
  /** Seconds on the clock of the video; default: where the piece before ends. */
  timestamp?: number;
}

/** Checks a timing; `null` where it does not say when. Throws a `TypeError` or `RangeError` where it is none, or later than `most`. */
export function checkAudioTiming(timing: AudioTiming = {}, most: number = maxSeconds): number | null {
  const other = typeof timing === "object" && timing !== null
    ? Object.keys(timing).find((name) => name !== "timestamp")
    : undefined;
  if (typeof timing !== "object" || timing === null || other !== undefined) {
    throw new TypeError(
      `Cannot write the samples: their timing is ${shown(timing)}, but must be { timestamp } in seconds`,
    );
  }
  const { timestamp } = timing;
  if (timestamp === undefined) return null;
  if (typeof timestamp !== "number") {
    throw new TypeError(
      `Cannot write the samples: their timestamp is ${shown(timestamp)}, but must be a number of seconds`,
    );
  }
  if (timestamp >= 0 && timestamp <= most) return timestamp;
  throw new RangeError(
    `Cannot write the samples: their timestamp is ${timestamp}, but must be from 0 to ${most}`,
  );
}

/** The longest gap that becomes silence, in seconds: a longer one is a timestamp in another unit. */
const longestGap = 3600;

/** Where the audio of each track ends. */
export class AudioEnds {
  readonly #ends = new Map<number, number>();

  /** Whether a track has samples. */
  has(track: number): boolean {
    return this.#ends.has(track);
  }

  /**
   * Notes a piece of a track, heard at a time in seconds or (`null`) where the one before ends. Throws a `RangeError`, and the piece counts
   * as not given, where it is so late that its time can't be meant: an hour after the audio before it, and after the video (`null`: it has
   * not begun, and may begin at any time).
   */
  add(track: number, { count, sampleRate }: Samples, seconds: number | null, videoEnd: number | null): void {
    const end = this.#ends.get(track);
    if (seconds !== null && (end !== undefined || videoEnd !== null)) {
      const before = Math.max(end ?? 0, videoEnd ?? 0);
      if (seconds - before > longestGap) {
        throw new RangeError(
          `Cannot write the samples: they begin at ${seconds} s, ${
            Math.round(seconds - before)
          } s after all that was written; timestamps count in seconds, and a gap has ${longestGap} at most`,
        );
      }
    }
    this.#ends.set(track, Math.max(end ?? 0, (seconds ?? end ?? 0) + count / sampleRate));
  }
}
