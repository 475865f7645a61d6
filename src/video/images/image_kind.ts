/**
 * What is common to the kinds of image files.
 *
 * @module
 */
import { maxPixels } from "../../libav/max_pixels.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";

/** The meaning of luma and chroma that a decoded picture states, by libav's names. */
export interface ImageColor {
  /** The luma-chroma matrix. */
  readonly matrix: string;
  /** Limited range (`"tv"`) or full range (`"pc"`). */
  readonly range: string;
}

/** The kinds of image files. */
export type ImageKindName = "PNG" | "JPEG" | "WebP";

/** One kind of file. */
export interface ImageKind {
  /** Its name in messages. */
  readonly name: ImageKindName;
  /** libavcodec's name of its decoder. */
  readonly decoder: string;
  /** Whether data is of this kind, by its first bytes. */
  begins(bytes: Uint8Array): boolean;
  /**
   * The parts of a file that its pixels depend on. Throws where the file is incomplete. Everything else is
   * left out, so that broken EXIF data spoils no picture and compressed text does not unpack to gigabytes.
   */
  essence(bytes: Uint8Array): Uint8Array[];
  /** Which way up it is, from 1 to 8 (Exif); absent where files of the kind do not say. */
  orientation?(bytes: Uint8Array): number;
  /** The meaning of luma and chroma in a decoded picture. */
  color(frame: NativeFrame): ImageColor | null;
}

export function brokenImageError(kind: string, detail: string, cause?: unknown): TypeError {
  const message = `Cannot write the image: its ${kind} data is broken or cut off (${detail})`;
  return new TypeError(message, { cause });
}

export function undecodableImageError(kind: string, detail: string, cause?: unknown): TypeError {
  return new TypeError(`Cannot write the image: its ${kind} data cannot be decoded, for ${detail}`, {
    cause,
  });
}

/**
 * Throws where a size is too large, or larger than the bytes can hold: libav allocates memory for it before
 * it reads them.
 */
export function requireImageSize(
  kind: string,
  { width, height }: { readonly width: number; readonly height: number },
  maxPixelCount: number,
): void {
  const pixels = width * height;
  if (pixels > maxPixels) {
    throw new RangeError(
      `Cannot write the image: it is ${width}x${height}, but must not have more than ${maxPixels} pixels`,
    );
  }
  if (pixels > maxPixelCount) {
    throw brokenImageError(kind, `it has too few bytes for ${width}x${height} pixels`);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four bytes as text: the name of a chunk. */
export function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

export function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
