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
 * The delay while frames are written, and from the first moment to the last, with all that opens and closes.
 */
export interface WatchedDelay {
  readonly writing: LoopDelay;
  readonly whole: LoopDelay;
}

function delayOf(gaps: readonly number[]): LoopDelay {
  const delays = gaps.flatMap((gap) =>
    Array.from(
      { length: Math.max(1, Math.floor(gap / periodMs)) },
      (_, index) => Math.max(0, gap - (index + 1) * periodMs),
    )
  );
  return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), max: percentile(delays, 1) };
}

/**
 * Looks at the clock every millisecond. A loop that is blocked for 100 ms makes one late look, but a hundred
 * events would have waited, the first for 99 ms and the last for none: all of them count.
 */
export class LoopWatch {
  #last = performance.now();
  readonly #gaps: number[] = [];
  readonly #timer = setInterval(() => this.#look(), periodMs);
  /** The first gap while frames are written, and the first one after. */
  #writingFrom = 0;
  #writingTo = Infinity;

  #look(): void {
    const now = performance.now();
    this.#gaps.push(now - this.#last);
    this.#last = now;
  }

  /** To be called when everything is open: the first frame was accepted. */
  writingBegins(): void {
    this.#look();
    this.#writingFrom = this.#gaps.length;
  }

  /** To be called when the last frame was accepted, before anything is closed. */
  writingEnds(): void {
    this.#look();
    this.#writingTo = this.#gaps.length;
  }

  /** Ends the watch. */
  stop(): WatchedDelay {
    clearInterval(this.#timer);
    this.#look();
    const writing = this.#gaps.slice(this.#writingFrom, this.#writingTo);
    return { writing: delayOf(writing), whole: delayOf(this.#gaps) };
  }
}
