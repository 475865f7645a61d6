/**
 * What luma and chroma weigh in luma and chroma of another matrix, in the fixed point of the kernels.
 *
 * @module
 */
import type { PixelMeaning } from "../color.ts";
import { lumaShares, neutral, pair, reach } from "./weights.ts";

/** 1.0 in the fixed point of chroma, and of luma. */
const oneChroma = 1 << 14, oneLuma = 1 << 18;
/** The kernel multiplies luma by this, and chroma is interpolated from so many parts. */
const lumaParts = 8, chromaParts = 16;

/** The last arguments of the kernels that change the matrix. */
export interface MatrixWeights {
  /** The pair of u and v in u, that in v, and what is added to each. */
  readonly chroma: readonly number[];
  /** What luma is multiplied by, the pair of u and v, and what is added. */
  readonly luma: readonly number[];
}

/** Of one part of luma, or of both parts of chroma, in the other matrix. */
interface Chroma {
  readonly luma: number;
  readonly u: number;
  readonly v: number;
}

/** What a colour difference adds, where both have no range: luma from 0 to 1, chroma from -1/2 to 1/2. */
function inOtherMatrix(from: string, to: string, u: number, v: number): Chroma {
  const { red, blue } = lumaShares(from), target = lumaShares(to);
  const r = 2 * (1 - red) * v, b = 2 * (1 - blue) * u;
  const g = -(red * r + blue * b) / (1 - red - blue);
  const luma = target.red * r + (1 - target.red - target.blue) * g + target.blue * b;
  return { luma, u: (b - luma) / 2 / (1 - target.blue), v: (r - luma) / 2 / (1 - target.red) };
}

/** The weights from one meaning to another. Grays have no colour before or after, exactly. */
export function matrixWeights(from: PixelMeaning, to: PixelMeaning): MatrixWeights {
  const ofU = inOtherMatrix(from.matrix, to.matrix, 1, 0), ofV = inOtherMatrix(from.matrix, to.matrix, 0, 1);
  const luma = reach(from.range, "luma"), chroma = reach(from.range, "chroma");
  const toLuma = reach(to.range, "luma"), toChroma = reach(to.range, "chroma");
  const chromaScale = oneChroma * toChroma.span / chroma.span;
  const chromaRow = (part: "u" | "v"): [number, number] => [
    Math.round(ofU[part] * chromaScale),
    Math.round(ofV[part] * chromaScale),
  ];
  const chromaBias = ([u, v]: [number, number]): number => (neutral + 0.5) * oneChroma - neutral * (u + v);
  const u = chromaRow("u"), v = chromaRow("v");
  const lumaScale = Math.round(oneLuma / lumaParts * toLuma.span / luma.span);
  const tint = (part: Chroma): number =>
    Math.round(part.luma * oneLuma / chromaParts * toLuma.span / chroma.span);
  const [tintOfU, tintOfV] = [tint(ofU), tint(ofV)];
  return {
    chroma: [pair(...u), pair(...v), chromaBias(u), chromaBias(v)],
    luma: [
      lumaScale,
      pair(tintOfU, tintOfV),
      (toLuma.zero + 0.5) * oneLuma - luma.zero * lumaParts * lumaScale -
      neutral * chromaParts * (tintOfU + tintOfV),
    ],
  };
}
