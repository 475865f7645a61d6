/**
 * Errors of many values: the worst and the mean.
 *
 * @module
 */
import { type Area, interior, type Layout } from "./picture.ts";
import type { Component } from "./pixel_formats.ts";

/** Below this a difference is that of the arithmetic, not of the picture: code values are whole numbers. */
const arithmetic = 1e-6;

/** The errors of one channel. */
export class Errors {
  /** The greatest. */
  worst = 0;
  #sum = 0;
  #count = 0;

  /** The mean. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** How many values were compared. */
  get count(): number {
    return this.#count;
  }

  /** Adds the difference of two values. */
  add(actual: number, expected: number): void {
    const error = Math.abs(actual - expected);
    const counted = error < arithmetic ? 0 : error;
    if (!(counted <= this.worst)) this.worst = counted;
    this.#sum += counted;
    this.#count++;
  }

  /** Adds the values of an area; with a mask, those where it is not 0. */
  addArea(
    actual: Component,
    expected: Component,
    { x, y, width, height }: Area,
    mask: Component | null = null,
  ): void {
    for (let row = y; row < y + height; row++) {
      const start = row * expected.width;
      for (let column = x; column < x + width; column++) {
        if (mask === null || mask.values[start + column]! > 0) {
          this.add(actual.values[start + column]!, expected.values[start + column]!);
        }
      }
    }
  }
}

/** The insides of patches in a component with so many pixels for each value, as powers of two. */
export function insides(layout: Layout, shiftX: number, shiftY: number): Area[] {
  return layout.patches.map(interior).map((area) => {
    const x = Math.ceil(area.x / 2 ** shiftX);
    const y = Math.ceil(area.y / 2 ** shiftY);
    return {
      x,
      y,
      width: Math.floor((area.x + area.width) / 2 ** shiftX) - x,
      height: Math.floor((area.y + area.height) / 2 ** shiftY) - y,
    };
  });
}
