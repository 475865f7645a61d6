/**
 * Has a live recording written while no frames come.
 *
 * @module
 */
import { IdleTimer } from "../idle_timer.ts";

/**
 * Where no frame comes for so long, those that were taken are written, in milliseconds: a kill costs two
 * seconds.
 */
const idleMs = 1000;
/**
 * The pace of frames, as a share of that at which they are shown, at which a video is taken for a recording
 * of what happens now.
 */
const minPace = 0.5;

/** Flushes a recording whose frames come about as fast as they are shown: a crash then costs little. */
export class LiveFlush implements Disposable {
  readonly #flush: () => void;
  readonly #idle: IdleTimer;
  /** When the first frame came, and when it is shown. */
  #begin: { readonly ms: number; readonly seconds: number } | null = null;
  #isLive = false;
  /** The error of a flush, which happens during no call. */
  #failure: { readonly error: unknown } | null = null;

  /** Calls `flush` when no frame has come for a while. The next call throws its error. */
  constructor(flush: () => void) {
    this.#flush = flush;
    this.#idle = new IdleTimer(idleMs, () => this.#onIdle());
  }

  /** Notes a frame that is shown at a time in seconds. */
  note(seconds: number): void {
    const nowMs = performance.now();
    this.#begin ??= { ms: nowMs, seconds };
    this.#isLive = (seconds - this.#begin.seconds) * 1000 >= (nowMs - this.#begin.ms) * minPace;
    this.#idle.touch();
  }

  /** Throws the error of a flush that failed. */
  requireWorking(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #onIdle(): void {
    if (!this.#isLive || this.#failure !== null) return;
    try {
      this.#flush();
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** Stops the timer. */
  [Symbol.dispose](): void {
    this.#idle[Symbol.dispose]();
  }
}
