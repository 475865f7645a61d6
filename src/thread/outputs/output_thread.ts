/**
 * An output in a thread of its own, as its program sees it.
 *
 * @module
 */
import { librariesFor, runtime, type Thread } from "../../../ffi/mod.ts";
import { settlesWithin } from "../../abortable.ts";
import { SessionControl } from "../../engine/ending/session_control.ts";
import type { OutputTarget } from "../../engine/outputs/output_target.ts";
import type { OutputStats } from "../../engine/outputs/output_stats.ts";
import { QueueMemory } from "../../engine/outputs/queue_memory.ts";
import { UnsupportedError, WriteError } from "../../errors.ts";
import { patienceMs } from "../encoding_thread.ts";
import { receivedError } from "../sent_error.ts";
import { reasonOf, startThread } from "../thread_task.ts";
import type { FromOutput, OutputStart } from "./output_messages.ts";
import type { OutputRequest } from "./output_request.ts";

/** How often the clock is looked at, in milliseconds. */
const stepMs = 50;
/** From when on an output that takes nothing is stalled, in seconds. */
const stallSeconds = 1;
/** How long a thread may take until it stops what it does, in milliseconds. Then it is ended. */
const stopMs = 2000;
/** How long a call that is given up at the end may go on, in milliseconds: SRT looks every 100 ms. */
const giveUpMs = 150;

/** One output. */
export class OutputThread {
  readonly #request: OutputRequest;
  readonly #queue = new QueueMemory();
  readonly #control = new SessionControl();
  readonly #thread: Thread;
  readonly #connected = Promise.withResolvers<void>();
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #error: Error | null = null;
  #isOver = false;
  /** How many calls wait for the thread. */
  #awaited = 0;
  /** When the encoder has ended. */
  #endedMs: number | null = null;
  #isGivenUp = false;
  /** Why it is given up at a deadline; `null` before. */
  #overdue: WriteError | null = null;
  #stopWatch = (): void => {};
  #stopDeadline = (): void => {};

  /** Starts the thread, which connects. */
  constructor(request: OutputRequest) {
    const { target, libraryPath, workerModule, reconnect, isAwaited, writeTimeoutSeconds } = request;
    this.#request = request;
    for (const { promise } of [this.#connected, this.#begun, this.#ended]) promise.catch(() => {});
    try {
      this.#thread = startThread({ workerModule, libraryPath }, "output", {
        message: (message) => this.#receive(message as FromOutput),
        ended: (cause) => this.#lose(cause),
      });
    } catch (cause) {
      throw this.#threadError("NO_THREAD", cause);
    }
    this.#thread.post(
      {
        ...{ target, reconnect, isAwaited, writeTimeoutSeconds },
        libraryPath: librariesFor(libraryPath),
        queue: this.#queue.memory,
        control: this.#control.memory,
      } satisfies OutputStart,
    );
    this.#watch();
  }

  /** The memory of its queue, for the encoder. */
  get memory(): SharedArrayBuffer {
    return this.#queue.memory;
  }

  get target(): OutputTarget {
    return this.#request.target;
  }

  /** Resolves once the first connection is there. Throws where that fails. */
  get connected(): Promise<void> {
    return this.#kept(this.#connected.promise);
  }

  /** Resolves once the first connection has taken the header. Throws where that fails. */
  get begun(): Promise<void> {
    return this.#kept(this.#begun.promise);
  }

  /**
   * Resolves once it has ended, after the encoder has. Throws where it has failed: an address that takes
   * nothing by now is given up.
   */
  get ended(): Promise<void> {
    this.#look();
    return this.#kept(this.#ended.promise);
  }

  /** The error that it has failed with; `null` where it goes on, or has ended well. */
  get failure(): Error | null {
    return this.#isOver && this.#queue.state === "failed" ? this.#error : null;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * What a program waits for that would have packets left out; `null` where there is room, or nothing is
   * taken anyway.
   */
  get room(): Promise<void> | null {
    const queue = this.#queue;
    const takes = queue.state === "live" || queue.state === "stalled";
    if (this.#isOver || !takes || queue.fullness < 0.5) return null;
    return queue.changed(queue.changes, 1000);
  }

  get stats(): OutputStats {
    const queue = this.#queue;
    return {
      target: this.target.label,
      state: queue.state,
      frames: queue.count("frames"),
      droppedFrames: queue.count("droppedFrames"),
      packets: queue.count("packets"),
      droppedPackets: queue.count("droppedPackets"),
      queued: queue.length,
      bytes: queue.sentBytes,
      reconnects: Math.max(0, queue.count("connections") - 1),
      error: this.#error,
    };
  }

  /** Gives an address up that has not taken everything in so many seconds from now. */
  endWithin(seconds: number): void {
    if (this.#request.isPatient || this.#isOver) return;
    this.#stopDeadline();
    this.#stopDeadline = runtime().startTimer(seconds * 1000, () => void this.#endLate());
  }

  async #endLate(): Promise<void> {
    const error = this.#overdue = new WriteError(
      `Cannot write to ${this.target.label}: it has not taken everything by the deadline of close`,
      { code: "ETIMEDOUT", operation: "close", hint: null },
    );
    this.#control.abort();
    this.#queue.wake();
    if (!await settlesWithin(this.#kept(this.#ended.promise), giveUpMs)) this.#leave(error);
  }

  /** Stops it, whatever it waits for. */
  async abort(reason?: unknown): Promise<void> {
    if (this.#isOver) return;
    this.#control.abort();
    this.#queue.wake();
    const ended = [this.#kept(this.#ended.promise), this.#request.stream?.abort(reason)];
    if (!await settlesWithin(Promise.allSettled(ended), patienceMs)) this.#leave(null);
  }

  /** Leaves the thread behind: nobody can end what waits in C and does not look. */
  #leave(error: Error | null): void {
    if (this.#isOver) return;
    this.#end(error);
    this.#thread.keepAlive(false);
    runtime().startTimer(stopMs, () => this.#thread.end());
  }

  /** After a failure of the encoder: files and segments become what they can be, all else ends. */
  async salvage(): Promise<void> {
    const { target } = this;
    const isKept = target.kind === "file" || target.kind === "stream" && target.cuts !== undefined;
    if (!isKept) return await this.abort();
    this.#queue.end();
    await this.ended.catch(() => {});
  }

  /** Keeps the program alive while something is awaited. */
  async #kept<T>(promise: Promise<T>): Promise<T> {
    this.#awaited++;
    if (!this.#isOver) this.#thread.keepAlive(true);
    try {
      return await promise;
    } finally {
      this.#awaited--;
      if (this.#awaited === 0 && !this.#isOver) this.#thread.keepAlive(false);
    }
  }

  #receive(message: FromOutput): void {
    switch (message.type) {
      case "connected":
        return this.#connected.resolve();
      case "begun":
        return this.#begun.resolve();
      case "lost":
        this.#error = receivedError(message.error);
        return;
      case "bytes":
        return void this.#give(new Uint8Array(message.bytes));
      case "sdp":
        return this.#request.onSdp?.(message.text);
      case "ended":
        return void this.#close(message.error === null ? null : receivedError(message.error));
    }
  }

  /** Gives bytes to the stream. Where it takes none any more, the output has failed. */
  async #give(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { stream, target } = this.#request;
    if (this.#isOver || stream === undefined || target.kind !== "stream") return;
    try {
      stream.take(bytes);
      await stream.ready();
      Atomics.sub(new Int32Array(target.pending, 0, 1), 0, bytes.length);
      this.#queue.wake();
    } catch (error) {
      this.#end(error as Error);
      this.#control.abort();
      this.#queue.wake();
    }
  }

  /** The thread has ended, also where this has ended it. */
  #lose(cause: unknown): void {
    if (this.#isOver) return;
    const error = this.#threadError("THREAD_ENDED", cause);
    this.#end(error);
    this.#request.stream?.abort(error).catch(() => {});
  }

  /** The thread has done its work. */
  async #close(error: Error | null): Promise<void> {
    const { stream, writeTimeoutSeconds } = this.#request;
    if (error !== null) this.#end(error);
    try {
      if (this.#isOver || this.#control.isAborted) {
        await stream?.abort(error ?? new Error("The writer was aborted"));
      } else if (stream !== undefined) {
        const closing = stream.close();
        for (let before = stream.progress; !await settlesWithin(closing, writeTimeoutSeconds * 1000);) {
          const { progress } = stream;
          if (progress === before) throw this.#late(writeTimeoutSeconds, "close a stream");
          before = progress;
        }
        await closing;
      }
      this.#end(this.#overdue);
    } catch (failure) {
      this.#end(failure as Error);
    }
    this.#thread.end();
  }

  #end(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWatch();
    this.#stopDeadline();
    if (error !== null) this.#error = error;
    this.#queue.state = error === null ? "closed" : "failed";
    const reason = error ?? new Error("The output was closed");
    this.#connected.reject(reason);
    this.#begun.reject(reason);
    if (error === null) this.#ended.resolve();
    else this.#ended.reject(error);
  }

  /** Looks at the clock again and again: no call in the thread waits for longer than it may. */
  #watch(): void {
    this.#stopWatch = runtime().startTimer(stepMs, () => {
      this.#look();
      this.#watch();
    });
  }

  #look(): void {
    const waited = this.#control.waitedSeconds;
    const { isPatient, writeTimeoutSeconds: limit } = this.#request;
    if (waited > stallSeconds) this.#queue.turn("live", "stalled");
    const isEnd = this.#queue.hasEnded && this.#endedMs === null;
    if (isEnd) this.#endedMs = performance.now();
    if (this.#endedMs !== null && !isPatient && this.#takesNothing(waited, isEnd)) this.#giveUp();
    const isLate = waited > limit;
    const isLateAtEnd = this.#endedMs !== null && performance.now() - this.#endedMs > limit * 1000;
    if (isLate && (!isPatient || isLateAtEnd)) this.#endCall();
  }

  /** Whether an address takes nothing when the encoder ends, or later where it never had a connection. */
  #takesNothing(waited: number, isEnd: boolean): boolean {
    const { state } = this.#queue;
    // What comes back would get nothing of what is over.
    if (state === "retrying") return isEnd;
    return waited > stallSeconds && (isEnd || state === "connecting");
  }

  #endCall(): void {
    this.#control.endLateCall();
    this.#queue.wake();
  }

  /** The encoder has ended, and the address takes nothing: nobody waits for it. */
  #giveUp(): void {
    this.#endCall();
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    runtime().startTimer(giveUpMs, () => this.#leave(this.#error ?? this.#late(stallSeconds, "close")));
  }

  #late(seconds: number, operation: string): WriteError {
    return new WriteError(`Cannot write to ${this.target.label}: it has taken nothing for ${seconds} s`, {
      code: "ETIMEDOUT",
      operation,
      hint: this.#request.stream === undefined ? null : "Read the stream to its end",
    });
  }

  #threadError(code: "NO_THREAD" | "THREAD_ENDED", cause: unknown): Error {
    const ErrorClass = code === "NO_THREAD" ? UnsupportedError : WriteError;
    const what = code === "NO_THREAD" ? "cannot be started" : "has ended";
    return new ErrorClass(
      `Cannot write to ${this.target.label}: the thread that sends it ${what}: ${reasonOf(cause)}`,
      {
        code,
        operation: "write in another thread",
        hint: code === "NO_THREAD"
          ? "A bundle needs the module of avwriter's threads beside it, or named by the option workerUrl"
          : null,
        cause,
      },
    );
  }
}
