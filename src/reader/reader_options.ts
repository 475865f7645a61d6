/**
 * Options of readers.
 *
 * @module
 */
import type { LogLevel } from "../libav/log.ts";
import { type Check, checkOptionTable, moduleAddress, object, oneOf, text } from "../option_checks.ts";
import { fieldsOf } from "../plain_copy.ts";
import { parseFrameRate } from "../video/frame_rate.ts";
import type { PixelFormat } from "../video/raw_frame.ts";
import type { ImageSequence } from "./image_sequence.ts";

/**
 * Options of {@linkcode createFileReader}.
 *
 * @example
 * ```ts
 * import type { ReaderOptions } from "@avwriter/avwriter";
 *
 * const options: ReaderOptions = { format: "rgba", queueSize: 8 };
 * ```
 */
export interface ReaderOptions {
  /**
   * The pixel format of the frames, by libavutil's name: `"rgba"`, `"yuv420p"`. They are converted as the
   * file's tags say. Default: the video's own.
   */
  format?: PixelFormat;
  /** Which of the video streams, counted from 0. Default: 0. */
  stream?: number;
  /** How many frames are decoded ahead. Default: 4. */
  queueSize?: number;
  /**
   * Reads images that are numbered as one video: the name in the path then has the place of the number, such
   * as `%04d.png`. Without this option a path is always one file.
   */
  imageSequence?: ImageSequence;
  /** What libav prints on stderr. Default: `"error"`. */
  logLevel?: LogLevel;
  /** Stops reading: the file is closed, and calls reject with the signal's reason. */
  signal?: AbortSignal;
  /** The folder of FFmpeg's libraries, as in {@linkcode WriterOptions}. */
  libraryPath?: string;
  /** The module that the thread runs, as in {@linkcode WriterOptions}. */
  workerUrl?: string | URL;
}

const wholeNumber = (what: string, from: number, to: number): Check => (value) =>
  Number.isInteger(value) && (value as number) >= from && (value as number) <= to
    ? null
    : `a whole number${what} from ${from} to ${to}`;

/** The checks of what files and networks have in common. */
export const readingChecks: {
  readonly [Name in Exclude<keyof ReaderOptions, "imageSequence">]-?: Check;
} = {
  format: text,
  stream: wholeNumber("", 0, 999),
  queueSize: wholeNumber(" of frames", 1, 64),
  logLevel: oneOf("quiet", "error", "warning", "info", "debug"),
  signal: (value) => (value instanceof AbortSignal ? null : "an AbortSignal"),
  libraryPath: text,
  workerUrl: moduleAddress,
};

const checks: { readonly [Name in keyof Required<ReaderOptions>]: Check } = {
  ...readingChecks,
  imageSequence: object("an object such as { frameRate: 25 }"),
};

const sequenceChecks: { readonly [Name in keyof Required<ImageSequence>]: Check } = {
  // Checked below.
  frameRate: () => null,
  start: wholeNumber("", 0, 2 ** 31 - 1),
};

/** Throws a `TypeError` or `RangeError` where options are not valid. Returns a copy of them. */
export function checkReaderOptions(given: ReaderOptions): ReaderOptions {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError('Cannot use options that are no object: give an object such as { format: "rgba" }');
  }
  const options = checkOptionTable(given, checks);
  if (options.imageSequence !== undefined) {
    const fields = fieldsOf(options.imageSequence, Object.keys(sequenceChecks)) as unknown as ImageSequence;
    options.imageSequence = checkOptionTable(fields, sequenceChecks, "imageSequence.");
    parseFrameRate(options.imageSequence.frameRate);
  }
  return options;
}
