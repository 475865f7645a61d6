/**
 * What makes the files of one encoder joinable, whichever machine each is from.
 *
 * @module
 */
import type { EncoderInfo } from "../libav/encoder.ts";
import type { EncoderRequest, NamedOption } from "./encoder_request.ts";

/** x264 and x265 encode otherwise with another number of threads, which is by default that of the machine. */
const threads = 4;

/**
 * x265 begins groups with frames that refer to the one before, and has the processor's features and all of
 * its settings among its headers.
 */
const x265 = "open-gop=0:info=0";

/** The options of an encoder that makes a part of a video; none for a whole one. */
export function chunkOptions({ name }: EncoderInfo, { chunk }: EncoderRequest): NamedOption[] {
  if (chunk === undefined) return [];
  return name === "libx265" ? [["threads", threads], ["x265-params", x265]] : [["threads", threads]];
}
