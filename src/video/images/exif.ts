/**
 * Exif data of images.
 *
 * @module
 */
import { textAt } from "./image_kind.ts";

/** The tag of the orientation, and the type of its value, a 16-bit number. */
const orientationTag = 0x0112, shortType = 3;

/**
 * The orientation that Exif data tells, from 1 to 8; 1 where it tells none. Broken data spoils no picture.
 */
export function exifOrientation(exif: Uint8Array): number {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 8) return 1;
  const isLittle = textAt(exif, 0).startsWith("II");
  if (!isLittle && !textAt(exif, 0).startsWith("MM")) return 1;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > exif.length) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let index = 0, at = directory + 2; index < count && at + 12 <= exif.length; index++, at += 12) {
    if (view.getUint16(at, isLittle) !== orientationTag) continue;
    const value = view.getUint16(at + 8, isLittle);
    return view.getUint16(at + 2, isLittle) === shortType && value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
