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
 * It is written as it lies in the file: an orientation in its EXIF data is not applied, nor is a colour profile. Of an animated
 * PNG this is the picture that programs without animations show; an animated WebP is refused.
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
  /** All bytes of the file. */
  image: ArrayBufferView | ArrayBuffer | SharedArrayBuffer;
}

/** What a decoded picture says that its luma and chroma mean, by libav's names. */
export interface ImageColor {
  /** The luma-chroma matrix. */
  readonly matrix: string;
  /** Limited range (`"tv"`) or full range (`"pc"`). */
  readonly range: string;
}

/** The kinds of files that hold a picture. */
export type ImageKindName = "PNG" | "JPEG" | "WebP";

/** A picture out of a file. */
export interface DecodedImage {
  /** The picture: valid until the next one is decoded. */
  readonly frame: Frame;
  /** Which kind of file it is. */
  readonly kind: ImageKindName;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The pixel format that the decoder chose. */
  readonly format: PixelFormatInfo;
  /** What its luma and chroma mean; `null` for RGB, and for a PNG of any kind. */
  readonly color: ImageColor | null;
}

/** One kind of file. */
interface ImageKind {
  /** Its name in messages. */
  readonly name: ImageKindName;
  /** libavcodec's name of its decoder. */
  readonly decoder: string;
  /** Whether data is of this kind, by its first bytes. */
  begins(bytes: Uint8Array): boolean;
  /**
   * The parts of a file that its pixels depend on; throws where the file is not whole. The rest is left out: broken EXIF data
   * then ruins no picture, and compressed text unpacks to no gigabytes.
   */
  essence(bytes: Uint8Array): Uint8Array[];
  /** What luma and chroma of a decoded picture mean. */
  color(frame: Frame): ImageColor | null;
}

/** Whether a frame is a file's bytes rather than pixels. */
export function isEncodedImage(frame: unknown): frame is EncodedImage {
  return typeof frame === "object" && frame !== null && "image" in frame;
}

function broken(kind: string, detail: string, cause?: unknown): TypeError {
  const message = `Cannot write the image: its ${kind} data is broken or cut off (${detail})`;
  return new TypeError(message, { cause });
}

function undecodable(kind: string, detail: string, cause?: unknown): TypeError {
  return new TypeError(`Cannot write the image: its ${kind} data can't be decoded, for ${detail}`, { cause });
}

/** Throws where a size is beyond reason, or beyond what so many bytes can hold: libav takes memory for it before it looks at them. */
function requireSize(
  kind: string,
  { width, height }: { readonly width: number; readonly height: number },
  mostPixels: number,
): void {
  const pixels = width * height;
  if (pixels > maxPixels) {
    throw new RangeError(
      `Cannot write the image: it is ${width}x${height}, but must not have more than ${maxPixels} pixels`,
    );
  }
  if (pixels > mostPixels) throw broken(kind, `it has too few bytes for ${width}x${height} pixels`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four bytes as text: the name of a chunk. */
function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What each byte does to the checksum of a PNG chunk (ISO 3309). */
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte >>> 1 ^ ((byte & 1) === 0 ? 0 : 0xEDB88320);
  return byte;
});

/** The checksum of a PNG chunk's name and content. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (let at = 0; at < bytes.length; at++) crc = crc >>> 8 ^ crcTable[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

function pngChunk(name: string, content: Uint8Array): Uint8Array {
  const bytes = joined([Uint8Array.from(`....${name}`, (letter) => letter.charCodeAt(0)), content]);
  const chunk = joined([bytes, new Uint8Array(4)]);
  viewOf(chunk).setUint32(0, content.length);
  viewOf(chunk).setUint32(bytes.length, crc32(bytes.subarray(4)));
  return chunk;
}

/**
 * The header and palette that mean the same as gray of less than 8 bits with one transparent value (tRNS), which libav shows
 * opaque.
 */
function grayAsPalette(header: Uint8Array, transparent: number): Uint8Array[] {
  const levels = 2 ** header[8]!;
  const grays = Uint8Array.from({ length: levels * 3 }, (_, at) => Math.floor(at / 3) * 255 / (levels - 1));
  const alphas = new Uint8Array(levels).fill(255);
  alphas[transparent % levels] = 0;
  const colorType = 3;
  return [
    pngChunk("IHDR", header.with(9, colorType)),
    pngChunk("PLTE", grays),
    pngChunk("tRNS", alphas),
  ];
}

/** A chunk of a PNG. */
interface PngChunk {
  readonly name: string;
  /** All of it: length, name, content and checksum. */
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

/** The chunks of a PNG before its end, which it must have. */
function* pngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length;) {
    const name = textAt(bytes, at + 4);
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    if (name === "IEND") return;
    yield { name, bytes: bytes.subarray(at, end), content: bytes.subarray(at + 8, end - 4) };
    at = end;
  }
  throw broken("PNG", "its end is missing");
}

/** The chunks of a PNG that its pixels depend on. */
const pngEssentials: ReadonlySet<string> = new Set(["IHDR", "PLTE", "tRNS", "IDAT"]);

/** How many samples a pixel has, by a PNG's colour type. */
const pngSamples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function requirePngSize(header: Uint8Array, chunks: readonly PngChunk[]): void {
  const view = viewOf(header);
  const size = { width: view.getUint32(0), height: view.getUint32(4) };
  const packed = chunks.reduce((sum, { name, content }) => sum + (name === "IDAT" ? content.length : 0), 0);
  const bitsPerPixel = header[8]! * (pngSamples[header[9]!] ?? 1);
  // Deflate packs to no less than 1032 to 1.
  requireSize("PNG", size, packed * 1032 * 8 / bitsPerPixel);
}

/** Portable Network Graphics (ISO/IEC 15948). */
const png: ImageKind = {
  name: "PNG",
  decoder: "png",
  begins: (bytes) => startsWith(bytes, 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A),
  /** Without IEND: at the end of its data libav looks whether all rows were there, at IEND it shows what it has. */
  essence(bytes) {
    const chunks = [...pngChunks(bytes)].filter(({ name }) => pngEssentials.has(name));
    for (const chunk of chunks) requireChecksum(chunk);
    const [{ name = "", content: header = bytes } = {}] = chunks;
    if (name !== "IHDR" || header.length !== 13) throw broken("PNG", "its header is missing");
    requirePngSize(header, chunks);
    const transparent = chunks.find(({ name }) => name === "tRNS")?.content;
    const isSmallGray = header[8]! < 8 && header[9] === 0;
    const parts = chunks.map((chunk) => chunk.bytes);
    if (isSmallGray && transparent?.length === 2) {
      const pixels = chunks.filter(({ name }) => name === "IDAT").map((chunk) => chunk.bytes);
      parts.splice(0, parts.length, ...grayAsPalette(header, viewOf(transparent).getUint16(0)), ...pixels);
    }
    return [bytes.subarray(0, 8), ...parts];
  },
  color: () => null,
};

/** FFmpeg 4.3 does not look at the checksums of chunks, and at that of the pixels only where it comes to their end. */
function requireChecksum({ name, bytes }: PngChunk): void {
  const at = bytes.length - 4;
  if (crc32(bytes.subarray(4, at)) === viewOf(bytes).getUint32(at)) return;
  throw broken("PNG", `the checksum of its ${name} is wrong`);
}

/** A segment of a JPEG. */
interface JpegSegment {
  /** The second byte of its marker. */
  readonly marker: number;
  /** All of it, with the entropy-coded bytes that follow. */
  readonly bytes: Uint8Array;
}

/** Where the next marker is but those that stand between entropy-coded bytes; the end of the data where there is none. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from;;) {
    at = bytes.indexOf(0xFF, at);
    if (at < 0) return bytes.length;
    const next = bytes[at + 1];
    if (next === 0xFF) at += 1;
    else if (next === 0 || next !== undefined && next >= 0xD0 && next <= 0xD7) at += 2;
    else return at;
  }
}

/** The segments of a JPEG, with its end, which it must have. */
function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  const view = viewOf(bytes);
  for (let at = nextMarker(bytes, 2); at + 2 <= bytes.length;) {
    const marker = bytes[at + 1]!;
    if (marker === 0xD9) return yield { marker, bytes: bytes.subarray(at, at + 2) };
    if (at + 4 > bytes.length) break;
    const end = at + 2 + view.getUint16(at + 2);
    if (end > bytes.length) break;
    const next = nextMarker(bytes, end);
    yield { marker, bytes: bytes.subarray(at, marker === 0xDA ? next : end) };
    at = next;
  }
  throw broken("JPEG", "its end is missing");
}

/** Whether a marker begins a frame header (SOF). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xC0 && marker <= 0xCF && ![0xC4, 0xC8, 0xCC].includes(marker);
}

/** Whether pixels depend on a segment. Of those of applications: the first, which is JFIF's, and Adobe's. */
function isForPixels({ marker }: JpegSegment): boolean {
  return marker < 0xE1 || marker > 0xEF || marker === 0xEE;
}

/** JPEG (ITU-T T.81). */
const jpeg: ImageKind = {
  name: "JPEG",
  decoder: "mjpeg",
  begins: (bytes) => startsWith(bytes, 0xFF, 0xD8, 0xFF),
  essence(bytes) {
    const segments = [...jpegSegments(bytes)].filter(isForPixels);
    const frameHeader = segments.find(({ marker, bytes }) => isFrameHeader(marker) && bytes.length >= 10);
    if (frameHeader !== undefined) {
      const { marker, bytes: header } = frameHeader;
      if (marker > 0xC3) throw undecodable("JPEG", "it is coded arithmetically or in layers");
      const size = { width: viewOf(header).getUint16(7), height: viewOf(header).getUint16(5) };
      // A block of 8x8 pixels takes one bit at least.
      requireSize("JPEG", size, bytes.length * 8 * 64);
      const hasAdobe = segments.some(({ marker, bytes }) => marker === 0xEE && textAt(bytes, 4) === "Adob");
      // libav would take black for alpha.
      if (header[9] === 4 && !hasAdobe) throw undecodable("JPEG", "it is CMYK without Adobe's marker");
    }
    return [bytes.subarray(0, 2), ...segments.map((segment) => segment.bytes)];
  },
  color(frame) {
    const { matrix, range } = frame.meaning;
    return { matrix: matrix ?? "bt470bg", range: range ?? "pc" };
  },
};

/** A RIFF chunk: padded to an even length. */
function riffChunk(name: string, ...content: Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const header = Uint8Array.from(`${name}....`, (letter) => letter.charCodeAt(0));
  viewOf(header).setUint32(4, length, true);
  return [header, ...content, new Uint8Array(length % 2)];
}

/** WebP (RFC 9649). */
const webp: ImageKind = {
  name: "WebP",
  decoder: "webp",
  begins: (bytes) => textAt(bytes, 0) === "RIFF" && textAt(bytes, 8) === "WEBP",
  essence(bytes) {
    const view = viewOf(bytes);
    const fileEnd = 8 + view.getUint32(4, true);
    if (fileEnd > bytes.length) throw broken("WebP", "its end is missing");
    const parts: Uint8Array[] = [];
    for (let at = 12; at + 8 <= fileEnd;) {
      const name = textAt(bytes, at);
      const end = at + 8 + view.getUint32(at + 4, true);
      if (end > fileEnd) throw broken("WebP", "a chunk goes beyond its end");
      if (name === "ANIM") throw undecodable("WebP", "it is an animation; write its pictures one by one");
      if (["VP8X", "ALPH", "VP8 ", "VP8L"].includes(name)) {
        parts.push(...riffChunk(name, bytes.subarray(at + 8, end)));
      }
      at = end + end % 2;
    }
    return riffChunk("RIFF", bytes.subarray(8, 12), ...parts);
  },
  // Whatever libav says: it takes a bit that tells of clamping (RFC 6386, 9.2) for the range.
  color: () => ({ matrix: "smpte170m", range: "tv" }),
};

/** libav's codes for data that may be in order, but is not for its decoders. */
const undecodableCodes: ReadonlySet<string> = new Set(["PATCHWELCOME", "ENOSYS"]);

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
   * Decodes a file. Throws a `TypeError` or `RangeError` where it is no PNG, JPEG or WebP file, or not all of one, and an
   * {@linkcode UnsupportedError} where FFmpeg was built without the decoder.
   */
  decode(image: EncodedImage): DecodedImage {
    if ("data" in image) {
      throw new TypeError("Cannot write a frame that has both image and data: give one of them");
    }
    const bytes = imageBytes(image.image);
    const kind = requireKind(bytes);
    this.#decode(kind, joined(kind.essence(bytes)));
    const frame = this.#frame;
    const { width, height, format: id } = frame.shape;
    const format = pixelFormatById(this.#native, id)!;
    return { frame, kind: kind.name, width, height, format, color: format.isRgb ? null : kind.color(frame) };
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
      if (undecodableCodes.has(error.code)) throw undecodable(name, `FFmpeg says: ${error.message}`, error);
      throw broken(name, error.message, error);
    }
  }

  /** Frees the picture. */
  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
  }
}

/** The bytes of whatever buffer it is. */
export function imageBytes(image: unknown): Uint8Array {
  const isView = ArrayBuffer.isView(image);
  const isShared = typeof SharedArrayBuffer !== "undefined" && image instanceof SharedArrayBuffer;
  if (!isView && !isShared && !(image instanceof ArrayBuffer)) {
    const kind = typeof image === "object" && image !== null ? kindOf(image) : shown(image);
    throw new TypeError(
      `Cannot write the image: it is ${kind}, but must be a typed array, a DataView or an ArrayBuffer`,
    );
  }
  const buffer = (isView ? image.buffer : image) as ArrayBuffer;
  if (buffer.detached) {
    throw new TypeError("Cannot write the image: its buffer is detached (transferred elsewhere)");
  }
  return isView ? new Uint8Array(buffer, image.byteOffset, image.byteLength) : new Uint8Array(buffer);
}

/** The kind of file that data is. Throws a `TypeError` where it is none of them. */
function requireKind(bytes: Uint8Array): ImageKind {
  const kind = [png, jpeg, webp].find(({ begins }) => begins(bytes));
  if (kind !== undefined) return kind;
  if (bytes.length === 0) throw new TypeError("Cannot write the image: it is empty");
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  throw new TypeError(
    `Cannot write the image: its data starts with ${start.join(" ")}, which is no PNG, JPEG or WebP file`,
  );
}
