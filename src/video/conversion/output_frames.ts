/**
 * The frames that converters write into.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import { NativeFramePool } from "../../libav/conversion/native_frame_pool.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { Size } from "../../size.ts";
import { frameLayout, repeatEdges } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import type { ConverterTarget } from "./converter.ts";

/**
 * Frames for the encoder, reused once it has released them, with the last column and row repeated where they
 * are larger.
 */
export class OutputFrames implements Disposable {
  readonly #native: Native;
  readonly #pool: NativeFramePool;
  readonly #picture: FrameLayout;
  readonly #frame: FrameLayout;
  /** Whether the frames are as large as the picture. */
  readonly isExact: boolean;

  /** `picture` has the size of what is put into the frames, which may be a pixel larger than they show. */
  constructor(native: Native, picture: Size, { format, width, height }: ConverterTarget) {
    this.#native = native;
    const room = { width: Math.max(width, picture.width), height: Math.max(height, picture.height) };
    this.#pool = NativeFramePool.of(native, format, { width, height }, room);
    this.#picture = frameLayout(format, picture.width, picture.height);
    this.#frame = frameLayout(format, width, height);
    this.isExact = picture.width >= width && picture.height >= height;
  }

  /** Their pixel format. */
  get format(): PixelFormatInfo {
    return this.#frame.format;
  }

  /** A writable frame. */
  take(): NativeFrame {
    return this.#pool.take();
  }

  /** Repeats the last column and row of the picture in a larger frame; returns the frame. */
  finish(frame: NativeFrame): NativeFrame {
    if (!this.isExact) repeatEdges(this.#native, frame, this.#picture, this.#frame);
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}
