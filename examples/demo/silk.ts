/**
 * The cloth behind the word: folds of silk that flow in a loop, lit from two sides and by whatever glows in
 * front of it.
 *
 * @module
 */
import { type LightPlanes, magnifyPlane } from "./light.ts";
import { sine } from "./sine.ts";

/** The size of the cloth's pattern: this many units from top to bottom. */
const extent = 2.1;
/** How steep the folds are to the light. */
const relief = 0.34;

/** Silk, seen from the front. */
export class Silk {
  readonly #width: number;
  readonly #height: number;
  /** The cloth is folded at half the size: magnified smoothly it stays round, and sines are dear. */
  readonly #coarseHeights: Float32Array;
  readonly #coarseTints: Float32Array;
  readonly #heights: Float32Array;
  readonly #tints: Float32Array;
  readonly #vignette: Float32Array;

  /** Hangs it up in a picture of that size. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#coarseHeights = new Float32Array(width * height / 4);
    this.#coarseTints = new Float32Array(width * height / 4);
    this.#heights = new Float32Array(width * height);
    this.#tints = new Float32Array(width * height);
    this.#vignette = Float32Array.from({ length: width * height }, (_, at) => {
      const x = (at % width - width / 2) / height;
      const y = (Math.floor(at / width) - height / 2) / height;
      return (1 + 0.63 * x * x + 1.44 * y * y) ** -2;
    });
  }

  /**
   * Draws the cloth at a turn of the loop (0 to 1), with the light that falls on it from things in front of
   * it.
   */
  draw(turn: number, glow: LightPlanes, target: LightPlanes): void {
    this.#fold(turn);
    this.#light(glow, target);
  }

  /** Waves that bend waves that bend waves: each turns a whole number of times in a loop. */
  #fold(turn: number): void {
    const angle = 2 * Math.PI * turn;
    const width = this.#width / 2, height = this.#height / 2;
    const scale = extent / height;
    for (let row = 0, at = 0; row < height; row++) {
      const y = row * scale;
      for (let column = 0; column < width; column++, at++) {
        const x = column * scale;
        const bendX = x + 0.4 * sine(1.2 * x + 1.6 * y + angle);
        const bendY = y + 0.4 * sine(1.9 * y - 0.9 * x - angle + 1.3);
        const foldX = bendX + 0.24 * sine(3.1 * bendY + 1.1 * bendX - angle + 0.7);
        const foldY = bendY + 0.24 * sine(2.6 * bendX - 1.9 * bendY + angle + 2.1);
        const wide = sine(2.6 * foldX + 3.3 * foldY);
        const fine = sine(7.3 * foldY - 2.6 * foldX + 1.7 * wide + angle);
        this.#coarseHeights[at] = 0.56 * wide + 0.15 * fine +
          0.035 * sine(11 * foldX + 9 * foldY + 2.4 * fine);
        this.#coarseTints[at] = 0.5 + 0.5 * sine(1.3 * foldX - 1.1 * foldY + 0.9 * wide + 0.6);
      }
    }
    magnifyPlane(this.#coarseHeights, width, height, this.#heights);
    magnifyPlane(this.#coarseTints, width, height, this.#tints);
  }

  #light(glow: LightPlanes, target: LightPlanes): void {
    const width = this.#width, height = this.#height, heights = this.#heights, tints = this.#tints;
    const [reds, greens, blues] = target.planes;
    const [glowReds, glowGreens, glowBlues] = glow.planes;
    const steepness = relief * height / extent;
    for (let row = 0, at = 0; row < height; row++) {
      // Magnifying flattens the outermost pixels: they take the slope beside them.
      const innerRow = Math.min(height - 4, Math.max(2, row)) * width;
      for (let column = 0; column < width; column++, at++) {
        const inner = innerRow + Math.min(width - 4, Math.max(2, column));
        const slopeX = (heights[inner + 1]! - heights[inner]!) * steepness;
        const slopeY = (heights[inner + width]! - heights[inner]!) * steepness;
        const up = 1 / Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
        // A warm key light from the upper left, a cool rim light from the right; both glance over the cloth.
        const key = Math.max(0, (0.52 * slopeX + 0.6 * slopeY + 0.34) * up);
        const rim = Math.max(0, (-0.86 * slopeX - 0.22 * slopeY + 0.12) * up);
        const soft = key * key;
        const sheen = soft * soft * soft;
        const gloss = rim * rim * rim;
        const tint = tints[at]!;
        const glowing = 0.06 + 0.9 * soft + 0.5 * gloss;
        const red = 0.006 + (0.02 + 0.25 * tint * tint) * key + 0.62 * sheen * (0.25 + tint) + 0.02 * gloss;
        const green = 0.004 + 0.016 * key + 0.3 * sheen * tint * tint + 0.16 * gloss;
        const blue = 0.018 + (0.13 - 0.04 * tint) * key + 0.2 * sheen + 0.36 * gloss;
        const vignette = this.#vignette[at]!;
        reds[at] = vignette * red + glowing * glowReds[at]!;
        greens[at] = vignette * green + glowing * glowGreens[at]!;
        blues[at] = vignette * blue + glowing * glowBlues[at]!;
      }
    }
  }
}
