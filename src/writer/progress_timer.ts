/**
 * Tells a program how far its writer is, now and then.
 *
 * @module
 */

/** The minimum time between two calls, in milliseconds. */
const intervalMs = 250;

/** Calls a program's `onProgress`, if there is one. */
export class ProgressTimer<Stats> {
  readonly #onProgress: ((stats: Stats) => void) | undefined;
  #lastMs = 0;

  /** For a program's function. */
  constructor(onProgress: ((stats: Stats) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  /** Reports progress, unless the last report was a moment ago. The last report is always sent. */
  tell(stats: () => Stats, isLast: boolean): void {
    if (this.#onProgress === undefined) return;
    const now = performance.now();
    if (!isLast && now - this.#lastMs < intervalMs) return;
    this.#lastMs = now;
    this.#onProgress(stats());
  }
}
