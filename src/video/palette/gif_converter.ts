/**
 * Pictures for a GIF: one palette as long as the clip has few colours, then one for each.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { ClipColors } from "./clip_colors.ts";
import type { PictureShape, Pixels } from "../pixels.ts";
import type { Converter, ConverterTarget } from "../conversion/converter.ts";
import {
  type CreateConverter,
  IndexedFrames,
  readPalette,
  RgbaReader,
  writePalette,
} from "./indexed_frames.ts";
import { PaletteConverter } from "./palette_converter.ts";

/** Converts pictures to places in a palette. */
export class GifConverter implements Converter {
  readonly #native: Native;
  readonly #colors: ClipColors;
  readonly #reader: RgbaReader;
  readonly #frames: IndexedFrames;
  readonly #single: PaletteConverter;

  constructor(
    native: Native,
    shape: PictureShape,
    target: ConverterTarget,
    colors: ClipColors,
    create: CreateConverter,
  ) {
    using owned = new DisposableStack();
    this.#native = native;
    this.#colors = colors;
    this.#reader = owned.use(new RgbaReader(native, shape, create));
    this.#frames = owned.use(new IndexedFrames(native, shape.layout, target));
    this.#single = owned.use(new PaletteConverter(native, shape, target));
    owned.move();
  }

  convert(pixels: Pixels): NativeFrame {
    if (!this.#colors.isFull) {
      this.#reader.read(pixels);
      const colors = this.#colors.map(this.#reader.pixels, this.#frames.places);
      if (colors !== null) return this.#frames.make(colors);
    }
    const frame = this.#single.convert(pixels);
    writePalette(this.#native, frame, this.#colors.own(readPalette(this.#native, frame)));
    return frame;
  }

  [Symbol.dispose](): void {
    this.#single[Symbol.dispose]();
    this.#frames[Symbol.dispose]();
    this.#reader[Symbol.dispose]();
  }
}
