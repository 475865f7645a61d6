/**
 * What frames say of their pixels beside the pixel format.
 *
 * @module
 */
import { shown } from "../shown.ts";
import { checkFrameColor, type ColorDescription } from "./color.ts";

/** What a frame says of its pixels beside their format. */
export interface ImageMeaning {
  /** Samples are 16-bit floating-point numbers instead of integers. */
  readonly isHalfFloat: boolean;
  /** Primaries are those of Display P3. */
  readonly isDisplayP3: boolean;
  /** What the frame says of its values; `null` where it does not. */
  readonly color: Partial<ColorDescription> | null;
}

/** What frames are unless they say otherwise. */
const plainImage: ImageMeaning = { isHalfFloat: false, isDisplayP3: false, color: null };

/** `ImageData.pixelFormat` of 16-bit floating-point numbers. */
export const halfFloats: string = "rgba-float16";
/** The format that has room for them, and that they become. */
export const halfFloatFormat: string = "rgba64le";

/** Checks what a frame says of its pixels. */
export function imageMeaning(
  format: unknown,
  pixelFormat: unknown,
  colorSpace: unknown,
  said: unknown,
): ImageMeaning {
  const color = said === undefined ? null : checkFrameColor(said);
  if (pixelFormat === undefined && colorSpace === undefined) {
    return color === null ? plainImage : { ...plainImage, color };
  }
  if (pixelFormat !== undefined && !["rgba-unorm8", halfFloats].includes(pixelFormat as string)) {
    throw new RangeError(
      `Cannot write the frame: its pixelFormat is ${
        shown(pixelFormat)
      }, but must be "rgba-unorm8" or "${halfFloats}", as in ImageData; format takes FFmpeg's names`,
    );
  }
  if (pixelFormat === halfFloats && format !== undefined) {
    throw new TypeError("Cannot write a frame that has both format and pixelFormat: give one of them");
  }
  if (colorSpace !== undefined && !["srgb", "display-p3"].includes(colorSpace as string)) {
    throw new RangeError(
      `Cannot write the frame: its colorSpace is ${shown(colorSpace)}, but must be "srgb" or "display-p3"`,
    );
  }
  return { isHalfFloat: pixelFormat === halfFloats, isDisplayP3: colorSpace === "display-p3", color };
}
