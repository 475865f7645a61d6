/**
 * Pictures that the encoder takes as they are.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { copyPixels, type Pixels } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import type { Converter } from "./converter.ts";
import type { OutputFrames } from "./output_frames.ts";

/** Same format and meaning: one copy into the encoder's frame, or none where a native frame fits as it is. */
export class CopyConverter implements Converter {
  readonly #native: Native;
  readonly #source: FrameLayout;
  readonly #output: OutputFrames;

  constructor(native: Native, source: FrameLayout, output: OutputFrames) {
    this.#native = native;
    this.#source = source;
    this.#output = output;
  }

  convert(pixels: Pixels): NativeFrame {
    if (pixels instanceof NativeFrame && this.#output.isExact && this.#isPassedOn(pixels)) return pixels;
    const frame = this.#output.take();
    copyPixels(this.#native, pixels, this.#source, frame);
    return this.#output.finish(frame);
  }

  #isPassedOn(frame: NativeFrame): boolean {
    const { width, height, format: id } = frame.shape;
    const { format } = this.#source;
    // Not every encoder takes rows that go upwards, as the filter vflip makes them: sgi writes elsewhere.
    // libavcodec's GIF encoder has a buffer for the stride of the first frame, and writes beyond it where the
    // stride grows.
    return frame.stride(0) > 0 && id === this.#output.format.id && !format.isPalette &&
      width === this.#source.width &&
      height === this.#source.height;
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}
