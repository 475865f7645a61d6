/**
 * The threads that encode: started when needed, and kept for the next session.
 *
 * @module
 */
import type { Thread, ThreadListener } from "../../ffi/mod.ts";
import type { Posted, ToWorker } from "./messages.ts";
import { startThread } from "./thread_task.ts";

/** Thrown where a thread cannot be started. */
export class NoThreadError extends Error {
  /** Wraps the reason. */
  constructor(cause: unknown) {
    super("A thread cannot be started", { cause });
  }
}

/** A thread that encodes, reused by one session after another. */
export class EncodingThread {
  /** An idle thread: a new one takes tens of milliseconds to start. */
  static #idle: EncodingThread | null = null;
  readonly #thread: Thread;
  readonly #module: string;
  #listener: ThreadListener | null = null;
  #isOver = false;

  private constructor(module: URL) {
    this.#module = module.href;
    this.#thread = startThread(module, "encode", {
      message: (message) => this.#listener?.message(message),
      ended: (error) => {
        this.#isOver = true;
        if (EncodingThread.#idle === this) EncodingThread.#idle = null;
        this.#listener?.ended(error);
      },
    });
  }

  /** Returns a thread for a session, which runs the module. Throws where none can be started. */
  static take(module: URL, listener: ThreadListener): EncodingThread {
    const idle = EncodingThread.#idle;
    const thread = idle !== null && idle.#module === module.href ? idle : new EncodingThread(module);
    if (thread === idle) EncodingThread.#idle = null;
    thread.#listener = listener;
    return thread;
  }

  post(posted: Posted<ToWorker>, transferred: ArrayBuffer[]): void {
    this.#thread.post(posted, transferred);
  }

  keepAlive(isNeeded: boolean): void {
    this.#thread.keepAlive(isNeeded);
  }

  /** Ends the session's use of the thread, which another session may reuse after a success. */
  leave(isReusable: boolean): void {
    this.#listener = null;
    this.#thread.keepAlive(false);
    if (isReusable && !this.#isOver && EncodingThread.#idle === null) EncodingThread.#idle = this;
    else this.#thread.end();
  }
}
