/**
 * Conversion by libswscale.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { Scaler } from "../../libav/conversion/scaler.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { Size } from "../../size.ts";
import { type PixelMeaning, scalerMatrix } from "../color.ts";
import { copyPixels, frameLayout, type Pixels, repeatEdges } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import type { Converter, ConverterTarget } from "./converter.ts";
import { DeepRgb } from "./deep_rgb.ts";
import { OutputFrames } from "./output_frames.ts";
import { AlphaPlane } from "./packed_components.ts";

/** A size rounded up to whole chroma samples of a format. */
function alignToChroma(
  { width, height }: Size,
  { log2ChromaWidth, log2ChromaHeight }: PixelFormatInfo,
): Size {
  const whole = (side: number, shift: number): number => Math.ceil(side / (1 << shift)) << shift;
  return { width: whole(width, log2ChromaWidth), height: whole(height, log2ChromaHeight) };
}

/**
 * Another format: libswscale.
 *
 * It gets pictures in whole chroma samples of both formats, the last column and row repeated: of an odd width
 * it would stretch the chroma of all of the picture to one sample more than it has pairs of pixels.
 */
export class ScalingConverter implements Converter {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  readonly #padded: FrameLayout;
  readonly #staging: NativeFrame;
  readonly #scaler: Scaler;
  readonly #output: OutputFrames;
  readonly #alpha: AlphaPlane | null;
  readonly #deepRgb: DeepRgb | null;

  constructor(native: Native, given: FrameLayout, meaning: PixelMeaning, target: ConverterTarget) {
    using owned = new DisposableStack();
    this.#deepRgb = DeepRgb.isNeeded(given.format, target.format)
      ? owned.use(new DeepRgb(native, given))
      : null;
    const picture = this.#deepRgb?.layout ?? given;
    this.#native = native;
    this.#picture = picture;
    const { format } = picture;
    const { width, height } = alignToChroma(alignToChroma(picture, format), target.format);
    this.#padded = frameLayout(format, width, height);
    const toColor = target.format.isRgb ? meaning : target.color;
    const isFullRange = (range: string): boolean => range === "pc";
    this.#scaler = new Scaler(
      native,
      { format, width, height, matrix: scalerMatrix(meaning), isFullRange: isFullRange(meaning.range) },
      {
        format: target.format,
        width,
        height,
        matrix: scalerMatrix(toColor),
        isFullRange: isFullRange(target.color.range),
      },
    );
    this.#staging = new NativeFrame(native);
    this.#output = new OutputFrames(native, { width, height }, target);
    this.#alpha = AlphaPlane.isNeeded(format, target.format) ? new AlphaPlane(native, picture) : null;
    owned.move();
  }

  convert(pixels: Pixels): NativeFrame {
    const frame = this.#output.take();
    const staged = this.#stage(this.#deepRgb?.convert(pixels) ?? pixels);
    this.#scaler.convert(staged, frame);
    this.#alpha?.copy(staged, frame);
    return this.#output.finish(frame);
  }

  #stage(pixels: Pixels): NativeFrame {
    const { format, width, height } = this.#padded;
    const isPadded = width > this.#picture.width || height > this.#picture.height;
    if (pixels instanceof NativeFrame && !isPadded) return pixels;
    if (!this.#staging.isWritable) {
      this.#staging.unref();
      this.#staging.allocatePicture(format, width, height);
    }
    copyPixels(this.#native, pixels, this.#picture, this.#staging);
    if (isPadded) repeatEdges(this.#native, this.#staging, this.#picture, this.#padded);
    return this.#staging;
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#scaler[Symbol.dispose]();
    this.#deepRgb?.[Symbol.dispose]();
  }
}
