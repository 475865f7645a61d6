/**
 * A `WritableStream` that a writer's bytes go to.
 *
 * @module
 */
import { settlesWithin } from "../../abortable.ts";
import { WriterClosedError } from "../../errors.ts";
import { Gate } from "../../gate.ts";
import { shown } from "../../shown.ts";
import type { ByteTarget } from "./stream_engine.ts";

/** How long a stream may take to be aborted, in milliseconds: it waits for a write that is under way. */
const abortMs = 100;

/** Throws a `TypeError` unless a value is a stream that nobody else writes to. */
export function requireStream(stream: unknown): asserts stream is WritableStream<Uint8Array> {
  if (!(stream instanceof WritableStream)) {
    throw new TypeError(`Cannot write to ${shown(stream)}: give a WritableStream of bytes`);
  }
  if (stream.locked) {
    throw new TypeError("Cannot write to the stream: another writer has locked it; release it first");
  }
}

/** The stream, which takes bytes in its own time. */
export class ByteStream implements ByteTarget {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** How many pieces the stream has not taken yet. */
  #pending = 0;
  #bytes = 0;
  #failure: WriterClosedError | null = null;
  #isEnded = false;
  /** Opens when the stream has taken something, or takes nothing any more. */
  readonly #changed = new Gate();
  /** Rejects once the stream takes nothing any more. */
  readonly #failed = Promise.withResolvers<never>();

  /** Locks the stream. */
  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
    this.#failed.promise.catch(() => {});
    this.#writer.closed.catch((reason) => this.#fail(reason));
  }

  get summary(): ByteTarget["summary"] {
    return { path: "", bytes: this.#bytes };
  }

  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Throws where the stream takes no bytes any more. */
  requireOpen(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** What a writer waits for before it makes more bytes; `null` where there is room, or will never be. */
  get room(): Promise<void> | null {
    if (this.#failure !== null || this.#isEnded || this.#pending === 0) return null;
    return (this.#writer.desiredSize ?? 0) > 0 ? null : this.#changed.opened;
  }

  /** Resolves once there is room. Throws where the stream takes no bytes any more. */
  async ready(): Promise<void> {
    for (let room = this.room; room !== null; room = this.room) await room;
    this.requireOpen();
  }

  /** Gives it bytes, which wait in the stream. */
  readonly take = (bytes: Uint8Array<ArrayBuffer>): void => {
    if (this.#failure !== null || this.#isEnded) return;
    this.#pending++;
    this.#bytes += bytes.length;
    this.#writer.write(bytes).then(() => {
      this.#pending--;
      this.#changed.open();
    }, (reason) => this.#fail(reason));
  };

  /** Gives the stream back, for nothing could be opened that writes to it; throws why. */
  refuse(error: unknown): never {
    this.giveBack();
    throw error;
  }

  /** Gives the stream back, before anything was written. */
  giveBack(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#writer.releaseLock();
  }

  /** Closes it; resolves once it has taken everything. */
  async close(): Promise<void> {
    this.requireOpen();
    const closed = this.#writer.close().catch((reason) => this.#fail(reason));
    await Promise.race([closed, this.#failed.promise]);
    this.requireOpen();
    this.#isEnded = true;
  }

  /** Ends it with a reason, which its reader is told. */
  async abort(reason: unknown): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const aborted = this.#writer.abort(reason);
    this.#fail(reason);
    await settlesWithin(aborted, abortMs);
  }

  #fail(reason: unknown): void {
    const why = reason instanceof Error
      ? reason.message
      : reason === undefined
      ? "it was closed"
      : String(reason);
    this.#failure ??= new WriterClosedError(`Cannot write to the stream: it takes no more bytes (${why})`, {
      code: "STREAM",
      operation: "write to a stream",
      hint: "Its reader has gone, or closed it: make a new writer for another stream",
      cause: reason,
    });
    this.#failed.reject(this.#failure);
    this.#changed.open();
  }
}
