/**
 * Frames that are used again.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { Size } from "../../size.ts";
import { NativeFrame } from "../native_frame.ts";
import type { PixelFormatInfo } from "../pixel_format.ts";

/** Frames of one kind, reused once the encoder releases their pictures. */
export class NativeFramePool<F extends NativeFrame = NativeFrame> implements Disposable {
  readonly #make: () => F;
  readonly #frames: F[] = [];

  /**
   * Creates an empty pool. It grows to as many frames as the encoder holds at once, made by this function.
   */
  constructor(make: () => F) {
    this.#make = make;
  }

  /** A pool of frames in libav's own memory. Each has memory for `room` and shows `size`. */
  static of(native: Native, format: PixelFormatInfo, size: Size, room: Size = size): NativeFramePool {
    return new NativeFramePool(() => {
      const frame = new NativeFrame(native);
      frame.allocatePicture(format, room.width, room.height);
      frame.crop(size.width, size.height);
      return frame;
    });
  }

  /** A writable frame, owned by the pool. */
  take(): F {
    const free = this.#frames.find((frame) => frame.isWritable);
    if (free !== undefined) return free;
    const frame = this.#make();
    this.#frames.push(frame);
    return frame;
  }

  /** Frees all frames. */
  [Symbol.dispose](): void {
    for (const frame of this.#frames.splice(0)) frame[Symbol.dispose]();
  }
}
