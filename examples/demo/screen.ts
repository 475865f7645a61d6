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

/**
 * The values (0 to 255) of light, as film shows it: shadows stay dark, and lamps fade to white instead of
 * clipping.
 */
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

/** Opaque black, as a pixel in the byte order of the processors that Deno and Bun run on. */
const black = 0xFF00_0000;

/** Shows pictures at twice their size. */
export class Screen {
  /** The pixels, RGBA. */
  readonly pixels: Uint8ClampedArray;
  /** The same, one number each. */
  readonly #packed: Uint32Array;
  readonly #width: number;
  readonly #height: number;
  /**
   * From 0 to 1, different for each pixel: added before values are cut to whole numbers, it hides the steps
   * of smooth shadows.
   */
  readonly #dither: Float32Array;
  readonly #line: readonly [Float32Array, Float32Array, Float32Array];

  /** Makes a screen for pictures of a size. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.pixels = new Uint8ClampedArray(4 * 4 * width * height);
    this.#packed = new Uint32Array(this.pixels.buffer);
    const random = randomNumbers(11);
    this.#dither = Float32Array.from({ length: 4 * width * height }, random);
    // A value more at both ends, which repeats the one beside it.
    this.#line = [new Float32Array(width + 2), new Float32Array(width + 2), new Float32Array(width + 2)];
  }

  /** Shows a picture; its light is used up. */
  show(picture: LightPlanes): void {
    develop(picture);
    const width = this.#width;
    for (let row = 0; row < 2 * this.#height; row++) {
      const near = (row >> 1) * width;
      const beside = Math.min(this.#height - 1, Math.max(0, (row >> 1) + (row & 1 ? 1 : -1))) * width;
      for (let channel = 0; channel < 3; channel++) {
        const line = this.#line[channel]!, plane = picture.planes[channel]!;
        for (let column = 0; column < width; column++) {
          line[column + 1] = 0.75 * plane[near + column]! + 0.25 * plane[beside + column]!;
        }
        line[0] = line[1]!;
        line[width + 1] = line[width]!;
      }
      this.#showLine(row);
    }
  }

  /** Each value becomes two, a quarter of the way to its neighbours. */
  #showLine(row: number): void {
    const packed = this.#packed, dither = this.#dither, width = this.#width;
    const [reds, greens, blues] = this.#line;
    let at = row * 2 * width;
    for (let column = 1; column <= width; column++, at += 2) {
      const red = 0.75 * reds[column]!, green = 0.75 * greens[column]!, blue = 0.75 * blues[column]!;
      const left = column - 1, right = column + 1;
      const noise = dither[at]!, nextNoise = dither[at + 1]!;
      packed[at] = black | red + 0.25 * reds[left]! + noise |
        (green + 0.25 * greens[left]! + noise) << 8 | (blue + 0.25 * blues[left]! + noise) << 16;
      packed[at + 1] = black | red + 0.25 * reds[right]! + nextNoise |
        (green + 0.25 * greens[right]! + nextNoise) << 8 | (blue + 0.25 * blues[right]! + nextNoise) << 16;
    }
  }
}
