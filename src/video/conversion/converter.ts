/**
 * From a picture as it comes in to a frame as the encoder takes it.
 *
 * @module
 */
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { Rgb } from "../background.ts";
import type { PixelMeaning } from "../color.ts";
import type { ClipColors } from "../palette/clip_colors.ts";
import type { Pixels } from "../pixels.ts";

/** The format and size that the encoder takes. */
export interface ConverterTarget {
  /** Its pixel format. */
  readonly format: PixelFormatInfo;
  /** The width: that of the picture, one pixel more (the edge is repeated), or one less (it is cropped). */
  readonly width: number;
  /** The height, likewise. */
  readonly height: number;
  /** The meaning of its values. */
  readonly color: PixelMeaning;
  /** The palettes of a GIF; `null` or absent: each picture has a palette of its own. */
  readonly clipColors?: ClipColors | null;
  /** Whether transparent pictures are laid over the background though the format has alpha. */
  readonly isOpaque?: boolean;
  /** What lies behind transparent pictures where they are laid over it. Default: black. */
  readonly background?: Rgb;
}

/** Converts pictures of one shape. The returned frame is valid until the next call. */
export interface Converter extends Disposable {
  /** Converts one picture. */
  convert(pixels: Pixels): NativeFrame;
}

/** Lays pictures over a background. */
export interface Blender extends Disposable {
  /** A picture over the background, valid until the next call; `null` where it is opaque. */
  convert(pixels: Pixels): NativeFrame | null;
}
