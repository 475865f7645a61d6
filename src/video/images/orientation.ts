/**
 * Which way up images are.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { FilterGraph } from "../../libav/conversion/filter_graph.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { FrameReader } from "../frame_reader.ts";
import { type Picture, type PictureShape, sameShape } from "../pixels.ts";

/** How images are turned: as they say themselves, or not at all. */
export type ImageOrientation = "from-image" | "none";

/** The filters for each orientation but 1, which is upright (Exif 2.32, tag 0x0112). */
const turns: readonly (string | null)[] = [
  ...[null, null, "hflip", "hflip,vflip", "vflip"],
  ...["transpose=cclock_flip", "transpose=clock", "transpose=clock_flip", "transpose=cclock"],
];

/** Turns images the right way up. */
export class Orienter implements Disposable {
  readonly #native: Native;
  readonly #turned: NativeFrame;
  #graph: { readonly from: PictureShape; readonly turn: string; readonly graph: FilterGraph } | null = null;

  constructor(native: Native) {
    this.#native = native;
    this.#turned = new NativeFrame(native);
  }

  /** An image the right way up, valid until the next one. */
  turn(frame: NativeFrame, shape: PictureShape, orientation: number): Picture {
    const turn = turns[orientation] ?? null;
    if (turn === null) return { pixels: frame, shape };
    const graph = this.#graphFor(shape, turn);
    this.#turned.unref();
    frame.stamp(0n, false, 0);
    graph.send(frame);
    if (!graph.receive(this.#turned)) throw new Error("The filters that turn images held one back");
    const reader = new FrameReader(this.#native, () => shape.meaning);
    return { pixels: this.#turned, shape: reader.read(this.#turned) };
  }

  #graphFor(from: PictureShape, turn: string): FilterGraph {
    const last = this.#graph;
    if (last !== null && last.turn === turn && sameShape(last.from, from)) return last.graph;
    const { layout: { format, width, height }, meaning } = from;
    const [timeBase, frameRate] = [{ num: 1, den: 1 }, { num: 1, den: 1 }];
    const color = { primaries: "unknown", transfer: "unknown", ...meaning };
    const graph = new FilterGraph(this.#native, turn, { format, width, height, timeBase, frameRate, color });
    last?.graph[Symbol.dispose]();
    this.#graph = { from, turn, graph };
    return graph;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#turned[Symbol.dispose]();
    this.#graph?.graph[Symbol.dispose]();
  }
}
