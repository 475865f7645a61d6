/**
 * How long the event loop keeps others waiting.
 *
 * @module
 */
import { percentile } from "../statistics.ts";

/** Milliseconds between two looks. */
const periodMs = 1;

/** Milliseconds that an event waits which is due at any moment. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Looks at the clock every millisecond. A loop that is blocked for 100 ms makes one late look, but a hundred events would have
 * waited, the first for 99 ms and the last for none: all of them count.
 */
export class LoopWatch {
  #last = performance.now();
  readonly #gaps: number[] = [];
  readonly #timer = setInterval(() => this.#look(), periodMs);

  #look(): void {
    const now = performance.now();
    this.#gaps.push(now - this.#last);
    this.#last = now;
  }

  /** Ends the watch. */
  stop(): LoopDelay {
    clearInterval(this.#timer);
    this.#look();
    const delays = this.#gaps.flatMap((gap) =>
      Array.from(
        { length: Math.max(1, Math.floor(gap / periodMs)) },
        (_, index) => Math.max(0, gap - (index + 1) * periodMs),
      )
    );
    return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), max: percentile(delays, 1) };
  }
}
