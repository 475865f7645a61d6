/**
 * The pixel formats that frames may come in.
 *
 * @module
 */
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";

/** The default format of frames, as ImageData has it. */
export const defaultInputFormat = "rgba";

/** All pixel formats that are known, by name. */
export interface InputFormats {
  get(name: string): PixelFormatInfo | undefined;
  keys(): Iterable<string>;
}

/**
 * The pixel format of a frame. Throws a `RangeError` where FFmpeg has none of that name, or programs cannot
 * hold it.
 */
export function requireInputFormat(formats: InputFormats, name: string): PixelFormatInfo {
  const format = formats.get(name);
  if (format === undefined) {
    const question = didYouMean(name, [...formats.keys()]);
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
