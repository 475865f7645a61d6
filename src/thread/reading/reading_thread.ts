/**
 * A file that another thread reads, or this one where none can be started.
 *
 * @module
 */
import { keepDevices, librariesFor, noteLibraries, runtime, type Thread } from "../../../ffi/mod.ts";
import { settlesWithin, unlessAborted } from "../../abortable.ts";
import { SessionControl } from "../../engine/ending/session_control.ts";
import type { ReadRequest, SourceInfo } from "../../engine/reading/reading_types.ts";
import { ReadError, UnsupportedError } from "../../errors.ts";
import { patienceMs } from "../encoding_thread.ts";
import { receivedError } from "../sent_error.ts";
import { reasonOf, startThread, type ThreadPlaces } from "../thread_task.ts";
import type {
  AnsweredCall,
  AskedCall,
  NextFrameAsk,
  ReadCallName,
  ReadCalls,
  Reading,
} from "./reading_calls.ts";
import { type WaitingLimits, WatchedReading } from "./watched_reading.ts";

/** How long a thread may take until it stops what it does, in milliseconds. Then it is ended. */
const stopMs = 2000;

/** What opening takes besides the request. */
export interface ReadingOptions extends ThreadPlaces {
  readonly signal: AbortSignal | undefined;
  /** How long a network may have one wait. Default: for ever. */
  readonly limits?: WaitingLimits;
}

/** A file, and what it says. */
export interface OpenReading {
  readonly reading: Reading;
  readonly info: SourceInfo;
}

/** Opens a file in a thread. */
export async function openReading(request: ReadRequest, options: ReadingOptions): Promise<OpenReading> {
  let thread: ReadingThread | null = null;
  let cause: Error;
  try {
    thread = ReadingThread.take(options);
    return await opened(thread, thread.control, request, options);
  } catch (error) {
    const couldStart = thread !== null && !thread.hasNotStarted;
    if (couldStart || options.signal?.aborted) throw error;
    cause = error as Error;
  }
  if (["network", "device"].includes(request.place.kind)) throw noThreadError(request.label, cause);
  // Most programs do without.
  const { LocalReading } = await import("./local_reading.ts");
  options.signal?.throwIfAborted();
  return await opened(new LocalReading(), new SessionControl().memory, request, options);
}

/** Without a thread, waiting for a network or a device would hold up the program. */
function noThreadError(label: string, cause: Error): UnsupportedError {
  return new UnsupportedError(
    `Cannot open ${label}: the thread that reads it cannot be started: ${reasonOf(cause.cause ?? cause)}`,
    {
      code: "NO_THREAD",
      operation: "start a thread",
      hint: "A bundle needs the module of avwriter's threads beside it, or named by the option workerUrl",
      cause,
    },
  );
}

async function opened(
  reading: Reading,
  control: SharedArrayBuffer,
  request: ReadRequest,
  { libraryPath, signal, limits }: ReadingOptions,
): Promise<OpenReading> {
  if (limits !== undefined) reading = new WatchedReading(reading, control, request.label, limits);
  const folder = librariesFor(libraryPath);
  try {
    if (request.place.kind === "device") {
      // What libavdevice tells libavformat of itself must outlive the thread.
      keepDevices(await reading.ask("devices", { libraryPath: folder }));
    }
    const asked = reading.ask("open", { request, libraryPath: folder, control });
    const { info, folder: loaded } = await unlessAborted(asked, signal);
    noteLibraries(loaded, libraryPath);
    return { reading, info };
  } catch (error) {
    await reading.close();
    throw error;
  }
}

/** A thread that reads one file after another. */
class ReadingThread implements Reading {
  /** An idle thread: a new one takes tens of milliseconds to start, and to load the libraries. */
  static #idle: ReadingThread | null = null;
  readonly #thread: Thread;
  readonly #module: string;
  readonly #open = new Map<number, PromiseWithResolvers<never>>();
  /** Ends what the thread does with the file at hand. */
  #control = new SessionControl();
  #last = 0;
  /** How many frames are lent. */
  #lent = 0;
  /** Whether it reads no other file. */
  #isLeaving = false;
  #hasAnswered = false;
  #failure: Error | null = null;

  private constructor(places: ThreadPlaces) {
    this.#module = places.workerModule.href;
    this.#thread = startThread(places, "read", {
      message: (message) => this.#receive(message as AnsweredCall),
      ended: (cause) => this.#fail(cause),
    });
  }

  /** A thread for a file. Throws where none can be started. */
  static take(places: ThreadPlaces): ReadingThread {
    const idle = ReadingThread.#idle;
    const isFitting = idle !== null && idle.#module === places.workerModule.href;
    const thread = isFitting ? idle : new ReadingThread(places);
    if (thread === idle) ReadingThread.#idle = null;
    thread.#control = new SessionControl();
    return thread;
  }

  /** The memory of what ends the work. */
  get control(): SharedArrayBuffer {
    return this.#control.memory;
  }

  /** Whether it ended before its first answer. */
  get hasNotStarted(): boolean {
    return this.#failure !== null && !this.#hasAnswered;
  }

  async ask<Name extends ReadCallName>(
    type: Name,
    details: ReadCalls[Name]["ask"],
  ): Promise<ReadCalls[Name]["answer"]> {
    if (this.#failure !== null) throw this.#failure;
    const question = ++this.#last;
    const asker = Promise.withResolvers<never>();
    const { memory, returned = [] } = details as Partial<NextFrameAsk>;
    this.#lent -= returned.length;
    this.#thread.post({ ...details, type, question } as unknown as AskedCall, memory ? [memory] : []);
    this.#open.set(question, asker);
    this.#thread.keepAlive(true);
    return await asker.promise;
  }

  /** Closes the file. Waits not for a thread that is stuck in a read: that is ended later. */
  async close(): Promise<void> {
    if (this.#failure !== null) return;
    this.#control.abort();
    const closed = this.ask("close", {}).then(() => this.#leave());
    if (await settlesWithin(closed, patienceMs)) return;
    this.#thread.keepAlive(false);
    const stop = runtime().startTimer(stopMs, () => this.#thread.end());
    closed.then(stop, stop);
  }

  #leave(): void {
    if (ReadingThread.#idle === null) ReadingThread.#idle = this;
    else {
      this.#isLeaving = true;
      this.#endUnlessLent();
    }
  }

  /** Ends a thread that has left, but not before its frames came back: nobody else frees them. */
  #endUnlessLent(): void {
    if (this.#isLeaving && this.#lent === 0 && this.#open.size === 0) this.#thread.end();
  }

  #receive(answer: AnsweredCall): void {
    this.#hasAnswered = true;
    const asker = this.#open.get(answer.question);
    this.#open.delete(answer.question);
    if (this.#open.size === 0) this.#thread.keepAlive(false);
    if ("error" in answer) asker?.reject(receivedError(answer.error));
    else {
      if (isLent(answer.value)) this.#lent++;
      asker?.resolve(answer.value as never);
    }
    this.#endUnlessLent();
  }

  #fail(cause: Error): void {
    if (ReadingThread.#idle === this) ReadingThread.#idle = null;
    this.#failure = new ReadError(
      `Cannot read on: the thread that reads the file has ended (${cause.message})`,
      {
        code: "THREAD_ENDED",
        operation: "read in another thread",
        hint: "Open the file again",
        cause,
      },
    );
    for (const asker of this.#open.values()) asker.reject(this.#failure as never);
    this.#open.clear();
    this.#thread.keepAlive(false);
  }
}

/** Whether an answer is a frame that was lent. */
function isLent(value: ReadCalls[ReadCallName]["answer"]): boolean {
  return typeof value === "object" && value !== null && "data" in value && "address" in value.data;
}
