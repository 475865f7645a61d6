/**
 * When sound is heard, as users say it.
 *
 * @module
 */
import { shown } from "../shown.ts";
import { maxSeconds } from "./frame_clock.ts";

/** When a piece of sound is heard. */
export interface AudioTiming {
  /** Seconds on the clock of the video; default: where the piece before ends. */
  timestamp?: number;
}

/** Checks a timing; `null` where it does not say when. Throws a `TypeError` or `RangeError` where it is none. */
export function checkAudioTiming(timing: AudioTiming = {}): number | null {
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
  if (timestamp >= 0 && timestamp <= maxSeconds) return timestamp;
  throw new RangeError(
    `Cannot write the samples: their timestamp is ${timestamp}, but must be from 0 to ${maxSeconds}`,
  );
}
