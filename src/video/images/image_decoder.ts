/**
 * Decodes PNG, JPEG and WebP files.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { Decoder, decoderByName } from "../../libav/decoder.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatById, type PixelFormatInfo } from "../../libav/pixel_format.ts";
import { type EncodedImage, imageBytes } from "./encoded_image.ts";
import {
  brokenImageError,
  type ImageColor,
  type ImageKind,
  type ImageKindName,
  joinBytes,
  undecodableImageError,
} from "./image_kind.ts";
import { jpeg } from "./jpeg.ts";
import { png } from "./png.ts";
import { webp } from "./webp.ts";

/** A decoded image. */
export interface DecodedImage {
  /** The picture, valid until the next one is decoded. */
  readonly frame: NativeFrame;
  /** The kind of the file. */
  readonly kind: ImageKindName;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The decoder's pixel format. */
  readonly format: PixelFormatInfo;
  /** Which way up it is, from 1 to 8 (Exif). */
  readonly orientation: number;
  /** The meaning of its luma and chroma; `null` for RGB and for every PNG. */
  readonly color: ImageColor | null;
}

/** libav's codes for data that may be valid, but that its decoders do not support. */
const undecodableCodes: ReadonlySet<string> = new Set(["PATCHWELCOME", "ENOSYS"]);

/** Decodes image files. */
export class ImageDecoder implements Disposable {
  readonly #native: Native;
  readonly #frame: NativeFrame;

  /** Creates a decoder for files of all kinds. */
  constructor(native: Native) {
    this.#native = native;
    this.#frame = new NativeFrame(native);
  }

  /**
   * Decodes a file. Throws a `TypeError` or `RangeError` where it is no PNG, JPEG or WebP file, or an
   * incomplete one, and an {@linkcode UnsupportedError} where FFmpeg was built without the decoder.
   */
  decode(image: EncodedImage): DecodedImage {
    if ("data" in image) {
      throw new TypeError("Cannot write a frame that has both image and data: give one of them");
    }
    const bytes = imageBytes(image.image);
    const kind = requireKind(bytes);
    this.#decode(kind, joinBytes(kind.essence(bytes)));
    const frame = this.#frame;
    const { width, height, format: id } = frame.shape;
    const format = pixelFormatById(this.#native, id)!;
    const orientation = kind.orientation?.(bytes) ?? 1;
    const color = format.isRgb ? null : kind.color(frame);
    return { frame, kind: kind.name, width, height, format, orientation, color };
  }

  #decode({ name, decoder: decoderName }: ImageKind, essence: Uint8Array): void {
    const info = decoderByName(this.#native, decoderName);
    if (info === null) {
      throw new UnsupportedError(`Cannot write the image: this FFmpeg has no decoder ${decoderName}`, {
        code: "DECODER_NOT_FOUND",
        operation: "decode an image",
        hint: "Write its pixels, or another kind of file",
      });
    }
    try {
      using decoder = new Decoder(this.#native, info);
      decoder.decodeImage(essence, this.#frame);
    } catch (error) {
      if (!(error instanceof AvError) || error.code === "ENOMEM") throw error;
      if (undecodableCodes.has(error.code)) {
        throw undecodableImageError(name, `FFmpeg says: ${error.message}`, error);
      }
      throw brokenImageError(name, error.message, error);
    }
  }

  /** Frees the picture. */
  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
  }
}

/** The kind of an image file. Throws a `TypeError` where it is none of them. */
function requireKind(bytes: Uint8Array): ImageKind {
  const kind = [png, jpeg, webp].find(({ begins }) => begins(bytes));
  if (kind !== undefined) return kind;
  if (bytes.length === 0) throw new TypeError("Cannot write the image: it is empty");
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  throw new TypeError(
    `Cannot write the image: its data starts with ${start.join(" ")}, which is no PNG, JPEG or WebP file`,
  );
}
