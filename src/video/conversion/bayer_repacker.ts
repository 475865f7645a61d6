/**
 * Pictures of a colour filter array (Bayer), laid out as RGB.
 *
 * @module
 */
import { address, type Native } from "../../../ffi/mod.ts";
import { Scaler, type ScalerSide } from "../../libav/conversion/scaler.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatByName, type PixelFormatInfo } from "../../libav/pixel_format.ts";
import { scalerMatrix } from "../color.ts";
import { copyPixels, type PictureShape, type Pixels } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import { type Repacker, writableFrame } from "./repacker.ts";

/** A side that is even. */
function even(side: number): number {
  return side + side % 2;
}

/**
 * Bayer patterns to RGB by libswscale, which skips an odd column, and aborts the process for a single row (an
 * assertion).
 */
export class BayerRepacker implements Repacker {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #scaler: Scaler;
  readonly #staged: NativeFrame;
  readonly #frame: NativeFrame;
  readonly format: PixelFormatInfo;

  constructor(native: Native, { layout: from, meaning }: PictureShape) {
    const bits = from.format.depths.reduce((sum, depth) => sum + depth, 0);
    this.format = pixelFormatByName(native, bits > 8 ? "rgb48le" : "rgb24")!;
    this.#native = native;
    this.#from = from;
    const side = (format: PixelFormatInfo): ScalerSide => ({
      format,
      width: even(from.width),
      height: even(from.height),
      matrix: scalerMatrix(meaning),
      isFullRange: true,
    });
    this.#scaler = new Scaler(native, side(from.format), side(this.format));
    this.#staged = new NativeFrame(native);
    this.#frame = new NativeFrame(native);
  }

  convert(pixels: Pixels): NativeFrame {
    const { format, width, height } = this.#from;
    const staged = writableFrame(this.#staged, format, even(width), even(height));
    copyPixels(this.#native, pixels, this.#from, staged);
    this.#complete(staged);
    const frame = writableFrame(this.#frame, this.format, even(width), even(height));
    this.#scaler.convert(staged, frame);
    return frame;
  }

  /** Repeats the last column and row but one, which continue the pattern. */
  #complete(frame: NativeFrame): void {
    const { memory } = this.#native;
    const { width, height, planes: [plane] } = this.#from;
    const { rowBytes } = plane!;
    const sampleBytes = rowBytes / width;
    const stride = frame.stride(0);
    const at = (x: number, y: number) =>
      address(frame.planeAddress(0) + BigInt(y * stride + x * sampleBytes));
    if (width % 2 === 1) {
      memory.copyRows(at(width, 0), stride, at(Math.max(0, width - 2), 0), stride, sampleBytes, height);
    }
    if (height % 2 === 1) {
      memory.copyRows(
        at(0, height),
        stride,
        at(0, Math.max(0, height - 2)),
        stride,
        even(width) * sampleBytes,
        1,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staged[Symbol.dispose]();
    this.#scaler[Symbol.dispose]();
  }
}
