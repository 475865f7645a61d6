/**
 * What red, green and blue of 16-bit words weigh in luma and chroma, in the fixed point of the kernels.
 *
 * @module
 */
import type { PixelMeaning } from "../color.ts";
import { lumaShares, neutral, pair, reach } from "./weights.ts";

/** How three components become a sample. */
export interface Mixture {
  /** The pairs of red and of a part of green, and of the rest of green and of blue. */
  readonly first: number;
  readonly last: number;
  /** Fractional bits of the sums. */
  readonly bits: number;
  /** Bits of a sample. */
  readonly depth: number;
  /** What is added to each sum, in a pattern of eight by eight. */
  readonly biases: Int32Array<ArrayBuffer>;
}

/**
 * What is added before samples of more bits are cut to 8, of 128: libswscale's pattern (ff_dither_8x8_128,
 * libswscale/swscale.c), so that slow gradients stay without steps.
 */
const dither: readonly (readonly number[])[] = [
  [36, 68, 60, 92, 34, 66, 58, 90],
  [100, 4, 124, 28, 98, 2, 122, 26],
  [52, 84, 44, 76, 50, 82, 42, 74],
  [116, 20, 108, 12, 114, 18, 106, 10],
  [32, 64, 56, 88, 38, 70, 62, 94],
  [96, 0, 120, 24, 102, 6, 126, 30],
  [48, 80, 40, 72, 54, 86, 46, 78],
  [112, 16, 104, 8, 118, 22, 110, 14],
];
/** Where the pattern of v begins, so that it is not that of u (libswscale/vscale.c). */
const placeOfV = 3;

/** A pattern in fixed point, plus a constant. */
function pattern(depth: number, one: number, constant: number, place = 0): Int32Array<ArrayBuffer> {
  const rest = (row: number, x: number): number =>
    // One more than libswscale's: whole numbers are then as far from the next one either way.
    depth === 8 ? (dither[row]![(x + place) % 8]! + 1) / 128 : 0.5;
  return Int32Array.from({ length: 64 }, (_, at) => constant + rest(at >> 3, at & 7) * one);
}

/** Luma and both chroma samples of so many bits, of colours whose white is a number of 16 bits. */
export function deepWeights(
  { matrix, range }: PixelMeaning,
  depth: number,
  white: number,
): [luma: Mixture, u: Mixture, v: Mixture] {
  const { red, blue } = lumaShares(matrix);
  const step = 2 ** (depth - 8);
  // Full range ends at the greatest number, limited range at a multiple of what 8 bits have.
  const spanOf = (part: "luma" | "chroma"): number =>
    range === "tv" ? reach(range, part).span * step : 2 ** depth - 1;
  // Sums have 31 bits; those of chroma may be half a sample too large.
  const bits = 31 - depth, chromaBits = bits - 1;
  const mixture = (r: number, g: number, b: number) => {
    const half = g >> 1;
    return { first: pair(r, half), last: pair(g - half, b), depth };
  };
  const lumaScale = spanOf("luma") * 2 ** bits / white;
  const total = Math.round(lumaScale), r = Math.round(red * lumaScale), b = Math.round(blue * lumaScale);
  // Words are made signed by taking half their range away.
  const lumaBias = reach(range, "luma").zero * step * 2 ** bits + total * 2 ** 15;
  const chromaScale = spanOf("chroma") * 2 ** chromaBits / white / 2;
  const itself = Math.round(chromaScale);
  const redInU = Math.round(-chromaScale * red / (1 - blue));
  const blueInV = Math.round(-chromaScale * blue / (1 - red));
  const chroma = (place: number): Pick<Mixture, "bits" | "biases"> => ({
    bits: chromaBits,
    biases: pattern(depth, 2 ** chromaBits, neutral * step * 2 ** chromaBits, place),
  });
  return [
    { ...mixture(r, total - r - b, b), bits, biases: pattern(depth, 2 ** bits, lumaBias) },
    { ...mixture(redInU, -(redInU + itself), itself), ...chroma(0) },
    { ...mixture(itself, -(itself + blueInV), blueInV), ...chroma(placeOfV) },
  ];
}
