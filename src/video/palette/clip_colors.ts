/**
 * The palettes of one GIF.
 *
 * @module
 */
import { ExactPalette, paletteSize } from "./exact_palette.ts";

/** Where a GIF has its table of colours (GIF89a, 18 and 19). */
const tableOffset = 13;

/**
 * The palettes of a GIF's frames, as its encoder sees them. It writes the first frame's palette once for all,
 * and another one with each frame that has another. So all frames carry the first one, while colours that
 * come later get places in it, and the file's table is replaced by what they are in the end.
 */
export class ClipColors {
  readonly #exact: ExactPalette;
  #first: Uint32Array<ArrayBuffer> | null = null;
  /** Whether the frame before carried the first palette. */
  #wasFirst = true;
  #writtenCount = 0;

  /** `hasTransparent` says that frames may have transparent pixels. */
  constructor(hasTransparent: boolean) {
    this.#exact = new ExactPalette(hasTransparent);
  }

  /**
   * Maps pixels to places in the palette; returns the one that the frame carries, or `null` where the clip
   * has too many colours.
   */
  map(pixels: Uint32Array, places: Uint8Array): Uint32Array<ArrayBuffer> | null {
    if (this.#exact.isFull || !this.#exact.map(pixels, places)) return null;
    if (this.#first === null) {
      this.#first = this.#exact.colors();
      this.#writtenCount = this.#exact.count;
    }
    return this.#first;
  }

  /**
   * What a frame carries that has a palette of its own. libavcodec compares it with the first frame's alone,
   * and takes a frame for a change of the one before where they are the same: it must differ, unless the
   * frame before had that as well. It is told apart by an alpha that no file has.
   */
  own(colors: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    this.#first ??= colors.slice();
    const isFirst = this.#wasFirst && colors.every((color, index) => color === this.#first![index]);
    this.#wasFirst = isFirst;
    if (isFirst) return colors;
    const opaque = colors.findIndex((color) => color >>> 24 === 0xff);
    const marked = colors.slice();
    if (opaque >= 0) marked[opaque] = (colors[opaque]! & 0xfeffffff) >>> 0;
    return marked;
  }

  /**
   * Completes the file's table, where it lacks colours. `write` returns whether the file has bytes there
   * already.
   */
  completeTable(write: (offset: number, bytes: Uint8Array) => boolean): void {
    const { count } = this.#exact;
    // Without any at first, the first frame brought a palette of its own.
    if (this.#writtenCount === 0 || count === this.#writtenCount) return;
    const table = new Uint8Array(paletteSize * 3);
    for (const [index, color] of this.#exact.colors().entries()) {
      table.set([color >> 16 & 0xff, color >> 8 & 0xff, color & 0xff], index * 3);
    }
    if (write(tableOffset, table)) this.#writtenCount = count;
  }
}
