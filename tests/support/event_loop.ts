/**
 * Whether timers run.
 *
 * @module
 */

/** Measures the longest time in which no timer ran, until it is disposed of. */
export class LoopWatch implements Disposable {
  /** That time, in milliseconds. */
  longestMs = 0;
  #lastMs: number = performance.now();
  readonly #timer = setInterval(() => {
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }, 5);

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
