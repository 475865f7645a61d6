/**
 * One attached target: its queue, and its life.
 *
 * @module
 */
import { Gate } from "../../gate.ts";
import type { FrameQueue } from "./frame_queue.ts";
import type { FrameSink } from "./frame_sink.ts";
import type { Outlet } from "./outlet.ts";
import type { AttachedTarget, AttachmentState, VideoTarget } from "./pipeline_source.ts";
import type { SourceFrame } from "./source_frame.ts";
import { sinkOf } from "./targets.ts";

/** What an attachment tells its source. */
export interface AttachmentEvents {
  /** There is room in its queue. */
  tellRoom(): void;
  /** It takes no more frames. */
  leave(attachment: Outlet): void;
  /** It has failed. */
  failed(error: unknown): void;
}

/** Why no more frames come. */
type Ending =
  | { readonly state: "detached" | "ended" }
  | { readonly state: "failed"; readonly error: unknown };

/** Takes the frames of a source into a queue, and gives them to a target one after another. */
export class Attachment implements AttachedTarget, Outlet {
  /** What the program attached. */
  readonly target: VideoTarget;
  readonly #sink: FrameSink;
  readonly #queue: FrameQueue;
  readonly #events: AttachmentEvents;
  readonly #finished: PromiseWithResolvers<void> = Promise.withResolvers();
  /** A frame was taken. */
  readonly #moved = new Gate();
  #state: AttachmentState = "attached";
  #error: unknown = null;
  /** Whether the program has asked for the error, or will. */
  #isTold = false;
  #received = 0;
  #written = 0;
  #dropped = 0;
  /** The index of the frame that the target has; `null` where it has none. */
  #current: number | null = null;
  #ending: Ending | null = null;

  /** Throws a `TypeError` where the target is none. */
  constructor(target: VideoTarget, queue: FrameQueue, events: AttachmentEvents) {
    this.target = target;
    this.#sink = sinkOf(target);
    this.#queue = queue;
    this.#events = events;
    // Who wants to know looks there.
    this.#finished.promise.catch(() => {});
  }

  get takesLent(): boolean {
    return this.#sink.takesLent ?? false;
  }

  get received(): number {
    return this.#received;
  }

  get written(): number {
    return this.#written;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get queued(): number {
    return this.#queue.length + (this.#current === null ? 0 : 1);
  }

  get state(): AttachmentState {
    return this.#state;
  }

  get error(): unknown {
    this.#isTold = true;
    return this.#error;
  }

  get finished(): Promise<void> {
    this.#isTold = true;
    return this.#finished.promise;
  }

  /** The error of a target that failed, where nobody has asked for it. */
  get untold(): { readonly error: unknown } | null {
    return this.#state === "failed" && !this.#isTold ? { error: this.#error } : null;
  }

  hasRoom(frame: SourceFrame | null): boolean {
    return this.#queue.policy !== "block" || this.#queue.hasRoom(frame);
  }

  push(frame: SourceFrame): void {
    const index = this.#received++;
    this.#dropped += this.#queue.push({ frame, index, arrivalMs: performance.now() });
    if (this.#current === null) void this.#run();
  }

  end(): void {
    this.#endWith({ state: "ended" });
  }

  fail(error: unknown): void {
    this.#endWith({ state: "failed", error });
  }

  /** Takes no more frames; resolves once the target has all that came, and rejects where it failed. */
  async detach(): Promise<void> {
    if (this.#ending === null) {
      this.#events.leave(this);
      this.#endWith({ state: "detached" });
    }
    await this.finished;
  }

  async settled(): Promise<void> {
    if (this.#ending !== null) return await this.#finished.promise.catch(() => {});
    const end = this.#received;
    while ((this.#current ?? this.#queue.first) < end) await this.#moved.opened;
    if (this.#ending === null) await this.#sink.settle();
  }

  #endWith(ending: Ending): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    this.#state = "detaching";
    if (this.#current === null) void this.#finish();
  }

  /** Gives frames to the target while there are any. */
  async #run(): Promise<void> {
    try {
      for (let queued = this.#queue.shift(); queued !== null; queued = this.#queue.shift()) {
        this.#current = queued.index;
        this.#events.tellRoom();
        await this.#sink.take(queued);
        this.#written++;
        this.#current = null;
        this.#moved.open();
      }
    } catch (error) {
      this.#current = null;
      this.#dropped += 1 + this.#queue.clear();
      this.#failWith(error);
      this.#moved.open();
    }
    if (this.#ending !== null && this.#state === "detaching") void this.#finish();
  }

  async #finish(): Promise<void> {
    const ending = this.#ending!;
    try {
      if (ending.state === "failed") return this.#failWith(ending.error);
      this.#sink.leave();
      await (ending.state === "ended" ? this.#sink.end() : this.#sink.settle());
      this.#state = ending.state;
      this.#finished.resolve();
    } catch (error) {
      this.#failWith(error);
    }
  }

  #failWith(error: unknown): void {
    this.#ending ??= { state: "failed", error };
    this.#state = "failed";
    this.#error = error;
    this.#events.leave(this);
    this.#events.failed(error);
    this.#sink.leave();
    this.#sink.fail(error);
    this.#finished.reject(error);
  }
}
