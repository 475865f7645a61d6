/**
 * The choice of a converter.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import { scalerMatrix } from "../color.ts";
import { frameLayout, type PictureShape, type Pixels } from "../pixels.ts";
import type { Converter, ConverterTarget } from "./converter.ts";
import { BlendingConverter } from "./blending/blending_converter.ts";
import { CopyConverter } from "./copy_converter.ts";
import { DeepConverter } from "./deep_converter.ts";
import { GifConverter } from "../palette/gif_converter.ts";
import { KernelConverter } from "./kernel_converter.ts";
import { OutputFrames } from "./output_frames.ts";
import { packedPlaneOrder } from "./packed_components.ts";
import { opaqueTwin } from "./blending/opaque_formats.ts";
import { PaletteConverter } from "../palette/palette_converter.ts";
import { ScalingConverter } from "./scaling_converter.ts";
import { SplittingConverter } from "./splitting_converter.ts";
import { FormatUnpacker } from "./unpacker.ts";

/** Creates the converter from a shape to an encoder's format: a copy where nothing differs. */
export function createConverter(native: Native, shape: PictureShape, target: ConverterTarget): Converter {
  const { format, width, height } = shape.layout;
  if (Math.abs(width - target.width) > 1 || Math.abs(height - target.height) > 1) {
    throw new RangeError(`Cannot convert a ${width}x${height} picture to ${target.width}x${target.height}`);
  }
  // An odd column or row is cropped from the start.
  const visible = frameLayout(format, Math.min(width, target.width), Math.min(height, target.height));
  const isDeep = !format.hasAlpha && DeepConverter.exists(visible, shape.meaning, target);
  if (!isDeep && format.id !== target.format.id && FormatUnpacker.isNeeded(native, format, visible.width)) {
    return new UnpackingConverter(native, { ...shape, layout: visible }, target);
  }
  if (format.hasAlpha && (!target.format.hasAlpha || target.isOpaque)) {
    return new BlendingConverter(
      native,
      { ...shape, layout: visible },
      target,
      createConverter,
      createOpaque,
    );
  }
  return createOpaque(native, { ...shape, layout: visible }, target);
}

/** The same, but for alpha, which is dropped where the target has none. */
function createOpaque(native: Native, shape: PictureShape, target: ConverterTarget): Converter {
  const { layout: visible, layout: { format } } = shape;
  if (target.format.isPalette && !format.isPalette) {
    if (target.clipColors) return new GifConverter(native, shape, target, target.clipColors, createConverter);
    return new PaletteConverter(native, shape, target);
  }
  const isSameMeaning = format.isRgb || format.isPalette || format.isGray && target.format.isGray ||
    scalerMatrix(shape.meaning) === scalerMatrix(target.color) && shape.meaning.range === target.color.range;
  const isSameLayout = [format.id, opaqueTwin(native, format)?.id].includes(target.format.id);
  if (isSameLayout && isSameMeaning) {
    // Without alpha's own plane, where the target has none.
    const copied = frameLayout(target.format, visible.width, visible.height);
    return new CopyConverter(native, copied, new OutputFrames(native, visible, target));
  }
  if (target.format.name === "gbrap" && Object.hasOwn(packedPlaneOrder, format.name)) {
    return new SplittingConverter(native, visible, target);
  }
  if (DeepConverter.exists(visible, shape.meaning, target)) return new DeepConverter(native, visible, target);
  return KernelConverter.exists(visible, shape.meaning, target)
    ? new KernelConverter(native, visible, shape.meaning, target)
    : new ScalingConverter(native, visible, shape.meaning, target);
}

/** Repacks a format that libswscale does not read, and converts the result. */
class UnpackingConverter implements Converter {
  readonly #unpacker: FormatUnpacker;
  readonly #converter: Converter;

  constructor(native: Native, source: PictureShape, target: ConverterTarget) {
    using owned = new DisposableStack();
    this.#unpacker = owned.use(new FormatUnpacker(native, source));
    this.#converter = createConverter(native, this.#unpacker.shape, target);
    owned.move();
  }

  convert(pixels: Pixels): NativeFrame {
    return this.#converter.convert(this.#unpacker.convert(pixels));
  }

  [Symbol.dispose](): void {
    this.#converter[Symbol.dispose]();
    this.#unpacker[Symbol.dispose]();
  }
}
