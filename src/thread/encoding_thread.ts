/**
 * The threads that encode: started when needed, and kept for the next session.
 *
 * @module
 */
import { librariesFor, noteLibraries, type Thread, type ThreadListener } from "../../ffi/mod.ts";
import { WriteError } from "../errors.ts";
import type { Answer, FromWorker, Posted, ToWorker } from "./messages.ts";
import { startThread, type ThreadPlaces } from "./thread_task.ts";
import { maxUnusedBytes, noteUnused } from "./unused_memory.ts";

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
  /** How its message begins, up to the thread. */
  readonly message: string;
  readonly operation: string;
  readonly hint: string;
}

/** The error of work whose thread has ended. */
export function threadEndedError({ message, operation, hint }: EndedWork, cause: Error): WriteError {
  return new WriteError(`${message} has ended (${cause.message})`, {
    code: "THREAD_ENDED",
    operation,
    hint,
    cause,
  });
}

/** A thread that encodes, reused by one session after another. */
export class EncodingThread {
  /** An idle thread: a new one takes tens of milliseconds to start. */
  static #idle: EncodingThread | null = null;
  readonly #thread: Thread;
  readonly #module: string;
  #listener: ThreadListener | null = null;
  #isOver = false;
  /** Resolves once it has tried to load the libraries; `null` where it was not asked to. */
  #loading: PromiseWithResolvers<void> | null = null;
  /** Bytes of shared memory that its sessions used, and that may not be collected yet. */
  #usedBytes = 0;

  private constructor(places: ThreadPlaces) {
    this.#module = places.workerModule.href;
    this.#thread = startThread(places, "encode", {
      message: (message) => {
        const { message: told } = message as Posted<FromWorker>;
        if (told.type === "loaded") this.#noteLoaded(told, places.libraryPath);
        else this.#listener?.message(message);
      },
      ended: (error) => {
        this.#isOver = true;
        this.#loading?.resolve();
        if (EncodingThread.#idle === this) EncodingThread.#idle = null;
        noteUnused(this.#usedBytes);
        this.#listener?.ended(error);
      },
    });
  }

  /**
   * Returns a thread for a session. Throws a {@linkcode NoThreadError} where none can
   * be started.
   */
  static take(places: ThreadPlaces, listener: ThreadListener): EncodingThread {
    const idle = EncodingThread.#idle;
    const isFitting = idle !== null && idle.#module === places.workerModule.href;
    const thread = isFitting ? idle : EncodingThread.#start(places);
    if (thread === idle) EncodingThread.#idle = null;
    thread.#listener = listener;
    return thread;
  }

  /**
   * Starts a thread for the session to come, unless one is idle, and has it load the libraries. Resolves once
   * that is done. What fails is told by the session.
   */
  static async prepare(places: ThreadPlaces): Promise<void> {
    try {
      const thread = EncodingThread.#idle ??= new EncodingThread(places);
      await thread.#load(librariesFor(places.libraryPath));
    } catch {
      // No thread can be started, or another set of libraries is in use.
    }
  }

  #load(libraryPath: string | undefined): Promise<void> {
    if (this.#loading === null) {
      this.#loading = Promise.withResolvers();
      this.post({ question: null, message: { type: "load", libraryPath } }, []);
      this.#thread.keepAlive(true);
    }
    return this.#loading.promise;
  }

  #noteLoaded({ folder }: Answer<"loaded">, libraryPath: string | undefined): void {
    if (folder !== null) noteLibraries(folder, libraryPath);
    // A session that has taken it meanwhile decides itself.
    if (this.#listener === null) this.#thread.keepAlive(false);
    this.#loading?.resolve();
  }

  static #start(places: ThreadPlaces): EncodingThread {
    try {
      return new EncodingThread(places);
    } catch (error) {
      throw new NoThreadError(error);
    }
  }

  post(posted: Posted<ToWorker>, transferred: ArrayBuffer[]): void {
    this.#thread.post(posted, transferred);
  }

  keepAlive(isNeeded: boolean): void {
    this.#thread.keepAlive(isNeeded);
  }

  /**
   * Ends the session's use of the thread, which another session may reuse after a success. Memory that both
   * threads referred to is only surely free once this one has ended: it ends where that is much.
   */
  leave(isReusable: boolean, usedBytes = 0): void {
    this.#listener = null;
    this.#thread.keepAlive(false);
    this.#usedBytes += usedBytes;
    const mayStay = isReusable && !this.#isOver && this.#usedBytes <= maxUnusedBytes;
    if (mayStay && EncodingThread.#idle === null) EncodingThread.#idle = this;
    else this.#thread.end();
  }
}
