/**
 * What makes the files of one encoder joinable, whichever machine each is from.
 *
 * @module
 */
import type { EncoderInfo } from "../libav/encoder.ts";
import type { EncoderRequest, NamedOption } from "./encoder_request.ts";

/** x264 encodes otherwise with another number of threads, which is by default that of the machine. */
const x264: readonly NamedOption[] = [["threads", 4]];

/** The options of a chunk, by encoder. */
const options: Readonly<Record<string, readonly NamedOption[]>> = {
  libx264: x264,
  libx264rgb: x264,
  // It begins groups with frames that refer to the one before, and has the processor's features and all of
  // its settings among its headers.
  libx265: [["x265-params", "open-gop=0:info=0"]],
};

/** The options of an encoder that makes a part of a video; none for a whole one. */
export function chunkOptions({ name }: EncoderInfo, { chunk }: EncoderRequest): readonly NamedOption[] {
  return chunk !== undefined && Object.hasOwn(options, name) ? options[name]! : [];
}
