/**
 * Tells a program how far its writer is, now and then.
 *
 * @module
 */

/** The minimum time between two calls, in milliseconds. */
const intervalMs = 250;

/**
 * Calls a program's `onProgress`, if there is one. What it throws is printed: it changes nothing for the
 * writer.
 */
export class ProgressTimer<Stats> {
  readonly #onProgress: ((stats: Stats) => unknown) | undefined;
  readonly #isQuiet: boolean;
  #lastMs = 0;
  #hasFailed = false;

  /** For a program's function. With `isQuiet`, nothing is printed. */
  constructor(onProgress: ((stats: Stats) => void) | undefined, isQuiet: boolean) {
    this.#onProgress = onProgress;
    this.#isQuiet = isQuiet;
  }

  /** Reports progress, unless the last report was a moment ago. The last report is always sent. */
  tell(stats: () => Stats, isLast: boolean): void {
    if (this.#onProgress === undefined) return;
    const now = performance.now();
    if (!isLast && now - this.#lastMs < intervalMs) return;
    this.#lastMs = now;
    const told = stats();
    // Also one that is asynchronous.
    Promise.try(this.#onProgress, told).catch((error: unknown) => this.#print(error));
  }

  /** The first error is enough. */
  #print(error: unknown): void {
    if (this.#hasFailed || this.#isQuiet) return;
    this.#hasFailed = true;
    console.error("avwriter: onProgress threw an error. The work goes on.", error);
  }
}
