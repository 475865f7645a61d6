/**
 * The flow of a source that gives frames one after another when asked.
 *
 * @module
 */
import { nextTurn } from "../../next_turn.ts";
import { Flow } from "./flow.ts";
import type { SourceFrame } from "./source_frame.ts";

/** Asks for frames while anybody gets them. */
export abstract class SourceFlow extends Flow {
  /** The frame that was asked for when the last target left. */
  #kept: SourceFrame | null = null;
  /** The frame that was sent last, where only a part of it was. */
  #whole: SourceFrame | null = null;
  /** The frame that the last reader has not used, with all of the picture. */
  #unused: SourceFrame | null = null;
  /** What `#restarts` was when the last frame was sent. */
  #sentAt = 0;
  /** How often frames came from another place on. */
  #restarts = 0;
  #isRunning = false;
  #end: { readonly failure: { readonly error: unknown } | null } | null = null;

  /** The next frame, whose memory is the pipeline's; `null` at the end. */
  protected abstract pull(): Promise<SourceFrame | null>;

  /** Nobody gets frames for now. */
  protected rest(): void {}

  /** Whether no frame comes any more. */
  protected get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** Frames come from another place on, also after the end. */
  protected restart(): void {
    this.#restarts++;
    this.#drop();
    this.#end = null;
  }

  /** The source is closed: unless somebody waits for the next frame, it is not sent any more. */
  protected dropUnsent(): void {
    if (!this.distributor.isEmpty) return;
    this.#restarts++;
    this.#drop();
  }

  /** Gives back the frames that are not sent. */
  #drop(): void {
    this.#kept?.release();
    this.#unused?.release();
    this.#whole?.release();
    this.#kept = this.#unused = this.#whole = null;
  }

  protected override begin(): void {
    if (this.#end !== null) return this.#tellEnd();
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  protected override free(): Promise<void> {
    this.#end ??= { failure: null };
    this.#drop();
    return Promise.resolve();
  }

  protected override takeBack(frame: SourceFrame): void {
    // Others go on behind it.
    const isNext = this.distributor.isEmpty && this.#sentAt === this.#restarts && this.#end === null;
    if (!isNext) return super.takeBack(frame);
    if (this.#whole !== null) frame.release();
    this.#unused = this.#whole ?? frame;
    this.#whole = null;
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
    if (this.#end === null) return this.rest();
    this.#drop();
    this.#tellEnd();
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
    const restarts = this.#sentAt = this.#restarts;
    const unused = this.#unused;
    const frame = unused ?? this.#kept ?? await this.pull();
    if (restarts !== this.#restarts || frame !== null && this.#end !== null) return frame?.release();
    if (frame === null) {
      this.#end ??= { failure: null };
      return;
    }
    if (unused === null) this.#kept = frame;
    await this.distributor.room(frame);
    if (this.distributor.isEmpty || restarts !== this.#restarts) return;
    if (frame.lent !== null && !this.takesLent) return await this.#load(frame, restarts);
    if (unused === null) this.#kept = null;
    else this.#unused = null;
    this.#keepWhole(frame);
    this.sendNow(frame);
    // A source that has all of its frames already lets timers run.
    await nextTurn();
  }

  /** Takes a share of a frame that is to be sent, where only a part of it is: it may be taken back. */
  #keepWhole(frame: SourceFrame): void {
    this.#whole?.release();
    this.#whole = this.crop === null ? null : frame;
    this.#whole?.hold(1);
  }

  /** Puts a copy of its pixels in the place of a frame that is lent, for those that get it to look again. */
  async #load(frame: SourceFrame, restarts: number): Promise<void> {
    const loaded = await frame.loaded();
    // Otherwise it was dropped, which has given its share back.
    if (restarts !== this.#restarts || this.#end !== null) return;
    frame.release();
    if (this.#unused === frame) this.#unused = loaded;
    else this.#kept = loaded;
  }
}
