/**
 * Lets frames in no earlier than they are shown.
 *
 * @module
 */

/** Waits for the times of frames, on a clock that only moves forwards. */
export class Pacer {
  /** The moment at which time 0 of the frames is now, in milliseconds. */
  #zeroMs: number | null = null;
  readonly #begun = Promise.withResolvers<void>();
  #isStopped = false;
  #wake: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The first frame, which is shown at a time in seconds, is encoded: the clock begins with it. */
  begin(seconds: number): void {
    this.#zeroMs ??= performance.now() - seconds * 1000;
    this.#begun.resolve();
  }

  /** What a frame after the first waits for that is shown at a time in seconds; `null`: it is due. */
  wait(seconds: number): Promise<void> | null {
    if (this.#isStopped) return null;
    if (this.#zeroMs === null) return this.#begun.promise;
    const waitMs = this.#zeroMs + seconds * 1000 - performance.now();
    if (waitMs <= 0) return null;
    return new Promise((resolve) => {
      this.#wake = resolve;
      // Longer times than a timer takes are waited for in parts.
      this.#timer = setTimeout(resolve, Math.min(waitMs, 2 ** 31 - 1));
    });
  }

  /** Lets everything in from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#begun.resolve();
    clearTimeout(this.#timer);
    this.#wake();
  }
}
