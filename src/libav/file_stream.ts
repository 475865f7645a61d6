/**
 * Streams that are a file each: pictures and other files that go along with a video.
 *
 * @module
 */
import { type Address, type Native, NULL } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText, outOfMemory } from "./failure.ts";
import { mediaTypes } from "./media_types.ts";

/** AV_CODEC_ID_*, libavcodec/codec_id.h. */
const codecIds = { mjpeg: 7, png: 61 } as const;
/** AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h: readers may read so far beyond the end. */
const inputPadding = 64;

/** AV_DISPOSITION_ATTACHED_PIC, libavformat/avformat.h: the stream is a picture of the file, as a cover is, and no video. */
export const attachedPicture = 0x400;

/** What a container is told of a picture. */
export interface PictureInfo {
  /** libavcodec's name of its codec. */
  readonly codec: keyof typeof codecIds;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The number of its pixel format. */
  readonly format: number;
}

/** Fills the AVCodecParameters of a stream that is a picture. */
export function describePicture({ fields }: Native, parameters: Address, picture: PictureInfo): void {
  const { codec, width, height, format } = picture;
  fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypes.video);
  fields.set(parameters, "AVCodecParameters", "codec_id", codecIds[codec]);
  fields.set(parameters, "AVCodecParameters", "width", width);
  fields.set(parameters, "AVCodecParameters", "height", height);
  fields.set(parameters, "AVCodecParameters", "format", format);
}

/** Fills the AVCodecParameters of a stream that is an attached file. */
export function describeAttachment(native: Native, parameters: Address, bytes: Uint8Array): void {
  native.fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypes.attachment);
  native.memory.write(setHeaders(native, parameters, bytes.length), bytes);
}

/** Gives an AVCodecParameters memory for headers of so many bytes, all zero, in place of those that it has; returns where it is. */
export function setHeaders(native: Native, parameters: Address, bytes: number): Address {
  const { avutil, fields } = native;
  const headers = avutil.av_mallocz(BigInt(bytes + inputPadding));
  if (headers === NULL) {
    throw new AvError(errorText(native, outOfMemory), {
      code: codeName(outOfMemory),
      operation: "describe a stream",
    });
  }
  avutil.av_free(fields.get(parameters, "AVCodecParameters", "extradata"));
  fields.set(parameters, "AVCodecParameters", "extradata", headers);
  fields.set(parameters, "AVCodecParameters", "extradata_size", bytes);
  return headers;
}
