/**
 * From a picture as it comes in to a frame as the encoder takes it.
 *
 * @module
 */
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { PixelMeaning } from "../color.ts";
import type { Pixels } from "../pixels.ts";

/** What the encoder takes. */
export interface ConverterTarget {
  /** Its pixel format. */
  readonly format: PixelFormatInfo;
  /** Width: that of the picture, one pixel more (the edge is repeated there), or one less (it is left out). */
  readonly width: number;
  /** Height, likewise. */
  readonly height: number;
  /** What its numbers mean. */
  readonly color: PixelMeaning;
}

/** Converts pictures of one shape. The frame that comes out is valid until the next call. */
export interface Converter extends Disposable {
  /** Converts one picture. */
  convert(pixels: Pixels): NativeFrame;
}
