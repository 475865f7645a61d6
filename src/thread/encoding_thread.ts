/**
 * A session's place in a thread, and what is said where that thread has ended.
 *
 * @module
 */
import type { ThreadListener } from "../../ffi/mod.ts";
import { type ReadError, WriteError } from "../errors.ts";
import type { Posted, ToWorker } from "./messages.ts";
import { PooledThread } from "./sharing/thread_pool.ts";
import type { ThreadPlaces } from "./thread_task.ts";

/** What is said where the thread of a session has ended. */
export const endedWriting = {
  message: "Cannot continue writing: the thread that encodes",
  operation: "write in another thread",
  hint: 'With thread "main" frames are encoded in the thread that calls write',
} as const;

/** Thrown where a thread cannot be started. */
export class NoThreadError extends Error {
  /** Wraps the reason. */
  constructor(cause: unknown) {
    super("A thread cannot be started", { cause });
  }
}

/** How long an abort waits for the reader of a pipe, in milliseconds. */
export const drainAfterMs = 50;

/** How long an abort waits for the thread, in milliseconds: libav, or a slow disk, may take seconds. */
export const patienceMs = 100;

/** What ends with a thread. */
interface EndedWork {
  /** What work of this kind throws. Default: a {@linkcode WriteError}. */
  readonly class?: typeof ReadError | typeof WriteError;
  /** How its message begins, up to the thread. */
  readonly message: string;
  readonly operation: string;
  readonly hint: string;
}

/** The error of work whose thread has ended. */
export function threadEndedError(
  { class: ErrorClass = WriteError, message, operation, hint }: EndedWork,
  cause: Error,
): ReadError | WriteError {
  return new ErrorClass(`${message} has ended (${cause.message})`, {
    code: "THREAD_ENDED",
    operation,
    hint,
    cause,
  });
}

/** A session's place in a thread that encodes. */
export class EncodingThread {
  readonly #thread: PooledThread;
  readonly #session: number;
  #hasLeft = false;

  private constructor(thread: PooledThread, listener: ThreadListener) {
    this.#thread = thread;
    this.#session = thread.add(listener);
  }

  /**
   * Returns a place for a session in a thread that runs the module. The thread may have other sessions where
   * it may be shared. Throws a {@linkcode NoThreadError} where none can be started.
   */
  static take(places: ThreadPlaces, listener: ThreadListener, mayShare = false): EncodingThread {
    try {
      return new EncodingThread(PooledThread.take(places, mayShare), listener);
    } catch (error) {
      throw new NoThreadError(error);
    }
  }

  /**
   * Starts a thread for the session to come, unless one is idle, and has it load the libraries. Resolves once
   * that is done. What fails is told by the session.
   */
  static async prepare(places: ThreadPlaces): Promise<void> {
    try {
      await PooledThread.prepare(places);
    } catch {
      // No thread can be started, or another set of libraries is in use.
    }
  }

  post(posted: Posted<ToWorker>, transferred: ArrayBuffer[]): void {
    this.#thread.post(this.#session, posted, transferred);
  }

  keepAlive(isNeeded: boolean): void {
    this.#thread.keepAlive(this.#session, isNeeded);
  }

  /** Nobody waits for what the session still does: no other one is put into its thread. */
  abandon(): void {
    this.#thread.shareNoMore();
  }

  /** Whether the thread was ever heard of: otherwise it could not start. */
  get wasHeard(): boolean {
    return this.#thread.wasHeard;
  }

  /**
   * Ends the session's use of the thread, which later sessions may use. Memory that both threads referred to
   * is only surely free once the thread has ended: it ends with the last session where that is much.
   */
  leave(usedBytes = 0): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#thread.remove(this.#session, usedBytes);
  }
}
