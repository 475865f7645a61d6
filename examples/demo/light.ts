/**
 * Pictures of light: red, green and blue as planes of floating-point numbers, so that light adds up as it
 * does in the world.
 *
 * @module
 */

/** A colour as amounts of light; 1 is as bright as a lit surface, a lamp has more. */
export type Light = readonly [red: number, green: number, blue: number];

/** More or less of a light. */
export function scaled([red, green, blue]: Light, factor: number): Light {
  return [red * factor, green * factor, blue * factor];
}

/** A picture in three planes. */
export class LightPlanes {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue, row by row. */
  readonly planes: readonly [Float32Array, Float32Array, Float32Array];
  readonly #scratch: Float32Array;

  /** Makes a dark picture. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    const size = width * height;
    this.planes = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
    this.#scratch = new Float32Array(size);
  }

  /** Adds a round spot that fades out softly towards `radius`. */
  addSpot(x: number, y: number, radius: number, light: Light): void {
    this.#add(x, y, radius, light, (distance) => (1 - (distance / radius) ** 2) ** 3);
  }

  /** Adds a disc of even light with a soft edge, as a lens draws a point that is out of focus. */
  addDisc(x: number, y: number, radius: number, light: Light): void {
    const softness = 0.8 + radius * 0.22;
    this.#add(x, y, radius + 1, light, (distance) => {
      const inside = Math.min(1, (radius + 1 - distance) / softness);
      return inside * inside * (3 - 2 * inside);
    });
  }

  #add(
    x: number,
    y: number,
    reach: number,
    [red, green, blue]: Light,
    amountAt: (distance: number) => number,
  ): void {
    const [reds, greens, blues] = this.planes;
    const bottom = Math.min(this.height - 1, Math.floor(y + reach));
    const right = Math.min(this.width - 1, Math.floor(x + reach));
    for (let row = Math.max(0, Math.ceil(y - reach)); row <= bottom; row++) {
      for (let column = Math.max(0, Math.ceil(x - reach)); column <= right; column++) {
        const distance = Math.sqrt((column - x) ** 2 + (row - y) ** 2);
        if (distance >= reach) continue;
        const amount = amountAt(distance);
        const at = row * this.width + column;
        reds[at]! += red * amount;
        greens[at]! += green * amount;
        blues[at]! += blue * amount;
      }
    }
  }

  /** Becomes another picture of half the size, magnified smoothly. */
  magnify(half: LightPlanes): void {
    for (const [index, plane] of this.planes.entries()) {
      magnifyPlane(half.planes[index]!, half.width, half.height, plane);
    }
  }

  /** Adds another picture of the same size, a number of times. */
  add(other: LightPlanes, factor: number): void {
    for (const [index, plane] of this.planes.entries()) {
      const added = other.planes[index]!;
      for (let at = 0; at < plane.length; at++) plane[at]! += added[at]! * factor;
    }
  }

  /**
   * Blurs by running means in each direction, of these radii: two are nearly, three are all but a Gaussian.
   */
  blur(...radii: number[]): void {
    for (const plane of this.planes) {
      for (const radius of radii) {
        meanAlongRows(plane, this.#scratch, radius, this.width, this.height);
        meanAlongColumns(this.#scratch, plane, radius, this.width, this.height);
      }
    }
  }

  /** Becomes another picture of twice the size. */
  shrink(other: LightPlanes): void {
    for (const [index, plane] of this.planes.entries()) {
      const source = other.planes[index]!;
      for (let row = 0, at = 0; row < this.height; row++) {
        let from = 2 * row * other.width;
        for (let column = 0; column < this.width; column++, at++, from += 2) {
          const below = from + other.width;
          plane[at] = (source[from]! + source[from + 1]! + source[below]! + source[below + 1]!) / 4;
        }
      }
    }
  }
}

/** The mean over `2 * radius + 1` neighbours in the row; outside of the picture it is dark. */
function meanAlongRows(
  source: Float32Array,
  target: Float32Array,
  radius: number,
  width: number,
  height: number,
): void {
  const share = 1 / (2 * radius + 1);
  for (let start = 0; start < width * height; start += width) {
    let sum = 0;
    for (let column = -radius; column < width; column++) {
      if (column + radius < width) sum += source[start + column + radius]!;
      if (column >= 0) target[start + column] = sum * share;
      if (column >= radius) sum -= source[start + column - radius]!;
    }
  }
}

/**
 * As {@linkcode meanAlongRows}, in the column. It goes row by row, with a sum for each column: memory is read
 * as it lies.
 */
function meanAlongColumns(
  source: Float32Array,
  target: Float32Array,
  radius: number,
  width: number,
  height: number,
): void {
  const share = 1 / (2 * radius + 1);
  const sums = new Float64Array(width);
  for (let row = -radius; row < height; row++) {
    const entering = (row + radius) * width, here = row * width, leaving = (row - radius) * width;
    if (row + radius < height) {
      for (let column = 0; column < width; column++) sums[column]! += source[entering + column]!;
    }
    if (row >= 0) {
      for (let column = 0; column < width; column++) target[here + column] = sums[column]! * share;
    }
    if (row >= radius) {
      for (let column = 0; column < width; column++) sums[column]! -= source[leaving + column]!;
    }
  }
}

/**
 * Each pixel becomes four, and each of these leans a quarter towards its neighbours: the corners of a curve
 * are cut off.
 */
export function magnifyPlane(
  source: Float32Array,
  width: number,
  height: number,
  target: Float32Array,
): void {
  const line = new Float32Array(width);
  let at = 0;
  for (let row = 0; row < 2 * height; row++) {
    const near = (row >> 1) * width;
    const far = Math.min(height - 1, Math.max(0, (row >> 1) + (row & 1 ? 1 : -1))) * width;
    for (let column = 0; column < width; column++) {
      line[column] = 0.75 * source[near + column]! + 0.25 * source[far + column]!;
    }
    for (let column = 0; column < width; column++, at += 2) {
      const here = 0.75 * line[column]!;
      target[at] = here + 0.25 * line[column === 0 ? 0 : column - 1]!;
      target[at + 1] = here + 0.25 * line[column === width - 1 ? column : column + 1]!;
    }
  }
}
