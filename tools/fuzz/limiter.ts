/**
 * Work that is done alongside, a few pieces at a time.
 *
 * @module
 */

/** Runs actions, at most so many at once, in the order in which they come. */
export class Limiter {
  readonly #most: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** A limiter for so many at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Actions that have not ended. */
  get size(): number {
    return this.#running + this.#waiting.length;
  }

  /** Runs an action as soon as there is room. */
  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
