/**
 * Tells when nothing has happened for a while.
 *
 * @module
 */
import { clearTimeout, setTimeout } from "node:timers";

/** Calls a function once nothing has happened for a time. Keeps no program alive. */
export class IdleTimer implements Disposable {
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #lastMs = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** For so many milliseconds. */
  constructor(idleMs: number, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** Notes that something has happened. */
  touch(): void {
    this.#lastMs = performance.now();
    if (this.#timer === null) this.#wait(this.#idleMs);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      const rest = this.#lastMs + this.#idleMs - performance.now();
      this.#timer = null;
      if (rest > 0) this.#wait(rest);
      else this.#onIdle();
    }, ms);
    this.#timer.unref();
  }

  /** Stops waiting. */
  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
