/**
 * Chance that can be repeated: the same seed gives the same choices, on every runtime.
 *
 * @module
 */

/** Choices with their weights. */
export type Weighted<T> = readonly (readonly [weight: number, choice: T])[];

/** A generator of pseudo-random choices (mulberry32). */
export class Random {
  #state: number;

  /** Starts with a seed. */
  constructor(seed: number) {
    // Neighbouring seeds shall have nothing in common.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
    for (let round = 0; round < 4; round++) this.bits();
  }

  /** 32 random bits, as an unsigned number. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A number from 0 to 1, without 1. */
  fraction(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number between two, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** Whether something happens that has this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of a list. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }

  /** One of a list, heavy ones oftener. */
  weighted<T>(choices: Weighted<T>): T {
    let rest = this.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      rest -= weight;
      if (rest < 0) return choice;
    }
    return choices.at(-1)![1];
  }
}
