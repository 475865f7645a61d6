/**
 * What all repackers have in common.
 *
 * @module
 */
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { Pixels } from "../pixels.ts";

/** A way to lay pictures of one shape out anew. */
export interface Repacker extends Disposable {
  /** What they are laid out in. */
  readonly format: PixelFormatInfo;
  /** Lays one picture out. The frame is valid until the next call. */
  convert(pixels: Pixels): NativeFrame;
}

/** A frame of a format and size that may be written over. */
export function writableFrame(
  frame: NativeFrame,
  format: PixelFormatInfo,
  width: number,
  height: number,
): NativeFrame {
  // Whoever got the last picture may still hold it.
  if (!frame.isWritable) {
    frame.unref();
    frame.allocatePicture(format, width, height);
  }
  return frame;
}
