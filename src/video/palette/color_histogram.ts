/**
 * The colours of a whole clip, counted in a table of fixed size, and the palette that is nearest to them.
 *
 * @module
 */
import { paletteSize, transparentIndex } from "./exact_palette.ts";

/** Bits of each component that tell colours apart. */
const bits = 5;
const binCount = 1 << 3 * bits;
/** Colours besides the one for what is transparent. */
const colorCount = paletteSize - 1;
const opaqueAlpha = 128;

/** The bin of a pixel, whose bytes are RGBA. */
function binOf(pixel: number): number {
  return (pixel & 0xff) >> 3 | (pixel >> 11 & 31) << bits | (pixel >> 19 & 31) << 2 * bits;
}

/** A group of bins, which get one colour. */
interface Box {
  readonly bins: readonly number[];
  /** The mean of each component. */
  readonly mean: readonly [red: number, green: number, blue: number];
  /** The component that differs most, and by how much in all. */
  readonly component: number;
  readonly error: number;
}

/** Counts colours, and chooses a palette by splitting the group that has the largest error (median cut). */
export class ColorHistogram {
  readonly #counts = new Float64Array(binCount);
  /** Sums of red, green and blue. */
  readonly #sums = [0, 1, 2].map(() => new Float64Array(binCount)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];

  /** Counts the pixels of a picture, whose bytes are RGBA. */
  add(pixels: Uint32Array): void {
    const [reds, greens, blues] = this.#sums;
    for (const pixel of pixels) {
      if (pixel >>> 24 < opaqueAlpha) continue;
      const bin = binOf(pixel);
      this.#counts[bin]!++;
      reds[bin]! += pixel & 0xff;
      greens[bin]! += pixel >> 8 & 0xff;
      blues[bin]! += pixel >> 16 & 0xff;
    }
  }

  /** The palette for all that was counted. */
  palette(): FixedPalette {
    const used = [...this.#counts.keys()].filter((bin) => this.#counts[bin]! > 0);
    const boxes: Box[] = used.length === 0 ? [] : [this.#boxOf(used)];
    while (boxes.length < colorCount) {
      const worst = boxes.reduce(
        (most, box, index) => box.error > (boxes[most]?.error ?? 0) ? index : most,
        -1,
      );
      if (worst < 0) break;
      boxes.splice(worst, 1, ...this.#split(boxes[worst]!));
    }
    return new FixedPalette(boxes.map(({ mean }) => mean), used.map((bin) => [bin, this.#meanOf(bin)]));
  }

  #meanOf(bin: number): [number, number, number] {
    const count = this.#counts[bin]!;
    return this.#sums.map((sums) => sums[bin]! / count) as [number, number, number];
  }

  #boxOf(bins: readonly number[]): Box {
    let total = 0;
    const sums = [0, 0, 0];
    const squares = [0, 0, 0];
    for (const bin of bins) {
      const count = this.#counts[bin]!;
      total += count;
      for (const [component, value] of this.#meanOf(bin).entries()) {
        sums[component]! += value * count;
        squares[component]! += value * value * count;
      }
    }
    const errors = squares.map((square, component) => square - sums[component]! ** 2 / total);
    const component = errors.indexOf(Math.max(...errors));
    const mean = sums.map((sum) => sum / total) as [number, number, number];
    // One bin can't be split.
    return { bins, mean, component, error: bins.length === 1 ? 0 : errors[component]! };
  }

  /** Splits a group at its mean, along the component that differs most. */
  #split({ bins, mean, component }: Box): Box[] {
    const isBelow = (bin: number): boolean => this.#meanOf(bin)[component]! < mean[component]!;
    const parts = [bins.filter(isBelow), bins.filter((bin) => !isBelow(bin))];
    if (parts.some((part) => part.length === 0)) return [{ bins, mean, component, error: 0 }];
    return parts.map((part) => this.#boxOf(part));
  }
}

/** A palette that does not change, and the nearest of its colours for each that was counted. */
export class FixedPalette {
  readonly #places = new Uint8Array(binCount);
  readonly #colors = new Uint32Array(paletteSize).fill(0xff000000);

  constructor(
    colors: readonly (readonly [red: number, green: number, blue: number])[],
    bins: readonly (readonly [bin: number, mean: readonly [red: number, green: number, blue: number]])[],
  ) {
    const rounded = colors.map((color) => color.map(Math.round));
    for (const [index, [red, green, blue]] of rounded.entries()) {
      this.#colors[index] = (0xff000000 | red! << 16 | green! << 8 | blue!) >>> 0;
    }
    this.#colors[transparentIndex] = 0;
    for (const [bin, mean] of bins) {
      let least = Infinity;
      for (const [index, color] of rounded.entries()) {
        const distance = (color[0]! - mean[0]) ** 2 + (color[1]! - mean[1]) ** 2 + (color[2]! - mean[2]) ** 2;
        if (distance >= least) continue;
        least = distance;
        this.#places[bin] = index;
      }
    }
  }

  /** Maps pixels to places in the palette. */
  map(pixels: Uint32Array, places: Uint8Array): void {
    for (let index = 0; index < pixels.length; index++) {
      const pixel = pixels[index]!;
      places[index] = pixel >>> 24 < opaqueAlpha ? transparentIndex : this.#places[binOf(pixel)]!;
    }
  }

  /** The colours, as libav keeps palettes. */
  colors(): Uint32Array<ArrayBuffer> {
    return this.#colors;
  }
}
