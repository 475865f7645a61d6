/**
 * Pictures as 256 colours, chosen for each.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { FilterGraph } from "../../libav/conversion/filter_graph.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { frameLayout, type PictureShape, type Pixels, Staging } from "../pixels.ts";
import type { Size } from "../../size.ts";
import type { Converter, ConverterTarget } from "../conversion/converter.ts";
import { CopyConverter } from "../conversion/copy_converter.ts";
import { OutputFrames } from "../conversion/output_frames.ts";
import { transparentIndex } from "./exact_palette.ts";
import { readPalette, writePalette } from "./indexed_frames.ts";

/** The filters that give each frame its own palette. */
export const paletteFilters =
  "split[picture][sample];[sample]palettegen=stats_mode=single[palette];[picture][palette]paletteuse=new=1:dither=none";

/** 256 colours chosen for each frame, which keeps a GIF of real footage close to its source. */
export class PaletteConverter implements Converter {
  readonly #native: Native;
  readonly #size: Size;
  readonly #staging: Staging;
  readonly #graph: FilterGraph;
  readonly #filtered: NativeFrame;
  /** Copies to frames with the strides of pictures that need no new palette. */
  readonly #copier: CopyConverter;
  #count = 0n;

  constructor(native: Native, { layout: source, meaning }: PictureShape, target: ConverterTarget) {
    const { format, width, height } = source;
    const [timeBase, frameRate] = [{ num: 1, den: 1 }, { num: 1, den: 1 }];
    const color = { primaries: "unknown", transfer: "unknown", ...meaning };
    const input = { format, width, height, timeBase, frameRate, color };
    this.#native = native;
    this.#size = { width, height };
    this.#graph = new FilterGraph(native, paletteFilters, input);
    this.#staging = new Staging(native, source);
    this.#filtered = new NativeFrame(native);
    const picture = frameLayout(target.format, width, height);
    this.#copier = new CopyConverter(native, picture, new OutputFrames(native, picture, target));
  }

  convert(pixels: Pixels): NativeFrame {
    const staged = this.#staging.stage(pixels);
    staged.stamp(this.#count++, false, 0);
    this.#graph.send(staged);
    this.#filtered.unref();
    if (!this.#graph.receive(this.#filtered)) throw new Error("The palette filters held a frame back");
    return this.#placeTransparent(this.#copier.convert(this.#filtered));
  }

  /**
   * Moves what is transparent to the last place of the palette: the encoder takes its place in the first
   * palette for that of all. Filters of FFmpeg 4.3 sort palettes, so that it lies anywhere.
   */
  #placeTransparent(frame: NativeFrame): NativeFrame {
    const colors = readPalette(this.#native, frame);
    const place = colors.findIndex((color) => color >>> 24 < 128);
    if (place < 0 || colors[transparentIndex]! >>> 24 < 128) return frame;
    const { memory } = this.#native;
    const { width, height } = this.#size;
    const places = new Uint8Array(width * height);
    memory.readRows(places, frame.planeAddress(0), frame.stride(0), width, height);
    for (const [index, at] of places.entries()) {
      if (at === place) places[index] = transparentIndex;
      else if (at === transparentIndex) places[index] = place;
    }
    memory.writeRows(frame.planeAddress(0), frame.stride(0), places, width, width, height);
    [colors[place], colors[transparentIndex]] = [colors[transparentIndex]!, colors[place]!];
    writePalette(this.#native, frame, colors);
    return frame;
  }

  [Symbol.dispose](): void {
    this.#copier[Symbol.dispose]();
    this.#filtered[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#graph[Symbol.dispose]();
  }
}
