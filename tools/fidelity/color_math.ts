/**
 * Exact colour arithmetic, written from ITU-R BT.601-7, BT.709-6, BT.2020-2 and ITU-T H.273, and shared with
 * nothing that is measured.
 *
 * @module
 */

/** What the numbers of a stream mean, by the names that ffprobe prints. */
export interface ColorTags {
  /** Luma-chroma matrix: ffprobe's `color_space`. */
  readonly matrix: string;
  /** Primaries. */
  readonly primaries: string;
  /** Transfer characteristics. */
  readonly transfer: string;
  /** `"tv"` or `"pc"`. */
  readonly range: string;
}

/** The descriptions that avwriter promises for each name. */
export const namedTags: Readonly<Record<string, ColorTags>> = {
  bt601: { matrix: "smpte170m", primaries: "smpte170m", transfer: "smpte170m", range: "tv" },
  bt709: { matrix: "bt709", primaries: "bt709", transfer: "bt709", range: "tv" },
  bt2020: { matrix: "bt2020nc", primaries: "bt2020", transfer: "bt2020-10", range: "tv" },
  srgb: { matrix: "bt709", primaries: "bt709", transfer: "iec61966-2-1", range: "pc" },
};

/** Kr and Kb of the matrices: BT.601-7 2.5.1, BT.709-6 3.2, BT.2020-2 table 4. */
const lumaWeights: Readonly<Record<string, readonly [red: number, blue: number]>> = {
  smpte170m: [0.299, 0.114],
  bt470bg: [0.299, 0.114],
  bt709: [0.2126, 0.0722],
  bt2020nc: [0.2627, 0.0593],
};

function weights(matrix: string): readonly [red: number, blue: number] {
  const found = lumaWeights[matrix];
  if (found === undefined) throw new RangeError(`no luma weights for the matrix ${matrix}`);
  return found;
}

/** Three numbers: R, G, B from 0 to 1, or Y from 0 to 1 with Cb, Cr from -0.5 to 0.5. */
export type Triple = [number, number, number];

/** From R'G'B' to Y'CbCr, both normalised (H.273, equations 38 to 40). */
export function toYuv([red, green, blue]: Readonly<Triple>, matrix: string): Triple {
  const [kr, kb] = weights(matrix);
  const luma = kr * red + (1 - kr - kb) * green + kb * blue;
  return [luma, (blue - luma) / (2 * (1 - kb)), (red - luma) / (2 * (1 - kr))];
}

/** From Y'CbCr to R'G'B', both normalised: the inverse of {@linkcode toYuv}. */
export function toRgb([luma, cb, cr]: Readonly<Triple>, matrix: string): Triple {
  const [kr, kb] = weights(matrix);
  const red = luma + 2 * (1 - kr) * cr;
  const blue = luma + 2 * (1 - kb) * cb;
  return [red, (luma - kr * red - kb * blue) / (1 - kr - kb), blue];
}

/** How a normalised component becomes a code value: `value * scale + offset`. */
export interface Coding {
  readonly scale: number;
  readonly offset: number;
}

/** The coding of luma and of chroma at a depth and range (H.273, equations 20 to 25 and 29 to 31). */
export function yuvCoding(bits: number, range: string): { readonly luma: Coding; readonly chroma: Coding } {
  const unit = 2 ** (bits - 8);
  if (range === "pc") {
    const scale = 2 ** bits - 1;
    return { luma: { scale, offset: 0 }, chroma: { scale, offset: 128 * unit } };
  }
  return {
    luma: { scale: 219 * unit, offset: 16 * unit },
    chroma: { scale: 224 * unit, offset: 128 * unit },
  };
}
