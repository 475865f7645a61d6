/**
 * Transparent pictures for encoders without alpha: laid over a background.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import type { NativeFrame } from "../../../libav/native_frame.ts";
import { black } from "../../background.ts";
import { frameLayout, type PictureShape, type Pixels } from "../../pixels.ts";
import type { Blender, Converter, ConverterTarget } from "../converter.ts";
import { DeepOpacity } from "./deep_opacity.ts";
import { alphaByte, formatWithTwin, opaqueTwin } from "./opaque_formats.ts";
import { PackedBlender } from "./packed_blender.ts";
import { PlanarBlender } from "./planar_blender.ts";

type CreateConverter = (native: Native, shape: PictureShape, target: ConverterTarget) => Converter;

/** Lays pictures over a background, and converts the result. Opaque ones are converted as they are. */
export class BlendingConverter implements Converter {
  /** Makes something of the picture that can be blended; `null` where it is that already. */
  readonly #first: Converter | null = null;
  /** Finds opaque pictures before that; `null` where only the blender can. */
  readonly #opacity: DeepOpacity | null = null;
  readonly #blender: Blender;
  readonly #blended: Converter;
  readonly #opaque: Converter;

  /** `create` and `createOpaque` make the converters of pictures that were blended, and need not be. */
  constructor(
    native: Native,
    shape: PictureShape,
    target: ConverterTarget,
    create: CreateConverter,
    createOpaque: CreateConverter,
  ) {
    const { layout: { format, width, height }, meaning } = shape;
    const { background = black } = target;
    using owned = new DisposableStack();
    const blendable = formatWithTwin(native, format);
    if (blendable.id !== format.id) {
      this.#opacity = DeepOpacity.of(native, shape.layout);
      this.#first = owned.use(create(native, shape, { format: blendable, width, height, color: meaning }));
    }
    const twin = opaqueTwin(native, blendable)!;
    const from = { layout: frameLayout(blendable, width, height), meaning };
    this.#blender = owned.use(
      Object.hasOwn(alphaByte, blendable.name)
        ? new PackedBlender(native, from.layout, twin, background)
        : new PlanarBlender(native, from, twin, background),
    );
    this.#blended = owned.use(create(native, { layout: frameLayout(twin, width, height), meaning }, target));
    this.#opaque = owned.use(createOpaque(native, shape, target));
    owned.move();
  }

  convert(pixels: Pixels): NativeFrame {
    if (this.#opacity?.isOpaque(pixels)) return this.#opaque.convert(pixels);
    const blended = this.#blender.convert(this.#first?.convert(pixels) ?? pixels);
    return blended === null ? this.#opaque.convert(pixels) : this.#blended.convert(blended);
  }

  [Symbol.dispose](): void {
    this.#opaque[Symbol.dispose]();
    this.#blended[Symbol.dispose]();
    this.#blender[Symbol.dispose]();
    this.#first?.[Symbol.dispose]();
  }
}
