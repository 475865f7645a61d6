/**
 * Streams that are a file each: pictures and other files that go along with a video.
 *
 * @module
 */
import { type Address, cString, type Native, NULL } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { codeName, errorText, outOfMemory } from "../failure.ts";
import { mediaTypes } from "../media_types.ts";
import type { Rational } from "../rational.ts";
import type { StreamTags } from "./stream_tags.ts";

/** AV_CODEC_ID_*, libavcodec/codec_id.h. */
const codecIds = { mjpeg: 7, png: 61 } as const;
/** AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h: readers may read so far beyond the end. */
const inputPadding = 64;

/**
 * AV_DISPOSITION_ATTACHED_PIC, libavformat/avformat.h: the stream is an attached picture, such as a cover,
 * and no video.
 */
export const attachedPicture = 0x400;

/** An attached picture for a container. */
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

/** Fills the AVCodecParameters of an attached picture. */
export function describePicture({ fields }: Native, parameters: Address, picture: PictureInfo): void {
  const { codec, width, height, format } = picture;
  fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypes.video);
  fields.set(parameters, "AVCodecParameters", "codec_id", codecIds[codec]);
  fields.set(parameters, "AVCodecParameters", "width", width);
  fields.set(parameters, "AVCodecParameters", "height", height);
  fields.set(parameters, "AVCodecParameters", "format", format);
}

/** Fills the AVCodecParameters of an attached file. */
export function describeAttachment(native: Native, parameters: Address, bytes: Uint8Array): void {
  native.fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypes.attachment);
  native.memory.write(setHeaders(native, parameters, bytes.length), bytes);
}

/** Replaces the codec headers in an AVCodecParameters by zeroed memory of a size; returns its address. */
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

/** AV_DISPOSITION_*, libavformat/avformat.h. */
const dispositions = { default: 0x1, forced: 0x40 } as const;

/** Fills new AVCodecParameters for a subtitle codec and its headers. */
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

/** The disposition of a stream that players show by default, or even without a request for its type. */
export function subtitleDisposition(
  { isDefault, isForced }: { readonly isDefault: boolean; readonly isForced: boolean },
): number {
  return (isDefault ? dispositions.default : 0) | (isForced ? dispositions.forced : 0);
}

/** A stream to add to a container. */
export interface StreamRequest {
  /** Fills the stream's AVCodecParameters. */
  readonly describeInto: (parameters: Address) => void;
  /** The unit of the packets' timestamps; the container may choose another. */
  readonly timeBase: Rational;
  /** Frames per second, for containers that store it; `null` where it varies. */
  readonly frameRate: Rational | null;
  /** A four-character code for the container, as text or number; `null` for its default. */
  readonly tag: string | number | null;
  /** Further properties of the stream. */
  readonly tags?: StreamTags;
  /** Tags of the stream: `language`, `title`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** AV_DISPOSITION_* flags, libavformat/avformat.h. */
  readonly disposition?: number;
  /**
   * The bytes of an attached picture, such as a cover. They are the only packet of the stream, and written
   * with the header.
   */
  readonly picture?: Uint8Array;
}

/** A chapter, in seconds. */
export interface ChapterPlace {
  readonly title: string;
  readonly start: number;
  readonly end: number;
}

/** A four-character code as a number: MKTAG, libavutil/macros.h. */
export function packTag(tag: string): number {
  return (tag.charCodeAt(0) | (tag.charCodeAt(1) << 8) | (tag.charCodeAt(2) << 16) |
    (tag.charCodeAt(3) << 24)) >>> 0;
}
