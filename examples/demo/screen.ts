/**
 * From light to the pixels of a screen.
 *
 * @module
 */
import type { LightPlanes } from "./light.ts";
import { randomNumbers } from "./random.ts";

/** The tone curve is kept by the square root of light, which is close to even steps for the eye. */
const curveSteps = 4096;
const brightest = 9;
const stepsPerRoot = (curveSteps - 1) / Math.sqrt(brightest);

/** The values (0 to 255) of light, as film shows it: shadows stay dark, and lamps fade to white instead of clipping. */
const toneCurve = Float32Array.from({ length: curveSteps }, (_, step) => {
  const light = (step / stepsPerRoot) ** 2;
  const filmic = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14);
  return 255 * Math.min(1, filmic) ** (1 / 2.2);
});

/** Turns light into screen values, in place. */
function develop(picture: LightPlanes): void {
  for (const plane of picture.planes) {
    for (let at = 0; at < plane.length; at++) {
      const step = Math.sqrt(plane[at]!) * stepsPerRoot;
      plane[at] = toneCurve[step < curveSteps ? step | 0 : curveSteps - 1]!;
    }
  }
}

/** Shows pictures at twice their size. */
export class Screen {
  /** The pixels, RGBA. */
  readonly pixels: Uint8ClampedArray;
  readonly #width: number;
  readonly #height: number;
  /** A fraction of a value, different for each pixel: without it, smooth shadows would show steps. */
  readonly #dither: Float32Array;
  readonly #line: readonly [Float32Array, Float32Array, Float32Array];

  /** Makes a screen for pictures of a size. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.pixels = new Uint8ClampedArray(4 * 4 * width * height).fill(255);
    const random = randomNumbers(11);
    this.#dither = Float32Array.from({ length: 4 * width * height }, () => random() - 0.5);
    this.#line = [new Float32Array(width), new Float32Array(width), new Float32Array(width)];
  }

  /** Shows a picture; its light is used up. */
  show(picture: LightPlanes): void {
    develop(picture);
    for (let row = 0; row < 2 * this.#height; row++) {
      const near = (row >> 1) * this.#width;
      const beside = Math.min(this.#height - 1, Math.max(0, (row >> 1) + (row & 1 ? 1 : -1))) * this.#width;
      for (const [channel, plane] of picture.planes.entries()) {
        const line = this.#line[channel]!;
        for (let column = 0; column < this.#width; column++) {
          line[column] = 0.75 * plane[near + column]! + 0.25 * plane[beside + column]!;
        }
      }
      this.#showLine(row);
    }
  }

  #showLine(row: number): void {
    const { pixels } = this;
    const dither = this.#dither;
    const width = this.#width;
    const [reds, greens, blues] = this.#line;
    let at = row * 2 * width;
    for (let column = 0; column < 2 * width; column++, at++) {
      const near = column >> 1;
      const beside = Math.min(width - 1, Math.max(0, near + (column & 1 ? 1 : -1)));
      const noise = dither[at]!;
      pixels[4 * at] = 0.75 * reds[near]! + 0.25 * reds[beside]! + noise;
      pixels[4 * at + 1] = 0.75 * greens[near]! + 0.25 * greens[beside]! + noise;
      pixels[4 * at + 2] = 0.75 * blues[near]! + 0.25 * blues[beside]! + noise;
    }
  }
}
