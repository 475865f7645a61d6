/**
 * Trials of encoders before frames are known. Data only.
 *
 * @module
 */
import type { Size } from "../size.ts";

/** Sizes for a trial before the first frame is known, in order: some old codecs support a few only. */
export const trialSizes: readonly Size[] = [
  { width: 640, height: 360 },
  { width: 1920, height: 1080 },
  { width: 352, height: 288 },
  { width: 720, height: 576 },
];

/** Codes of errors that no filter's output changes. */
export const certainCodes: ReadonlySet<string> = new Set([
  ...["ENCODER_NOT_FOUND", "CODEC_NOT_FOR_CONTAINER", "ASPECT_NOT_FOR_CONTAINER"],
  ...["HDR_NOT_FOR_CONTAINER", "ROTATION_NOT_FOR_CONTAINER"],
]);
