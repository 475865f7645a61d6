/**
 * How many threads were started.
 *
 * @module
 */
import { runtime } from "../../ffi/mod.ts";

/** Counts the threads that are started in this process, until it is disposed of. */
export class CountedThreads implements Disposable {
  readonly #start = runtime().startThread;
  /** How many were started so far. */
  started = 0;

  constructor() {
    const host = runtime();
    host.startThread = (...given) => {
      this.started++;
      return this.#start.call(host, ...given);
    };
  }

  [Symbol.dispose](): void {
    runtime().startThread = this.#start;
  }
}
