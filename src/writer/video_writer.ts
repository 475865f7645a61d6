/**
 * The writer that people hold: promises, a stream, and one clear state.
 *
 * @module
 */
import { WriterClosedError } from "../errors.ts";
import { type Engine, RefusedFrame } from "./engine.ts";
import { type CheckedFrame, FrameChecker } from "./frame_checker.ts";
import type { FrameClock, FrameTiming } from "./frame_clock.ts";
import type { CheckedOptions, WriterStats } from "./options.ts";
import type { EncoderChoice, Frame, WriteSummary } from "./session_types.ts";

/** Milliseconds between two calls of `onProgress`. */
const progressIntervalMs = 250;

type State =
  | { readonly name: "open" }
  | { readonly name: "closing"; readonly summary: Promise<WriteSummary> }
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
   * Writes one frame. Once the promise is kept, its buffer may be used again.
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

/** A {@linkcode VideoWriter} over an engine. */
export class EngineWriter implements VideoWriter {
  readonly #engine: Engine;
  readonly #clock: FrameClock;
  readonly #checker: FrameChecker;
  readonly #context: Pick<CheckedOptions, "signal" | "onProgress">;
  readonly #onAbort: () => void;
  #state: State = { name: "open" };
  /** An image that is being looked into: whether it counts is not known before. */
  #image: Promise<void> | null = null;
  #writable: WritableStream<Frame> | undefined;
  #lastProgress = 0;

  /** Takes over an engine, and the clock that gives its frames their times. */
  constructor(engine: Engine, clock: FrameClock, options: CheckedOptions) {
    this.#engine = engine;
    this.#clock = clock;
    const { formats, containerClock } = engine.info;
    if (containerClock !== null) clock.setContainer(containerClock);
    const byName = new Map(formats.map((format) => [format.name, format]));
    this.#checker = new FrameChecker(byName, options, clock);
    this.#context = options;
    // Whoever aborts by signal has no call to learn a failure from: the file that can't be removed then stays.
    this.#onAbort = () => void this.abort(options.signal?.reason).catch(() => {});
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get writable(): WritableStream<Frame> {
    return this.#writable ??= new WritableStream<Frame>({
      write: (frame) => this.write(frame),
      close: async () => void await this.close(),
      abort: (reason) => this.abort(reason),
    });
  }

  get encoder(): EncoderChoice | null {
    return this.#engine.choice;
  }

  get stats(): WriterStats {
    return this.#engine.stats;
  }

  // An async function runs up to its first await before it returns: where there is room, the frame's bytes are taken by then.
  async write(frame: Frame, timing?: FrameTiming): Promise<void> {
    while (this.#image !== null) await this.#image;
    this.#requireOpen("write a frame");
    // A wrong frame is the caller's mistake, found before anything was done with it: the writer goes on.
    const checked = this.#checker.check(frame, timing);
    // Fields of the caller's object may run code of theirs.
    this.#requireOpen("write a frame");
    const taken = checked.picture.kind === "raw" ? this.#writeRaw(checked) : this.#writeImage(checked);
    if (taken !== undefined) await taken;
    this.#progress(false);
  }

  async close(): Promise<WriteSummary> {
    while (this.#image !== null) await this.#image;
    const state = this.#state;
    if (state.name === "closed" || state.name === "closing") return state.summary;
    this.#requireOpen("close");
    const summary = this.#finish();
    this.#state = { name: "closing", summary };
    return await summary;
  }

  async abort(reason?: unknown): Promise<void> {
    if (this.#state.name !== "open" && this.#state.name !== "closing") return;
    this.#end({ name: "aborted", reason });
    await this.#engine.abort();
  }

  /** Closes the writer, unless that is done or no longer possible: what made it so was told already. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state.name === "open") await this.close();
  }

  #writeRaw(checked: CheckedFrame): void | Promise<void> {
    try {
      const taken = this.#engine.write(checked);
      this.#checker.accept(checked, this.#engine.size);
      return taken?.catch((error) => this.#fail(error));
    } catch (error) {
      return this.#fail(error);
    }
  }

  #writeImage(checked: CheckedFrame): Promise<void> {
    const taken = this.#lookInto(checked);
    const looked = (): void => void (this.#image = null);
    this.#image = taken.then(looked, looked);
    return taken;
  }

  async #lookInto(checked: CheckedFrame): Promise<void> {
    try {
      await this.#engine.write(checked);
      this.#checker.accept(checked, this.#engine.size);
    } catch (error) {
      if (error instanceof RefusedFrame) throw error.cause;
      await this.#fail(error);
    }
  }

  async #finish(): Promise<WriteSummary> {
    // The state says that it is closing before anything can fail.
    await null;
    try {
      const summary = await this.#engine.finish(this.#clock.endTicks);
      if (this.#state.name === "closing") this.#end({ name: "closed", summary });
      this.#progress(true);
      return summary;
    } catch (error) {
      return await this.#fail(error);
    }
  }

  #requireOpen(action: string): void {
    const state = this.#state;
    if (state.name === "open") return;
    if (state.name === "failed") throw state.error;
    throw new WriterClosedError(
      `Cannot ${action}: the writer was ${state.name === "aborted" ? "aborted" : "closed"}`,
      {
        code: state.name === "aborted" ? "ABORTED" : "CLOSED",
        operation: action,
        hint: "Make a new writer for another file",
        cause: state.name === "aborted" ? state.reason : undefined,
      },
    );
  }

  /** Ends the writer with its first failure, and throws that. */
  async #fail(error: unknown): Promise<never> {
    if (this.#state.name === "open" || this.#state.name === "closing") {
      this.#end({ name: "failed", error });
      await this.#engine.salvage();
    }
    if (this.#state.name === "failed") throw this.#state.error;
    throw error;
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
