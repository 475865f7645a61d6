/**
 * Tells when nothing has happened for a while.
 *
 * @module
 */
import { runtime } from "../ffi/mod.ts";

/** Calls a function once nothing has happened for a time. Keeps no program alive. */
export class IdleTimer implements Disposable {
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #lastMs = 0;
  /** Stops the timer that runs; `null` where none does. */
  #stop: (() => void) | null = null;

  /** For so many milliseconds. */
  constructor(idleMs: number, onIdle: () => void) {
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
      if (restMs > 0) this.#wait(restMs);
      else this.#onIdle();
    });
  }

  /** Stops waiting. */
  [Symbol.dispose](): void {
    this.#stop?.();
    this.#stop = null;
  }
}
