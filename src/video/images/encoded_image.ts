/**
 * Pictures as PNG, JPEG and WebP files hold them: checked for being whole, and decoded.
 *
 * @module
 */
import { bytesIn } from "../../buffer_bytes.ts";
import { kindOf, shown } from "../../shown.ts";

/**
 * A picture as a PNG, JPEG or WebP file holds it. Which of them it is, its size and its pixel format are
 * found in the data.
 *
 * The orientation in the EXIF data of a JPEG is applied, unless the option `imageOrientation` is `"none"`. A
 * colour profile is not. Of an animated PNG this is the picture that programs without animations show; an
 * animated WebP is refused.
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

/** Whether a frame is an image file rather than pixels. */
export function isEncodedImage(frame: unknown): frame is EncodedImage {
  // Bun's blobs have a method of that name.
  return typeof frame === "object" && frame !== null && "image" in frame && !(frame instanceof Blob);
}

/**
 * The bytes of any buffer. Of shared memory they are a copy: another thread could write while they are read.
 */
export function imageBytes(image: unknown): Uint8Array {
  const found = bytesIn(image);
  if (found === null) {
    const kind = typeof image === "object" && image !== null ? kindOf(image) : shown(image);
    throw new TypeError(
      `Cannot write the image: it is ${kind}, but must be a typed array, a DataView or an ArrayBuffer`,
    );
  }
  if (found.isDetached) {
    throw new TypeError("Cannot write the image: its buffer is detached (transferred elsewhere)");
  }
  return found.bytes.buffer instanceof ArrayBuffer ? found.bytes : found.bytes.slice();
}
