/**
 * What red, green and blue weigh in luma and chroma, in the fixed point of the kernels.
 *
 * @module
 */
import type { PixelMeaning } from "../color.ts";

/** What red and blue weigh in luma (ITU-T H.273, table 4: K_R and K_B); the rest is green's. */
export interface LumaShares {
  readonly red: number;
  readonly blue: number;
}

const bt601: LumaShares = { red: 0.299, blue: 0.114 };
const bt2020: LumaShares = { red: 0.2627, blue: 0.0593 };

/** By libav's name of the matrix. As libswscale does, bt2020c is taken for bt2020nc. */
const shares: Readonly<Record<string, LumaShares>> = {
  bt709: { red: 0.2126, blue: 0.0722 },
  fcc: { red: 0.3, blue: 0.11 },
  smpte170m: bt601,
  bt470bg: bt601,
  smpte240m: { red: 0.212, blue: 0.087 },
  bt2020nc: bt2020,
  bt2020c: bt2020,
};

/** What red and blue weigh with a matrix, by libav's name. */
export function lumaShares(matrix: string): LumaShares {
  return shares[matrix]!;
}

/** Whether a matrix is known, by libav's name. */
export function isKnownMatrix(matrix: string): boolean {
  return Object.hasOwn(shares, matrix);
}

/** 1.0 in the kernels' fixed point. */
const one = 1 << 16;
/** The greatest weight of red or blue: a signed 16-bit number. */
const greatestWeight = 0x7fff;
/** Of 255: how far luma and chroma of limited range reach, and where luma begins. */
const limited = { luma: 219, chroma: 224, black: 16 } as const;

/** Two signed 16-bit numbers in one argument. */
export function pair(low: number, high: number): number {
  return (high << 16) | (low & 0xffff);
}

/** One sample's weights as the kernels take them: bytes 0 and 2 of a pixel, then byte 1 in two halves. */
function packed(red: number, green: number, blue: number, isRedFirst: boolean): [even: number, odd: number] {
  const half = green >> 1;
  return [isRedFirst ? pair(red, blue) : pair(blue, red), pair(half, green - half)];
}

/**
 * The last arguments of an RGB kernel: weights and bias of luma, the weights of both chroma samples, their
 * bias, and 1.0.
 *
 * A chroma sample is the sum of `pixels` pixels. White and black are exact, and grays have no chroma: green
 * takes what rounding leaves.
 */
export function rgbWeights({ matrix, range }: PixelMeaning, isRedFirst: boolean, pixels: 1 | 4): number[] {
  const { red, blue } = shares[matrix]!;
  const isLimited = range === "tv";
  const lumaScale = Math.round(one * (isLimited ? limited.luma / 255 : 1));
  const lumaRed = Math.round(red * lumaScale);
  const lumaBlue = Math.round(blue * lumaScale);
  const chromaScale = one * (isLimited ? limited.chroma / 255 : 1) / pixels;
  // The colour itself weighs one half, which in full range is one more than the greatest weight.
  const half = Math.min(Math.round(chromaScale / 2), greatestWeight);
  const redInU = Math.round(-chromaScale / 2 * red / (1 - blue));
  const blueInV = Math.round(-chromaScale / 2 * blue / (1 - red));
  return [
    ...packed(lumaRed, lumaScale - lumaRed - lumaBlue, lumaBlue, isRedFirst),
    ((isLimited ? limited.black : 0) + 0.5) * one,
    ...packed(redInU, -(redInU + half), half, isRedFirst),
    ...packed(half, -(half + blueInV), blueInV, isRedFirst),
    // One less than a half more: the bluest blue of full range rounds to 255, not to 256.
    128.5 * one - 1,
    one,
  ];
}

/** 1.0 in the fixed point of the kernel that stretches planes. */
const oneStretched = 1 << 15;
/** Chroma without colour. */
export const neutral = 128;

/** Where the samples of a plane begin or have no colour, and how far they reach, of 255. */
export function reach(
  range: string,
  part: "luma" | "chroma",
): { readonly zero: number; readonly span: number } {
  if (part === "chroma") return { zero: neutral, span: range === "tv" ? limited.chroma : 255 };
  return range === "tv" ? { zero: limited.black, span: limited.luma } : { zero: 0, span: 255 };
}

/**
 * The arguments that take a plane from one range to another: what a sample is multiplied by, and what is
 * added, a half for rounding with it.
 */
export function stretchWeights(
  from: string,
  to: string,
  part: "luma" | "chroma",
): [scale: number, bias: number] {
  const source = reach(from, part), target = reach(to, part);
  const scale = oneStretched * target.span / source.span;
  return [Math.round(scale), Math.round((target.zero + 0.5) * oneStretched - source.zero * scale)];
}

/** 1.0 in the fixed point of the kernels that make RGB. */
const oneColor = 1 << 6;

/**
 * The last arguments of the kernels that make RGB: what luma is multiplied by and what is added, and what the
 * two samples of chroma add to the last colour, to green and to the first one. They are those of red first.
 */
export function colorWeights({ matrix, range }: PixelMeaning): number[] {
  const { red, blue } = shares[matrix]!;
  const luma = reach(range, "luma"), chroma = reach(range, "chroma");
  const lumaScale = oneColor * 255 / luma.span, chromaScale = oneColor * 255 / chroma.span;
  // Luma is multiplied by 2^7 before, chroma by 2^8, and 15 bits are dropped behind.
  const inColor = (share: number): number => Math.round(2 ** 7 * chromaScale * share);
  const blueFromU = 2 * (1 - blue), redFromV = 2 * (1 - red), green = 1 - red - blue;
  return [
    Math.round(2 ** 8 * lumaScale),
    Math.round(oneColor / 2 - luma.zero * lumaScale),
    inColor(blueFromU),
    inColor(-blueFromU * blue / green),
    inColor(-redFromV * red / green),
    inColor(redFromV),
  ];
}
