/**
 * Tells a program how far its writer is, now and then.
 *
 * @module
 */

/** Milliseconds between two calls. */
const intervalMs = 250;

/** Calls a program's `onProgress`, if it has one. */
export class ProgressTimer<Stats> {
  readonly #onProgress: ((stats: Stats) => void) | undefined;
  #lastMs = 0;

  /** For a function of the program's. */
  constructor(onProgress: ((stats: Stats) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  /** Tells how far the writer is, unless that was told a moment ago; the last time always. */
  tell(stats: () => Stats, isLast: boolean): void {
    if (this.#onProgress === undefined) return;
    const now = performance.now();
    if (!isLast && now - this.#lastMs < intervalMs) return;
    this.#lastMs = now;
    this.#onProgress(stats());
  }
}
