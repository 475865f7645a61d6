/**
 * What all repackers have in common.
 *
 * @module
 */
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { Pixels } from "../pixels.ts";

/** Repacks pictures of one shape into another pixel format. */
export interface Repacker extends Disposable {
  /** The pixel format of the result. */
  readonly format: PixelFormatInfo;
  /** Repacks one picture. The frame is valid until the next call. */
  convert(pixels: Pixels): NativeFrame;
}

/** A writable frame of a format and size. */
export function writableFrame(
  frame: NativeFrame,
  format: PixelFormatInfo,
  width: number,
  height: number,
): NativeFrame {
  // The receiver of the last picture may still hold it.
  if (!frame.isWritable) {
    frame.unref();
    frame.allocatePicture(format, width, height);
  }
  return frame;
}
