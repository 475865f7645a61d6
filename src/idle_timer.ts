/**
 * Tells when nothing has happened for a while.
 *
 * @module
 */
import { runtime } from "../ffi/mod.ts";

/** Calls a function once nothing has happened for a time. Keeps no program alive. */
export class IdleTimer implements Disposable {
  readonly #idleMs: number;
  readonly #onIdle: () => number | null;
  #lastMs = 0;
  /** Stops the timer that runs; `null` where none does. */
  #stop: (() => void) | null = null;

  /**
   * For so many milliseconds. The function returns after how many more it is to be called again, or `null`.
   */
  constructor(idleMs: number, onIdle: () => number | null) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** Notes that something has happened. */
  touch(): void {
    this.#lastMs = performance.now();
    if (this.#stop === null) this.#wait(this.#idleMs);
  }

  #wait(ms: number): void {
    this.#stop = runtime().startTimer(ms, () => {
      this.#stop = null;
      const restMs = this.#lastMs + this.#idleMs - performance.now();
      const nextMs = restMs > 0 ? restMs : this.#onIdle();
      if (nextMs !== null) this.#wait(nextMs);
    });
  }

  /** Stops waiting. */
  [Symbol.dispose](): void {
    this.#stop?.();
    this.#stop = null;
  }
}
