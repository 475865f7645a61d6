/**
 * Pictures of any size as those of one size.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { Size } from "../size.ts";
import { FormatUnpacker } from "./conversion/unpacker.ts";
import { type PictureShape, type Pixels, sameShape } from "./pixels.ts";
import { type ResizeMode, Resizer } from "./resizer.ts";

/** What a {@linkcode SizeFitter} makes. */
export interface FitterTarget {
  /** The size of its pictures. */
  readonly size: Size;
  /** How others are resized. */
  readonly mode: ResizeMode;
  /** Whether all must be in a format that libswscale and libavfilter read, even those of the right size. */
  readonly mustBeReadable: boolean;
}

/** Gives pictures a size. The result is valid until the next one. */
export class SizeFitter implements Disposable {
  readonly #native: Native;
  readonly #target: FitterTarget;
  #unpacker: { readonly from: PictureShape; readonly unpacker: FormatUnpacker } | null = null;
  #resizer: { readonly from: PictureShape; readonly resizer: Resizer } | null = null;

  constructor(native: Native, target: FitterTarget) {
    this.#native = native;
    this.#target = target;
  }

  /** The shape of what comes of a picture. Throws where it cannot be made. */
  shapeOf(shape: PictureShape): PictureShape {
    const readable = this.#isUnpacked(shape) ? this.#unpackerFor(shape).shape : shape;
    return this.#fits(readable) ? readable : this.#resizerFor(readable).shape;
  }

  /** Gives a picture the size, and passes it on. */
  fit(pixels: Pixels, shape: PictureShape, take: (pixels: Pixels, shape: PictureShape) => void): void {
    if (this.#isUnpacked(shape)) {
      const unpacker = this.#unpackerFor(shape);
      [pixels, shape] = [unpacker.convert(pixels), unpacker.shape];
    }
    if (this.#fits(shape)) return take(pixels, shape);
    const resizer = this.#resizerFor(shape);
    take(resizer.convert(pixels), resizer.shape);
  }

  /** Whether a picture is in a format that must be read, but cannot be. */
  #isUnpacked(shape: PictureShape): boolean {
    const { format, width } = shape.layout;
    return (this.#target.mustBeReadable || !this.#fits(shape)) &&
      FormatUnpacker.isNeeded(this.#native, format, width);
  }

  #fits({ layout }: PictureShape): boolean {
    const { width, height } = this.#target.size;
    return layout.width === width && layout.height === height;
  }

  #unpackerFor(from: PictureShape): FormatUnpacker {
    if (this.#unpacker === null || !sameShape(this.#unpacker.from, from)) {
      const unpacker = new FormatUnpacker(this.#native, from);
      this.#unpacker?.unpacker[Symbol.dispose]();
      this.#unpacker = { from, unpacker };
    }
    return this.#unpacker.unpacker;
  }

  #resizerFor(from: PictureShape): Resizer {
    if (this.#resizer === null || !sameShape(this.#resizer.from, from)) {
      const { size: { width, height }, mode } = this.#target;
      const resizer = new Resizer(this.#native, from, width, height, mode);
      this.#resizer?.resizer[Symbol.dispose]();
      this.#resizer = { from, resizer };
    }
    return this.#resizer.resizer;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#resizer?.resizer[Symbol.dispose]();
    this.#unpacker?.unpacker[Symbol.dispose]();
  }
}
