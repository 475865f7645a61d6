/**
 * The palettes of one GIF.
 *
 * @module
 */
import { ExactPalette, marked, paletteSize } from "./exact_palette.ts";

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
  /** Whether the file's table is this palette, and not one that the first frame brought. */
  #isTable = false;

  /** `hasTransparent` says that frames may have transparent pixels. */
  constructor(hasTransparent: boolean) {
    this.#exact = new ExactPalette(hasTransparent);
  }

  /** Whether the clip has more colours than one palette holds: no more pixels are mapped. */
  get isFull(): boolean {
    return this.#exact.isFull;
  }

  /**
   * Maps pixels to places in the palette; returns the one that the frame carries, or `null` where the clip
   * has too many colours.
   */
  map(pixels: Uint32Array, places: Uint8Array): Uint32Array<ArrayBuffer> | null {
    if (!this.#exact.map(pixels, places)) return null;
    if (this.#first === null) {
      this.#first = this.#exact.colors();
      this.#isTable = true;
      this.#writtenCount = this.#exact.count;
    }
    return this.#first;
  }

  /**
   * What a frame carries that has a palette of its own. libavcodec compares it with the first frame's alone,
   * and takes a frame for a change of the one before where they are the same: it must differ, unless the
   * frame before had that as well.
   */
  own(colors: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    this.#first ??= colors.slice();
    const isFirst = this.#wasFirst && colors.every((color, index) => color === this.#first![index]);
    this.#wasFirst = isFirst;
    return isFirst ? colors : marked(colors);
  }

  /** The palette of a frame with all colours that came since. */
  complete(colors: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
    const isShared = this.#isTable && colors.every((color, index) => color === this.#first![index]);
    return isShared ? this.#exact.colors() : colors;
  }

  /**
   * Completes the file's table, where it lacks colours. `write` returns whether the file has bytes there
   * already.
   */
  completeTable(write: (offset: number, bytes: Uint8Array) => boolean): void {
    const { count } = this.#exact;
    if (!this.#isTable || count === this.#writtenCount) return;
    const table = new Uint8Array(paletteSize * 3);
    for (const [index, color] of this.#exact.colors().entries()) {
      table.set([color >> 16 & 0xff, color >> 8 & 0xff, color & 0xff], index * 3);
    }
    if (write(tableOffset, table)) this.#writtenCount = count;
  }
}
