/**
 * Pictures in formats that libswscale does not read, or not well: laid out anew in one that it does.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { UnsupportedError } from "../../errors.ts";
import { isScalerInput } from "../../libav/conversion/scaler.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import { type PixelFormatInfo, pixelFormats } from "../../libav/pixel_format.ts";
import { frameLayout, type PictureShape, type Pixels } from "../pixels.ts";
import { BayerRepacker } from "./bayer_repacker.ts";
import { canTakeComponents } from "./component_copier.ts";
import { ComponentRepacker } from "./component_repacker.ts";
import { FloatRepacker, integerTwin } from "./float_repacker.ts";
import type { Repacker } from "./repacker.ts";

/** Repacks pictures of one shape. The returned frame is valid until the next call. */
export class FormatUnpacker implements Disposable {
  readonly #repacker: Repacker;
  /** The output. */
  readonly shape: PictureShape;

  /**
   * Whether pictures of a format must be repacked before libswscale can read them and their edges can be
   * repeated.
   */
  static isNeeded(native: Native, format: PixelFormatInfo, width: number): boolean {
    return format.isBayer || format.isFloat || isCoarse(format) || isTight(format) ||
      width % pixelsTogether(format) > 0 || !isScalerInput(native, format);
  }

  /** For pictures of a shape. Throws an {@linkcode UnsupportedError} where no suitable format is known. */
  constructor(native: Native, from: PictureShape) {
    const { layout, meaning } = from;
    this.#repacker = createRepacker(native, from);
    this.shape = { layout: frameLayout(this.#repacker.format, layout.width, layout.height), meaning };
  }

  /** Repacks one picture. */
  convert(pixels: Pixels): NativeFrame {
    return this.#repacker.convert(pixels);
  }

  /** Frees the frames. */
  [Symbol.dispose](): void {
    this.#repacker[Symbol.dispose]();
  }
}

function createRepacker(native: Native, from: PictureShape): Repacker {
  const { format } = from.layout;
  if (format.isBayer) return new BayerRepacker(native, from);
  const integers = format.isFloat ? integerTwin(native, format) : null;
  if (integers !== null) return new FloatRepacker(native, from.layout, integers);
  const twin = readableTwin(native, format);
  if (twin !== null) return new ComponentRepacker(native, from.layout, twin);
  throw new UnsupportedError(`Cannot convert ${format.name}: neither libswscale nor avwriter reads it`, {
    code: "PIXEL_FORMAT",
    operation: "convert a frame",
    hint: "Give frames in another pixel format",
  });
}

/**
 * Whether a format is RGB of four to six bits in one word: libswscale appends zeros to the bits, so that its
 * white is gray.
 */
function isCoarse({ isRgb, isBayer, depths }: PixelFormatInfo): boolean {
  return isRgb && !isBayer && depths.every((depth) => depth >= 4 && depth <= 6);
}

/** How many pixels share bytes: the end of a row may contain undefined pixels. */
function pixelsTogether({ isBitstream, planeCount, log2ChromaWidth }: PixelFormatInfo): number {
  return isBitstream ? 8 : planeCount === 1 ? 1 << log2ChromaWidth : 1;
}

/** Whether a format is RGB of ten bits in one word, of which libswscale loses more than necessary. */
function isTight({ isRgb, planeCount, depth }: PixelFormatInfo): boolean {
  return isRgb && planeCount === 1 && depth > 8 && depth < 16;
}

/** The most bits of an integer component that libswscale reads. */
const maxScalerBits = 16;

/**
 * A format that libswscale reads, with the same components and as many bits as it reads well; planar ones
 * first.
 */
function readableTwin(native: Native, format: PixelFormatInfo): PixelFormatInfo | null {
  const isWidened = isCoarse(format) || format.isGray && format.isBitstream;
  const depths = format.depths.map((depth) => (isWidened ? 8 : Math.min(depth, maxScalerBits)));
  const twins = pixelFormats(native)
    .filter((twin) =>
      !twin.isHardware && !twin.isPalette && !twin.isBayer && !twin.isFloat &&
      canTakeComponents(twin) &&
      !format.isFloat && twin.isRgb === format.isRgb && twin.hasAlpha === format.hasAlpha &&
      twin.log2ChromaWidth === format.log2ChromaWidth &&
      twin.log2ChromaHeight === format.log2ChromaHeight &&
      twin.depths.length === depths.length && twin.depths.every((depth, index) => depth === depths[index]) &&
      isScalerInput(native, twin)
    );
  return twins.find(({ planeCount }) => planeCount === depths.length) ?? twins[0] ?? null;
}
