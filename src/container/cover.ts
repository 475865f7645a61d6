/**
 * The picture that players and file managers show for a file.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import { attachedPicture, describePicture, type StreamRequest } from "../libav/streams/stream_parameters.ts";
import { type EncodedImage, imageBytes } from "../video/images/encoded_image.ts";
import { ImageDecoder } from "../video/images/image_decoder.ts";
import { attachmentStream, maxAttachedBytes } from "./attachments.ts";
import { needsNamedKeys } from "./metadata.ts";
import { needsFragments, setsFragmentOptions } from "./muxer_options.ts";

/**
 * Muxers that write a stream of one picture as the file's own: the atom covr (movenc.c), ID3v2's APIC, FLAC's
 * PICTURE.
 */
const coverContainers: readonly string[] = ["mp4", "ipod", "mp3", "flac"];

/** Whether a container supports a cover. Matroska keeps it as an attached file (RFC 9559, Cover Art). */
export function supportsCover({ name }: MuxerInfo): boolean {
  return name === "matroska" || coverContainers.includes(name);
}

/** The part of a writer's options that a cover depends on. */
interface CoverRequest {
  readonly cover: Uint8Array | null;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly formatOptions?: Readonly<Record<string, OptionValue>>;
}

/** Throws an {@linkcode UnsupportedError} where a container does not keep the cover. */
export function requireCoverSupport(info: MuxerInfo, request: CoverRequest): void {
  if (request.cover === null) return;
  const loss = coverLoss(info, request);
  if (loss === null) return;
  const [problem, hint] = loss;
  throw new UnsupportedError(`Cannot write a cover into ${info.name}: ${problem}`, {
    code: "COVER",
    operation: "choose the container",
    hint,
  });
}

/** Why a cover would be lost, and a hint; `null` where it is kept. */
function coverLoss(
  info: MuxerInfo,
  { metadata, formatOptions }: CoverRequest,
): readonly [problem: string, hint: string] | null {
  if (!supportsCover(info)) {
    return ["the container does not keep it", "Leave it out, or use mp4, m4a, m4v, mkv, mp3 or flac"];
  }
  if (!needsFragments(info)) return null;
  if (setsFragmentOptions(formatOptions)) {
    return ["fragments have no place for it", "Leave it out, or the options that choose the file's layout"];
  }
  // The atoms that iTunes knows are not written beside a table of keys, and the cover is one of them.
  if (
    /use_metadata_tags/.test(String(formatOptions?.movflags ?? "")) || needsNamedKeys(info.name, metadata)
  ) {
    return [
      "it has no place beside tags under keys of their own",
      "Leave it out, or the tags that iTunes does not know, or use mkv",
    ];
  }
  return null;
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
 * The stream of the requested cover, if any. Throws a `TypeError` or `RangeError` where it is no PNG or JPEG
 * file, or an incomplete one.
 */
export function openCover(native: Native, info: MuxerInfo, { cover }: CoverRequest): StreamRequest[] {
  return cover === null ? [] : [coverStream(native, info, cover)];
}

/** The stream of a cover in a container. */
export function coverStream(native: Native, info: MuxerInfo, bytes: Uint8Array): StreamRequest {
  const { kind, width, height, format } = withCoverErrors(() => {
    using images = new ImageDecoder(native);
    return images.decode({ image: bytes });
  });
  if (kind === "WebP") {
    throw new TypeError("Cannot use the cover: it is a WebP file, but must be a PNG or JPEG file");
  }
  const { codec, name, mimeType } = kinds[kind];
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
