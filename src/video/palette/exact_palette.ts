/**
 * One palette for all frames of a clip that has no more colours than a palette holds.
 *
 * Colours get their places as they come, so that frames that are written already stay right while the palette
 * grows: the file's own table is completed later.
 *
 * @module
 */

/** The colours of a palette. */
export const paletteSize = 256;
/** The place of what is transparent, where frames may be. */
export const transparentIndex = 255;
/** Alpha from here on is opaque, as in libavfilter's palettegen. */
const opaqueAlpha = 128;
/** A hash table that is at most a quarter full. */
const tableSize = 1024;
const tableShift = 22;
/** A multiplier that spreads neighbouring colours (2 to the 32nd power over the golden ratio). */
const spread = 0x9e3779b1;

/** Colours as `0xBBGGRR`, as the bytes of RGBA are read as a number. */
export class ExactPalette {
  /** Colours by hash; -1 where there is none. */
  readonly #keys = new Int32Array(tableSize).fill(-1);
  readonly #places = new Uint8Array(tableSize);
  readonly #colors = new Int32Array(paletteSize);
  #count = 0;
  readonly #hasTransparent: boolean;
  #isFull = false;

  /** `hasTransparent` keeps a place for what is transparent. */
  constructor(hasTransparent: boolean) {
    this.#hasTransparent = hasTransparent;
  }

  /** The number of colours. */
  get count(): number {
    return this.#count;
  }

  /** Whether a picture had more colours than there is room for: nothing is mapped any more. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Maps pixels to places in the palette; `false` where there is no room for their colours. */
  map(pixels: Uint32Array, places: Uint8Array): boolean {
    let last = -1;
    let place = 0;
    for (let index = 0; index < pixels.length; index++) {
      const pixel = pixels[index]!;
      if (this.#hasTransparent && pixel >>> 24 < opaqueAlpha) {
        places[index] = transparentIndex;
        continue;
      }
      const color = pixel & 0xffffff;
      if (color !== last) {
        place = this.#placeOf(color);
        if (place < 0) {
          this.#isFull = true;
          return false;
        }
        last = color;
      }
      places[index] = place;
    }
    return true;
  }

  /** The colours so far, as libav keeps palettes: `0xAARRGGBB`. */
  colors(): Uint32Array<ArrayBuffer> {
    const colors = Uint32Array.from(this.#colors.subarray(0, this.#count), argb);
    const palette = new Uint32Array(paletteSize);
    palette.set(colors);
    // More colours would make the table of the first frame larger.
    palette.fill(colors[0] ?? 0xff000000, this.#count);
    if (this.#hasTransparent) palette[transparentIndex] = 0;
    return palette;
  }

  #placeOf(color: number): number {
    let at = Math.imul(color, spread) >>> tableShift;
    for (; this.#keys[at] !== -1; at = (at + 1) % tableSize) {
      if (this.#keys[at] === color) return this.#places[at]!;
    }
    if (this.#count === (this.#hasTransparent ? transparentIndex : paletteSize)) return -1;
    this.#keys[at] = color;
    this.#places[at] = this.#count;
    this.#colors[this.#count] = color;
    return this.#count++;
  }
}

/** The same palette, told apart by an alpha that no file has. */
export function marked(colors: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const copy = colors.slice();
  const opaque = colors.findIndex((color) => color >>> 24 === 0xff);
  if (opaque >= 0) copy[opaque] = (colors[opaque]! & 0xfeffffff) >>> 0;
  return copy;
}

/** A colour whose bytes are RGBA as libav keeps it in palettes. */
function argb(color: number): number {
  return (0xff000000 | (color & 0xff) << 16 | color & 0xff00 | color >> 16 & 0xff) >>> 0;
}
