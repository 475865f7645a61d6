/**
 * When samples are heard, as users say it.
 *
 * @module
 */
import { fieldsOf } from "../../plain_copy.ts";
import { shown } from "../../shown.ts";
import { maxSeconds } from "../../video/frame_timing.ts";

/** When a piece of audio is heard. */
export interface SamplesOptions {
  /** The start in seconds on the clock of the video. Default: the end of the previous samples. */
  timestamp?: number;
}

/**
 * Checks the options of samples; `null` where it does not say when. Throws a `TypeError` or `RangeError`
 * where it is none, or later than `most`.
 */
export function checkSamplesOptions(options: SamplesOptions = {}, most: number = maxSeconds): number | null {
  const fields = typeof options === "object" && options !== null ? fieldsOf(options, ["timestamp"]) : null;
  if (fields === null || Object.keys(fields).some((name) => name !== "timestamp")) {
    throw new TypeError(
      `Cannot write the samples: their options are ${shown(options)}, but must be { timestamp } in seconds`,
    );
  }
  const { timestamp } = fields;
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
