/**
 * The writer that people hold: promises, a stream, and one clear state.
 *
 * @module
 */
import { WriterClosedError } from "../errors.ts";
import type { FrameTiming } from "./frame_clock.ts";
import type { WriterStats } from "./options.ts";
import type { WriterSession } from "./session.ts";
import type { EncoderChoice, Frame, WriteSummary } from "./session_types.ts";

/** Milliseconds between two calls of `onProgress`. */
const progressIntervalMs = 250;

/** What a writer is besides its session. */
export interface WriterContext {
  /** See `WriterOptions`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (stats: WriterStats) => void;
}

type State =
  | { readonly name: "open" }
  | { readonly name: "closed"; readonly summary: WriteSummary }
  | { readonly name: "failed"; readonly error: unknown }
  | { readonly name: "aborted"; readonly reason: unknown };

/**
 * Writes frames into one video file. {@linkcode createFileWriter} makes it.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/gray.mp4`;
 * await using writer = await createFileWriter("h264", path, 30);
 * const frame = { data: new Uint8ClampedArray(64 * 64 * 4).fill(128), width: 64, height: 64 };
 * await writer.write(frame);
 * const { frames, seconds } = await writer.close();
 * if (frames !== 1 || seconds !== 1 / 30) throw new Error("not as written");
 * ```
 */
export interface VideoWriter extends AsyncDisposable {
  /**
   * Writes one frame: it is copied before this returns, so its buffer may be used again.
   *
   * @param frame The frame: pixels, or an image file. All raw frames of a video have one format, and, without `resize`, all
   * frames have one size.
   * @param timing When it is shown and for how long, and whether it must be a key frame.
   * @throws {TypeError} The frame is not one, its image is broken, or its buffer is detached. The writer goes on.
   * @throws {RangeError} Its size is another than the video's, its buffer is too short, or its timestamp is not later than the
   * last. The writer goes on.
   * @throws {WriteError} Encoding or writing failed. Every later call rejects with the same error.
   * @throws {WriterClosedError} The writer was closed or aborted.
   */
  write(frame: Frame, timing?: FrameTiming): Promise<void>;
  /**
   * Encodes what is left, finishes the file and closes it. Called again, it returns the same summary.
   *
   * Where no frame was written there is nothing to write: no file is made, and one that exists stays as it was.
   *
   * @throws {WriteError} Encoding or writing failed, now or before.
   * @throws {WriterClosedError} The writer was aborted.
   */
  close(): Promise<WriteSummary>;
  /**
   * Stops and removes the file that was begun. Calls after it reject with a {@linkcode WriterClosedError} that has the reason as
   * its cause. Does nothing after `close`.
   */
  abort(reason?: unknown): Promise<void>;
  /** The same writer as a stream, for `pipeTo`: closing the stream closes the writer, aborting it aborts the writer. */
  readonly writable: WritableStream<Frame>;
  /** The encoder in use, and which others were passed over and why; `null` before it is known. */
  readonly encoder: EncoderChoice | null;
  /** Progress so far. */
  readonly stats: WriterStats;
}

/** A {@linkcode VideoWriter} over a session in this thread. */
export class SessionWriter implements VideoWriter {
  readonly #session: WriterSession;
  readonly #context: WriterContext;
  readonly #onAbort: () => void;
  #state: State = { name: "open" };
  #writable: WritableStream<Frame> | undefined;
  #lastProgress = 0;

  /** Takes over a session. */
  constructor(session: WriterSession, context: WriterContext) {
    this.#session = session;
    this.#context = context;
    // Whoever aborts by signal has no call to learn a failure from: the file that can't be removed then stays.
    this.#onAbort = () => void this.abort(context.signal?.reason).catch(() => {});
    context.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get writable(): WritableStream<Frame> {
    return this.#writable ??= new WritableStream<Frame>({
      write: (frame) => this.write(frame),
      close: async () => void await this.close(),
      abort: (reason) => this.abort(reason),
    });
  }

  get encoder(): EncoderChoice | null {
    return this.#session.choice;
  }

  get stats(): WriterStats {
    return this.#session.stats;
  }

  // An async function runs up to its first await before it returns: the frame's bytes are taken by then.
  // deno-lint-ignore require-await
  async write(frame: Frame, timing?: FrameTiming): Promise<void> {
    this.#requireOpen("write a frame");
    // A wrong frame is the caller's mistake, found before anything was done with it: the writer goes on.
    const checked = this.#session.check(frame, timing);
    // Fields of the caller's object may run code of theirs.
    this.#requireOpen("write a frame");
    try {
      this.#session.write(checked);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#progress(false);
  }

  // deno-lint-ignore require-await
  async close(): Promise<WriteSummary> {
    if (this.#state.name === "closed") return this.#state.summary;
    this.#requireOpen("close");
    let summary: WriteSummary;
    try {
      summary = this.#session.finish();
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#end({ name: "closed", summary });
    this.#session[Symbol.dispose]();
    this.#progress(true);
    return summary;
  }

  // deno-lint-ignore require-await
  async abort(reason?: unknown): Promise<void> {
    if (this.#state.name !== "open") return;
    this.#end({ name: "aborted", reason });
    this.#session.abort();
  }

  /** Closes the writer, unless that is done or no longer possible: what made it so was told already. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state.name === "open") await this.close();
  }

  #requireOpen(action: string): void {
    const state = this.#state;
    if (state.name === "open") return;
    if (state.name === "failed") throw state.error;
    throw new WriterClosedError(`Cannot ${action}: the writer was ${state.name}`, {
      code: state.name === "closed" ? "CLOSED" : "ABORTED",
      operation: action,
      hint: "Make a new writer for another file",
      cause: state.name === "aborted" ? state.reason : undefined,
    });
  }

  #fail(error: unknown): void {
    this.#end({ name: "failed", error });
    this.#session.salvage();
  }

  #end(state: State): void {
    this.#state = state;
    this.#context.signal?.removeEventListener("abort", this.#onAbort);
  }

  #progress(isLast: boolean): void {
    const { onProgress } = this.#context;
    if (onProgress === undefined) return;
    const now = performance.now();
    if (!isLast && now - this.#lastProgress < progressIntervalMs) return;
    this.#lastProgress = now;
    onProgress(this.stats);
  }
}
