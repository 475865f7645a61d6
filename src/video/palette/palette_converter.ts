/**
 * Pictures as 256 colours, chosen for each.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { FilterGraph } from "../../libav/conversion/filter_graph.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { frameLayout, type PictureShape, type Pixels, Staging } from "../pixels.ts";
import type { Converter, ConverterTarget } from "../conversion/converter.ts";
import { CopyConverter } from "../conversion/copy_converter.ts";
import { OutputFrames } from "../conversion/output_frames.ts";

/** The filters that give each frame its own palette. */
export const paletteFilters =
  "split[picture][sample];[sample]palettegen=stats_mode=single[palette];[picture][palette]paletteuse=new=1:dither=none";

/** 256 colours chosen for each frame, which keeps a GIF of real footage close to its source. */
export class PaletteConverter implements Converter {
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
    return this.#copier.convert(this.#filtered);
  }

  [Symbol.dispose](): void {
    this.#copier[Symbol.dispose]();
    this.#filtered[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#graph[Symbol.dispose]();
  }
}
