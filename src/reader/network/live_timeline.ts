/**
 * The time of a live source, which goes on over lost connections.
 *
 * @module
 */
import type { ReadFrame } from "../../engine/reading/reading_types.ts";

/** The least time from one frame to the next where nothing tells it, in seconds. */
const leastStep = 0.001;

/** Gives frames times that always rise. */
export class LiveTimeline {
  /** What is added to the times of the connection at hand, in seconds. */
  #offset = 0;
  #isNew = false;
  #last: { readonly timestamp: number; readonly duration: number; readonly arrivalMs: number } | null = null;

  /** The frames that come next are those of another connection. */
  reconnected(): void {
    this.#isNew = true;
  }

  /** A frame by the source's time. It arrived at a time of `performance.now()`. */
  place(frame: ReadFrame, arrivalMs: number): ReadFrame {
    const last = this.#last;
    let { isDiscontinuous } = frame;
    if (last === null) this.#goTo(frame, 0);
    else {
      const step = Math.max(last.duration, leastStep);
      if (this.#isNew) {
        this.#goTo(frame, last.timestamp + Math.max((arrivalMs - last.arrivalMs) / 1000, step));
        isDiscontinuous = true;
      } else if (frame.timestamp + this.#offset <= last.timestamp) {
        this.#goTo(frame, last.timestamp + step);
        isDiscontinuous = true;
      }
    }
    this.#isNew = false;
    const timestamp = frame.timestamp + this.#offset;
    this.#last = { timestamp, duration: frame.duration ?? 0, arrivalMs };
    return { ...frame, timestamp, isDiscontinuous };
  }

  #goTo({ timestamp }: ReadFrame, seconds: number): void {
    this.#offset = seconds - timestamp;
  }
}
