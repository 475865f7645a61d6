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
  readonly #onProgress: ((stats: Stats) => void) | undefined;
  #lastMs = 0;

  /** For a program's function. With `isQuiet`, nothing is printed. */
  constructor(onProgress: ((stats: Stats) => void) | undefined, isQuiet: boolean) {
    this.#onProgress = onProgress && guarded("onProgress", onProgress, isQuiet);
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

/** A program's function, whose first error is printed, unless `isQuiet`. */
export function guarded<Told>(
  name: string,
  call: (told: Told) => unknown,
  isQuiet: boolean,
): (told: Told) => void {
  let hasFailed = false;
  return (told) => {
    // Also one that is asynchronous.
    Promise.try(call, told).catch((error: unknown) => {
      if (hasFailed || isQuiet) return;
      hasFailed = true;
      console.error(`avwriter: ${name} threw an error. The work goes on.`, error);
    });
  };
}
