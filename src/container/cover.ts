/**
 * The picture that players and file managers show for a file.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { attachedPicture, describePicture, type StreamRequest } from "../libav/streams/stream_parameters.ts";
import { type EncodedImage, imageBytes } from "../video/images/encoded_image.ts";
import { ImageDecoder } from "../video/images/image_decoder.ts";
import { attachmentStream, maxAttachedBytes } from "./attachments.ts";

/** Whether a picture goes along when a recording is repaired. Matroska keeps it as an attached file. */
export function repairsCover({ name }: MuxerInfo): boolean {
  return ["matroska", "mp4", "ipod"].includes(name);
}

/** Containers of Xiph keep a cover as a comment of their first stream (https://wiki.xiph.org/VorbisComment). */
const commentContainers: readonly string[] = ["ogg", "oga", "ogv", "opus", "spx"];
/** The key of such a comment, which has a picture block of FLAC. */
const pictureKey = "METADATA_BLOCK_PICTURE";
/** The type of picture that players show (RFC 9639, 8.8). */
const frontCover = 3;

/** A cover that was decoded once: it is an image. */
export interface Cover {
  readonly bytes: Uint8Array;
  readonly kind: keyof typeof kinds;
  readonly width: number;
  readonly height: number;
  readonly format: PixelFormatInfo;
}

/** How a container takes a cover: as a stream of its own, or as a tag of the first stream. */
export interface PlacedCover {
  readonly streams: readonly StreamRequest[];
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * A copy of the bytes of a cover. Throws a `TypeError` or `RangeError` where it has none that could be one.
 */
export function checkCover({ image }: EncodedImage): Uint8Array {
  return withCoverErrors(() => {
    const bytes = imageBytes(image);
    if (bytes.length > maxAttachedBytes) {
      throw new RangeError(
        `Cannot use the cover: it has ${bytes.length} bytes, but may have ${maxAttachedBytes} at most`,
      );
    }
    return bytes.slice();
  });
}

/** Runs an action on an image, and rewords its errors for the cover. */
function withCoverErrors<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof Error) {
      error.message = error.message.replace(/^Cannot write the image/, "Cannot use the cover");
    }
    throw error;
  }
}

/** What kinds of file a cover may be: their codecs, and their names in Matroska. */
const kinds = {
  PNG: { codec: "png", name: "cover.png", mimeType: "image/png" },
  JPEG: { codec: "mjpeg", name: "cover.jpg", mimeType: "image/jpeg" },
} as const;

/**
 * The cover of these bytes. Throws a `TypeError` or `RangeError` where it is no PNG or JPEG file, or an
 * incomplete one.
 */
export function openCover(native: Native, bytes: Uint8Array): Cover {
  const { kind, width, height, format } = withCoverErrors(() => {
    using images = new ImageDecoder(native);
    return images.decode({ image: bytes });
  });
  if (kind === "WebP") {
    throw new TypeError("Cannot use the cover: it is a WebP file, but must be a PNG or JPEG file");
  }
  return { bytes, kind, width, height, format };
}

/** Gives a cover the form that a container takes. */
export function placeCover(native: Native, info: MuxerInfo, cover: Cover | null): PlacedCover {
  if (cover === null) return { streams: [], tags: {} };
  if (commentContainers.includes(info.name)) {
    return { streams: [], tags: { [pictureKey]: pictureBlock(cover) } };
  }
  return { streams: [coverStream(native, info, cover)], tags: {} };
}

/** The stream of a cover in a container. */
export function coverStream(native: Native, info: MuxerInfo, cover: Cover): StreamRequest {
  const { bytes, width, height, format } = cover;
  const { codec, name, mimeType } = kinds[cover.kind];
  if (info.name === "matroska") return attachmentStream(native, { name, mimeType, data: bytes });
  return {
    describeInto: (parameters) =>
      describePicture(native, parameters, { codec, width, height, format: format.id }),
    timeBase: { num: 1, den: 90_000 },
    frameRate: null,
    tag: null,
    disposition: attachedPicture,
    picture: bytes,
    // The name of the kind that players look for, in ID3v2 and in FLAC (id3v2.c).
    metadata: { comment: "Cover (front)" },
  };
}

/** A picture block of FLAC as text (RFC 9639, 8.8). */
function pictureBlock({ bytes, kind, width, height, format }: Cover): string {
  const mimeType = new TextEncoder().encode(kinds[kind].mimeType);
  const bits = format.depths.reduce((sum, depth) => sum + depth, 0);
  const colors = format.isPalette ? 256 : 0;
  const block = new Uint8Array(32 + mimeType.length + bytes.length);
  const view = new DataView(block.buffer);
  view.setUint32(0, frontCover);
  view.setUint32(4, mimeType.length);
  block.set(mimeType, 8);
  // An empty description.
  const numbers = [0, width, height, bits, colors, bytes.length];
  for (const [index, number] of numbers.entries()) view.setUint32(8 + mimeType.length + index * 4, number);
  block.set(bytes, block.length - bytes.length);
  return block.toBase64();
}
