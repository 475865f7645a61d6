/**
 * Streams of text whose packets are made without an encoder: what a container is told of them.
 *
 * @module
 */
import { type Address, cString, type Native, NULL } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText } from "./failure.ts";

/** AVMEDIA_TYPE_SUBTITLE, libavutil/avutil.h. */
const mediaTypeSubtitle = 3;
/** AVERROR(ENOMEM), errno.h. */
const outOfMemory = -12;
/** AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h: readers may read so far beyond the end. */
const inputPadding = 64;

/** Fills an AVCodecParameters, which is new, for a codec of subtitles and its headers. */
export function describeSubtitles(
  native: Native,
  parameters: Address,
  codec: string,
  headers: Uint8Array,
): void {
  const { avutil, fields, memory } = native;
  const descriptor = native.codecNames().avcodec_descriptor_get_by_name(cString(codec));
  fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypeSubtitle);
  fields.set(
    parameters,
    "AVCodecParameters",
    "codec_id",
    fields.get(descriptor, "AVCodecDescriptor", "id"),
  );
  if (headers.length === 0) return;
  const copy = avutil.av_mallocz(BigInt(headers.length + inputPadding));
  if (copy === NULL) {
    throw new AvError(errorText(native, outOfMemory), {
      code: codeName(outOfMemory),
      operation: "add a stream of subtitles",
    });
  }
  memory.write(copy, headers);
  // From here on, it is the stream's to free.
  fields.set(parameters, "AVCodecParameters", "extradata", copy);
  fields.set(parameters, "AVCodecParameters", "extradata_size", headers.length);
}
