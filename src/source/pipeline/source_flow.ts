/**
 * The flow of a source that gives frames one after another when asked.
 *
 * @module
 */
import { nextTurn } from "../../next_turn.ts";
import type { FrameSource } from "../source.ts";
import type { PictureForm } from "./crop.ts";
import { Flow } from "./flow.ts";
import type { SourceStatus } from "./pipeline_source.ts";
import { SourceFrame } from "./source_frame.ts";

/** What a source is asked for. Its size is not always known before the first frame. */
export interface FrameGiver extends Pick<FrameSource, "nextFrame">, Partial<PictureForm>, AsyncDisposable {}

/** Asks a source for frames while anybody gets them. */
export class SourceFlow<Source extends FrameGiver = FrameGiver> extends Flow {
  /** What gives the frames. */
  protected readonly source: Source;
  /** The frame that was asked for when the last target left. */
  #kept: SourceFrame | null = null;
  #isRunning = false;
  #end: { readonly failure: { readonly error: unknown } | null } | null = null;

  constructor(source: Source) {
    super();
    this.source = source;
  }

  override get status(): SourceStatus {
    return this.#end === null ? "running" : "ended";
  }

  protected override get form(): PictureForm | null {
    const { width, height, format } = this.source;
    if (width === undefined || height === undefined || format === undefined) return null;
    return { width, height, format };
  }

  protected override begin(): void {
    if (this.#end !== null) return this.#tellEnd();
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  protected override async free(): Promise<void> {
    this.#end ??= { failure: null };
    await this.source[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    // What is attached in the same turn gets the same frames.
    await null;
    try {
      while (!this.distributor.isEmpty && this.#end === null) await this.#pass();
    } catch (error) {
      this.#end ??= { failure: { error } };
    }
    this.#isRunning = false;
    if (this.#end !== null) this.#tellEnd();
  }

  #tellEnd(): void {
    const failure = this.#end!.failure;
    if (failure === null) this.distributor.end();
    else this.distributor.fail(failure.error);
  }

  /** Passes one frame on. */
  async #pass(): Promise<void> {
    await this.distributor.room(null);
    if (this.distributor.isEmpty) return;
    const frame = this.#kept ??= await this.#next();
    if (frame === null) {
      this.#end ??= { failure: null };
      return;
    }
    await this.distributor.room(frame);
    if (this.distributor.isEmpty) return;
    this.#kept = null;
    this.sendNow(frame);
    // A source that has all of its frames already lets timers run.
    await nextTurn();
  }

  async #next(): Promise<SourceFrame | null> {
    const frame = await this.source.nextFrame();
    return frame === null ? null : SourceFrame.from(frame);
  }
}
