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
/** What waits for other streams is asked for again after so many milliseconds. */
const againMs = 250;
/**
 * At a constant rate, a program that renders frames may seem to record them by chance: it must have kept the
 * pace for a second, give or take a part of one. Seconds.
 */
const minConstant = { seconds: 1, ahead: 0.25 } as const;

/** Flushes a recording whose frames come about as fast as they are shown: a crash then costs little. */
export class LiveFlush implements Disposable {
  readonly #flush: () => boolean;
  readonly #idle: IdleTimer;
  /** When the first frame came, and when it is shown. */
  #begin: { readonly ms: number; readonly seconds: number } | null = null;
  #isLive = false;
  /** The error of a flush, which happens during no call. */
  #failure: { readonly error: unknown } | null = null;

  /**
   * Calls `flush` when no frame has come for a while, until it returns `true`: all is written. The next call
   * throws its error.
   */
  constructor(flush: () => boolean) {
    this.#flush = flush;
    this.#idle = new IdleTimer(idleMs, () => this.#onIdle());
  }

  /** Whether frames come about as fast as they are shown. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** Notes a frame that is shown at a time in seconds, and whether that is so by a constant rate. */
  note(seconds: number, isConstant: boolean): void {
    const nowMs = performance.now();
    this.#begin ??= { ms: nowMs, seconds };
    const shown = seconds - this.#begin.seconds;
    const passed = (nowMs - this.#begin.ms) / 1000;
    const isSlow = shown < passed * minPace;
    const isByChance = isConstant &&
      (shown < minConstant.seconds || shown > passed / minPace + minConstant.ahead);
    this.#isLive = !isSlow && !isByChance;
    this.#idle.touch();
  }

  /** Throws the error of a flush that failed. */
  requireWorking(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #onIdle(): number | null {
    if (!this.#isLive || this.#failure !== null) return null;
    try {
      return this.#flush() ? null : againMs;
    } catch (error) {
      this.#failure = { error };
      return null;
    }
  }

  /** Stops the timer. */
  [Symbol.dispose](): void {
    this.#idle[Symbol.dispose]();
  }
}
