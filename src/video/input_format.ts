/**
 * The pixel formats that frames may come in.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { pixelFormatByName, type PixelFormatInfo, pixelFormatNames } from "../libav/pixel_format.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";

/** What a frame's format is unless it says: ImageData's. */
export const defaultInputFormat = "rgba";

/** The description of a frame's format. Throws a `RangeError` where FFmpeg has none of that name, or programs can't hold it. */
export function requireInputFormat(native: Native, name: string): PixelFormatInfo {
  const format = name.includes("\0") ? null : pixelFormatByName(native, name);
  if (format === null) {
    const question = didYouMean(name, pixelFormatNames(native));
    throw new RangeError(
      `Cannot write a frame of the format ${shown(name)}: FFmpeg knows no pixel format of that name${
        question === null ? "" : `. ${question}`
      }`,
    );
  }
  if (format.isHardware) {
    throw new RangeError(
      `Cannot write a frame of the format ${name}: its pixels lie in a device's memory, not the program's`,
    );
  }
  return format;
}
