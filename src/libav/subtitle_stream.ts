/**
 * Streams of text whose packets are made without an encoder: what a container is told of them.
 *
 * @module
 */
import { type Address, cString, type Native } from "../../ffi/mod.ts";
import { setHeaders } from "./file_stream.ts";
import { mediaTypes } from "./media_types.ts";

/** AV_DISPOSITION_*, libavformat/avformat.h. */
const dispositions = { default: 0x1, forced: 0x40 } as const;

/** Fills an AVCodecParameters, which is new, for a codec of subtitles and its headers. */
export function describeSubtitles(
  native: Native,
  parameters: Address,
  codec: string,
  headers: Uint8Array,
): void {
  const { fields, memory } = native;
  const descriptor = native.codecNames().avcodec_descriptor_get_by_name(cString(codec));
  fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypes.subtitle);
  fields.set(
    parameters,
    "AVCodecParameters",
    "codec_id",
    fields.get(descriptor, "AVCodecDescriptor", "id"),
  );
  if (headers.length > 0) memory.write(setHeaders(native, parameters, headers.length), headers);
}

/** The flags of a stream that players choose unasked, or show even to those who want none of its type. */
export function subtitleDisposition(
  { isDefault, isForced }: { readonly isDefault: boolean; readonly isForced: boolean },
): number {
  return (isDefault ? dispositions.default : 0) | (isForced ? dispositions.forced : 0);
}
