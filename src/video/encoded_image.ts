/**
 * Pictures as PNG, JPEG and WebP files hold them: checked for being whole, and decoded.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError, UnsupportedError } from "../errors.ts";
import { Decoder, decoderByName, maxPixels } from "../libav/decoder.ts";
import { Frame } from "../libav/frame.ts";
import { pixelFormatById, type PixelFormatInfo } from "../libav/pixel_format.ts";
import { kindOf, shown } from "../shown.ts";

/**
 * A picture as a PNG, JPEG or WebP file holds it. Which of them it is, its size and its pixel format are found in the data.
 *
 * Of an animated PNG the picture is written that programs without animation show; animated WebP files are refused. Pictures are
 * written as they lie in the file: an orientation in its EXIF data is not applied, nor is a colour profile.
 *
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import type { EncodedImage } from "@avwriter/avwriter";
 *
 * const slide = async (path: string): Promise<EncodedImage> => ({ image: await readFile(path) });
 * ```
 */
export interface EncodedImage {
  /** The bytes of the file. */
  image: ArrayBufferView | ArrayBuffer | SharedArrayBuffer;
}

/** What a decoded picture says that its luma and chroma mean, by libav's names. */
export interface ImageColor {
  /** The luma-chroma matrix. */
  readonly matrix: string;
  /** `"tv"` or `"pc"`. */
  readonly range: string;
}

/** A picture out of a file. */
export interface DecodedImage {
  /** The picture: valid until the next one is decoded. */
  readonly frame: Frame;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The pixel format that the file's decoder gives. */
  readonly format: PixelFormatInfo;
  /** What its luma and chroma mean; `null` where it has none, or luma from black to white only. */
  readonly color: ImageColor | null;
}

/** One kind of file. */
interface ImageKind {
  /** Its name in messages. */
  readonly name: string;
  /** libavcodec's name of its decoder. */
  readonly decoder: string;
  /** Whether data is of this kind, by its first bytes. */
  begins(bytes: Uint8Array): boolean;
  /**
   * What the decoder needs of a file, which throws where that is not whole. The rest is left out: a broken EXIF block ruins no
   * picture, and compressed text does not unpack to gigabytes.
   */
  essence(bytes: Uint8Array): Uint8Array[];
  /** What luma and chroma mean. */
  color(frame: Frame): ImageColor | null;
}

/** Whether a frame is a file's bytes rather than pixels. */
export function isEncodedImage(frame: unknown): frame is EncodedImage {
  return typeof frame === "object" && frame !== null && "image" in frame;
}

function broken(kind: string, detail: string, cause?: unknown): TypeError {
  return new TypeError(`Cannot write the image: its ${kind} data is broken or cut off (${detail})`, {
    cause,
  });
}

function unsupported(kind: string, detail: string, cause?: unknown): TypeError {
  return new TypeError(
    `Cannot write the image: its ${kind} data is of a sort that is not decoded (${detail})`,
    {
      cause,
    },
  );
}

function requireSize(width: number, height: number): void {
  if (width * height <= maxPixels) return;
  throw new RangeError(
    `Cannot write the image: it is ${width}x${height}, but must not have more than ${maxPixels} pixels`,
  );
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes as the four characters that name a chunk. */
function chunkName(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The checksum of a PNG chunk (ISO 3309). */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ ((crc & 1) === 0 ? 0 : 0xEDB88320);
  }
  return ~crc >>> 0;
}

/** Portable Network Graphics (ISO/IEC 15948). */
const png: ImageKind = {
  name: "PNG",
  decoder: "png",
  begins: (bytes) => startsWith(bytes, 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A),
  essence(bytes) {
    const view = viewOf(bytes);
    const parts = [bytes.subarray(0, 8)];
    for (let at = 8, end = 0; at + 12 <= bytes.length; at = end) {
      const length = view.getUint32(at);
      const name = chunkName(bytes, at + 4);
      end = at + 12 + length;
      if (end > bytes.length) break;
      // Without this chunk libav tells whether all rows were there; with it, it shows those that were.
      if (name === "IEND") return parts;
      if (!["IHDR", "PLTE", "tRNS", "IDAT"].includes(name)) continue;
      // Pixels have a checksum of their own. FFmpeg 4.3 does not look at these.
      if (name !== "IDAT" && crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
        throw broken("PNG", `the checksum of ${name} is wrong`);
      }
      if (name === "IHDR" && length >= 8) requireSize(view.getUint32(at + 8), view.getUint32(at + 12));
      parts.push(bytes.subarray(at, end));
    }
    throw broken("PNG", "its end is missing");
  },
  color: () => null,
};

/** Where the entropy-coded bytes that begin at `at` end: at the next marker but those that stand between them. */
function endOfScan(bytes: Uint8Array, at: number): number {
  for (;;) {
    at = bytes.indexOf(0xFF, at);
    if (at < 0) return bytes.length;
    const next = bytes[at + 1];
    const isInside = next === 0 || next === 0xFF || next !== undefined && next >= 0xD0 && next <= 0xD7;
    if (!isInside) return at;
    at += next === 0xFF ? 1 : 2;
  }
}

/** Throws where FFmpeg does not decode what a JPEG's frame header (SOF) announces. */
function requireDecodable(marker: number, components: number, hasAdobe: boolean): void {
  if (marker > 0xC3) throw unsupported("JPEG", "it is hierarchical, or coded arithmetically");
  // FFmpeg takes black for alpha: which way round the inks are is in Adobe's marker only.
  if (components === 4 && !hasAdobe) throw unsupported("JPEG", "it is CMYK without Adobe's marker");
}

/** JPEG (ITU-T T.81). */
const jpeg: ImageKind = {
  name: "JPEG",
  decoder: "mjpeg",
  begins: (bytes) => startsWith(bytes, 0xFF, 0xD8, 0xFF),
  essence(bytes) {
    const view = viewOf(bytes);
    const parts = [bytes.subarray(0, 2)];
    let [start, components, hasAdobe] = [0, 0, false];
    for (let at = 2, end = 0;; at = end) {
      // Between segments there may be bytes that mean nothing.
      at = endOfScan(bytes, at);
      if (at + 4 > bytes.length && bytes[at + 1] !== 0xD9) break;
      const marker = bytes[at + 1]!;
      if (marker === 0xD9) {
        requireDecodable(start, components, hasAdobe);
        return [...parts, bytes.subarray(at, at + 2)];
      }
      end = at + 2 + view.getUint16(at + 2);
      if (end > bytes.length || end < at + 4) break;
      const isFrameHeader = marker >= 0xC0 && marker <= 0xCF && ![0xC4, 0xC8, 0xCC].includes(marker);
      if (isFrameHeader && end >= at + 10) {
        requireSize(view.getUint16(at + 7), view.getUint16(at + 5));
        [start, components] = [marker, bytes[at + 9]!];
      }
      if (marker === 0xEE && chunkName(bytes, at + 4) === "Adob") hasAdobe = true;
      if (marker === 0xDA) end = endOfScan(bytes, end);
      // Of the application's segments, only JFIF's and Adobe's mean something for the pixels.
      if (marker < 0xE1 || marker > 0xEF || marker === 0xEE) parts.push(bytes.subarray(at, end));
    }
    throw broken("JPEG", "its end is missing");
  },
  color(frame) {
    const { matrix, range } = frame.meaning;
    return { matrix: matrix ?? "bt470bg", range: range ?? "pc" };
  },
};

/** A RIFF chunk, or a whole file, of that content: padded to an even length. */
function riffChunk(name: string, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = Uint8Array.from(`${name}....`, (character) => character.charCodeAt(0));
  viewOf(header).setUint32(4, length, true);
  return [header, ...parts, new Uint8Array(length % 2)];
}

/** WebP (RFC 9649). */
const webp: ImageKind = {
  name: "WebP",
  decoder: "webp",
  begins: (bytes) => chunkName(bytes, 0) === "RIFF" && chunkName(bytes, 8) === "WEBP",
  essence(bytes) {
    const view = viewOf(bytes);
    const fileEnd = 8 + view.getUint32(4, true);
    if (fileEnd > bytes.length) throw broken("WebP", "its end is missing");
    const parts = [bytes.subarray(8, 12)];
    for (let at = 12; at + 8 <= fileEnd;) {
      const name = chunkName(bytes, at);
      const end = at + 8 + view.getUint32(at + 4, true);
      if (end > fileEnd) throw broken("WebP", "its chunks do not fit into it");
      if (name === "ANIM" || name === "ANMF") throw unsupported("WebP", "it is an animation");
      if (["VP8X", "ALPH", "VP8 ", "VP8L"].includes(name)) {
        parts.push(...riffChunk(name, [bytes.subarray(at + 8, end)]));
      }
      at = end + end % 2;
    }
    return riffChunk("RIFF", parts);
  },
  // RFC 6386 knows no other; libav takes the header's bit for unclamped values for a range.
  color: () => ({ matrix: "smpte170m", range: "tv" }),
};

/** What libav says of data that is in order, but nothing that it can decode. */
const unsupportedCodes: ReadonlySet<string> = new Set(["PATCHWELCOME", "ENOSYS"]);

/** Decodes pictures out of files. */
export class ImageDecoder implements Disposable {
  readonly #native: Native;
  readonly #frame: Frame;

  /** Makes a decoder for files of all kinds. */
  constructor(native: Native) {
    this.#native = native;
    this.#frame = new Frame(native);
  }

  /**
   * Decodes a file. Throws a `TypeError` or `RangeError` where it is not all of a PNG, JPEG or WebP file, and an
   * {@linkcode UnsupportedError} where FFmpeg has no decoder for it: each in the words of whoever tries to write it.
   */
  decode(image: EncodedImage): DecodedImage {
    if ("data" in image) {
      throw new TypeError("Cannot write a frame that has an image and data: give one of them");
    }
    const bytes = imageBytes(image.image);
    const kind = requireKind(bytes);
    this.#decode(kind, joined(kind.essence(bytes)));
    const frame = this.#frame;
    const { width, height, format: id } = frame.shape;
    const format = pixelFormatById(this.#native, id)!;
    const hasNoColor = format.isRgb || format.isPalette;
    return { frame, width, height, format, color: hasNoColor ? null : kind.color(frame) };
  }

  #decode({ name, decoder: decoderName }: ImageKind, essence: Uint8Array): void {
    const info = decoderByName(this.#native, decoderName);
    if (info === null) {
      throw new UnsupportedError(`Cannot write the image: this FFmpeg has no decoder for ${name} files`, {
        code: "DECODER_NOT_FOUND",
        operation: "decode an image",
        hint: "Give its pixels, or another kind of file",
      });
    }
    try {
      using decoder = new Decoder(this.#native, info);
      decoder.decodeImage(essence, this.#frame);
    } catch (error) {
      if (!(error instanceof AvError) || error.code === "ENOMEM") throw error;
      if (unsupportedCodes.has(error.code)) throw unsupported(name, error.message, error);
      throw broken(name, error.message, error);
    }
  }

  /** Frees the picture. */
  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
  }
}

/** The bytes of whatever buffer it is. They are copied before native code sees them. */
function imageBytes(image: unknown): Uint8Array {
  const isView = ArrayBuffer.isView(image);
  const isShared = typeof SharedArrayBuffer !== "undefined" && image instanceof SharedArrayBuffer;
  if (!isView && !isShared && !(image instanceof ArrayBuffer)) {
    throw new TypeError(
      `Cannot write the image: it is ${
        typeof image === "object" && image !== null ? kindOf(image) : shown(image)
      }, but must be a typed array, a DataView or an ArrayBuffer with the bytes of a file`,
    );
  }
  const buffer = (isView ? image.buffer : image) as ArrayBuffer;
  if (buffer.detached) {
    throw new TypeError("Cannot write the image: its buffer is detached (transferred elsewhere)");
  }
  return isView ? new Uint8Array(buffer, image.byteOffset, image.byteLength) : new Uint8Array(buffer);
}

function requireKind(bytes: Uint8Array): ImageKind {
  const kind = [png, jpeg, webp].find(({ begins }) => begins(bytes));
  if (kind !== undefined) return kind;
  if (bytes.length === 0) throw new TypeError("Cannot write the image: it is empty");
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  throw new TypeError(
    `Cannot write the image: its data starts with ${start.join(" ")}, which is no PNG, JPEG or WebP file`,
  );
}
