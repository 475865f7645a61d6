/**
 * What gives frames: a file that is read, or anything else with frames one after another.
 *
 * @module
 */
import type { ColorDescription } from "../video/color.ts";
import type { PixelFormat } from "../video/raw_frame.ts";

/**
 * A decoded frame. It owns its memory: keep as many as you like. A writer takes it as it is.
 *
 * Frames that are closed, or declared with `using`, give their memory to those that come: a program that
 * reads many large frames is faster, and needs less of it. Frames that are not closed are left to the garbage
 * collector.
 *
 * @example
 * ```ts
 * import type { DecodedFrame } from "@avwriter/avwriter";
 *
 * // The mean value of the first plane of an 8-bit planar frame.
 * export function meanLuma({ data, width, height }: DecodedFrame): number {
 *   const plane = data.subarray(0, width * height);
 *   return plane.reduce((sum, value) => sum + value, 0) / plane.length;
 * }
 * ```
 */
export interface DecodedFrame extends Disposable {
  /** All planes, one after another, with tightly packed rows. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** How pixels lie in `data`, by libavutil's name. */
  readonly format: PixelFormat;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** When the frame is shown, in seconds. */
  readonly timestamp: number;
  /** How long it is shown, in seconds; `null` where neither the file nor the next frame tells. */
  readonly duration: number | null;
  /** Whether frames before this one were lost, or the time begins anew. */
  readonly isDiscontinuous: boolean;
  /** What the values mean, as the option `color` of a writer takes it. What is not known is left out. */
  readonly color: Partial<ColorDescription>;
  /**
   * Gives the memory back, once all others that have the frame are done with it, too: `data` is empty then.
   * Does nothing the second time.
   */
  close(): void;
  /** The same as `close`. */
  [Symbol.dispose](): void;
}

/** Gives frames in the order in which they are shown. */
export interface FrameSource extends AsyncDisposable {
  /** Width of the frames in pixels. */
  readonly width: number;
  /** Height of the frames in pixels. */
  readonly height: number;
  /** Pixel format of the frames. */
  readonly format: PixelFormat;
  /** Frames per second as an exact fraction; `null` where the rate is variable or not known. */
  readonly frameRate: { readonly num: number; readonly den: number } | null;
  /** Duration in seconds; `null` where it is not known. */
  readonly duration: number | null;
  /** The next frame; `null` at the end. */
  nextFrame(): Promise<DecodedFrame | null>;
}
