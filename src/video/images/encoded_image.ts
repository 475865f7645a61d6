/**
 * Pictures as PNG, JPEG and WebP files hold them: checked for being whole, and decoded.
 *
 * @module
 */
import { kindOf, shown } from "../../shown.ts";

/**
 * A picture as a PNG, JPEG or WebP file holds it. Which of them it is, its size and its pixel format are
 * found in the data.
 *
 * It is written as it lies in the file: an orientation in its EXIF data is not applied, nor is a colour
 * profile. Of an animated PNG this is the picture that programs without animations show; an animated WebP is
 * refused.
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

/** The bytes of any buffer. */
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
