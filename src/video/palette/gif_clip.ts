/**
 * A GIF whose palette is chosen for the whole clip: its frames wait on the disk until all colours are known.
 *
 * @module
 */
import { type Native, ScratchFile } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { FrameStamp } from "../frame_timing.ts";
import { ColorHistogram } from "./color_histogram.ts";
import { ExactPalette } from "./exact_palette.ts";
import { type PictureShape, type Pixels, sameShape } from "../pixels.ts";
import type { ConverterTarget } from "../conversion/converter.ts";
import { createConverter } from "../conversion/create_converter.ts";
import { IndexedFrames, RgbaReader } from "./indexed_frames.ts";

/** Counts the colours of frames and keeps the frames, as RGBA, in a file; then gives them in one palette. */
export class GifClip implements Disposable {
  readonly #native: Native;
  readonly #target: ConverterTarget;
  readonly #file: ScratchFile;
  readonly #frames: IndexedFrames;
  readonly #pixels: Uint32Array<ArrayBuffer>;
  readonly #exact: ExactPalette;
  readonly #histogram = new ColorHistogram();
  #reader: { readonly shape: PictureShape; readonly reader: RgbaReader } | null = null;
  #stamps: FrameStamp[] = [];

  /** `path` is that of the file, which must not be one that is needed. */
  constructor(native: Native, target: ConverterTarget, path: string, hasAlpha: boolean) {
    using owned = new DisposableStack();
    this.#native = native;
    this.#target = target;
    this.#frames = owned.use(new IndexedFrames(native, target, target));
    this.#pixels = new Uint32Array(target.width * target.height);
    this.#exact = new ExactPalette(hasAlpha);
    this.#file = new ScratchFile(path);
    owned.move();
  }

  /** The number of frames that wait. */
  get count(): number {
    return this.#stamps.length;
  }

  /** Keeps a frame. */
  add(pixels: Pixels, shape: PictureShape, stamp: FrameStamp): void {
    const reader = this.#readerFor(shape);
    reader.read(pixels);
    if (!this.#exact.isFull) this.#exact.map(reader.pixels, this.#frames.places);
    this.#histogram.add(reader.pixels);
    this.#file.append(reader.bytes);
    this.#stamps.push(stamp);
  }

  /** Gives all frames, each valid until the next, and forgets them. */
  *replay(): Generator<{ readonly frame: NativeFrame; readonly stamp: FrameStamp }> {
    const stamps = this.#stamps;
    this.#stamps = [];
    const palette = this.#exact.isFull ? this.#histogram.palette() : this.#exact;
    const colors = palette.colors();
    const bytes = new Uint8Array(this.#pixels.buffer);
    for (const [index, stamp] of stamps.entries()) {
      this.#file.read(bytes, index * bytes.length);
      palette.map(this.#pixels, this.#frames.places);
      yield { frame: this.#frames.make(colors), stamp };
    }
  }

  #readerFor(shape: PictureShape): RgbaReader {
    if (this.#reader === null || !sameShape(this.#reader.shape, shape)) {
      this.#reader?.reader[Symbol.dispose]();
      this.#reader = { shape, reader: new RgbaReader(this.#native, shape, createConverter, this.#target) };
    }
    return this.#reader.reader;
  }

  [Symbol.dispose](): void {
    this.#reader?.reader[Symbol.dispose]();
    this.#frames[Symbol.dispose]();
    this.#file[Symbol.dispose]();
  }
}
