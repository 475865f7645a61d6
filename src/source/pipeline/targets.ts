/**
 * What can be attached, and how each kind takes frames.
 *
 * @module
 */
import { kindOf, shown } from "../../shown.ts";
import { frameTimes } from "../../video/frame_timing.ts";
import type { QueuedFrame } from "./frame_queue.ts";
import { type FrameSink, type NodeTarget, sinkOfNode } from "./frame_sink.ts";
import { takesLent, writeFrame } from "./frame_taker.ts";
import type { FrameTarget, VideoTarget, WriterTarget } from "./pipeline_source.ts";
import type { SourceFrame } from "./source_frame.ts";

/** A target that needs to be told nothing but frames. */
abstract class PlainSink implements FrameSink {
  abstract take(queued: QueuedFrame): void | Promise<void>;

  settle(): Promise<void> {
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  leave(): void {}

  fail(): void {}
}

/** A program's own target. It may keep frames: their shares of pixels never come back. */
class UpdateSink extends PlainSink {
  readonly #target: FrameTarget;

  constructor(target: FrameTarget) {
    super();
    this.#target = target;
  }

  take({ frame }: QueuedFrame): void | Promise<void> {
    return this.#target.update(frame);
  }
}

/** A writer. */
class WriterSink extends PlainSink {
  readonly #writer: WriterTarget;

  constructor(writer: WriterTarget) {
    super();
    this.#writer = writer;
  }

  get takesLent(): boolean {
    return takesLent(this.#writer);
  }

  async take({ frame, arrivalMs }: QueuedFrame): Promise<void> {
    try {
      if (this.#writer.timing === "wallclock") await this.#writeCaptured(frame, arrivalMs);
      else await writeFrame(this.#writer, frame, frameTimes(frame, this.#writer.timing ?? "timestamps"));
    } finally {
      frame.release();
    }
  }

  /**
   * Writes a frame at the time at which the source had it. Frames that came so soon after each other that the
   * container does not tell them apart are refused at that time: they get the next that there is.
   */
  async #writeCaptured(frame: SourceFrame, capturedAt: number): Promise<void> {
    try {
      await writeFrame(this.#writer, frame, { capturedAt });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      await writeFrame(this.#writer, frame);
    }
  }
}

/** How a target takes frames. Throws a `TypeError` where it is none. */
export function sinkOf(target: VideoTarget): FrameSink {
  const isObject = typeof target === "object" && target !== null || typeof target === "function";
  if (isObject) {
    const given: Partial<NodeTarget & FrameTarget & WriterTarget> = target;
    const { [sinkOfNode]: node, update, write } = given;
    if (typeof node === "function") return node.call(target);
    if (typeof update === "function") return new UpdateSink(target as FrameTarget);
    if (typeof write === "function") return new WriterSink(target as WriterTarget);
  }
  const kind = isObject && typeof target === "object" ? kindOf(target) : shown(target);
  throw new TypeError(
    `Cannot attach ${kind}: give a writer, a node, or an object with a function update(frame)`,
  );
}
