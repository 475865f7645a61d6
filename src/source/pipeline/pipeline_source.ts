/**
 * What pipelines are made of, as programs hold it: sources, targets that attach and detach, and their queues.
 *
 * @module
 */
import type { FrameOptions, Timing } from "../../video/frame_timing.ts";
import type { PixelFormat } from "../../video/raw_frame.ts";
import type { DecodedFrame } from "../source.ts";

/** Anything that takes frames one after another. */
export interface FrameTarget {
  /**
   * Takes a frame. The next one comes once this has returned, or its promise has resolved. Others may read
   * the same memory: copy the frame before you change it. What this throws ends the attachment.
   */
  update(frame: DecodedFrame): void | Promise<void>;
}

/** What a writer needs to have to be a target. Every {@linkcode VideoWriter} does. */
export interface WriterTarget {
  /** Writes one frame, whose memory is free once the promise resolves. */
  write(
    frame: { data: Uint8Array<ArrayBuffer>; width: number; height: number; format: PixelFormat },
    options?: FrameOptions,
  ): Promise<void>;
  /** How frames get their times. Default: `"timestamps"`. */
  readonly timing?: Timing;
}

/** What a source may send its frames to: a writer, or anything with `update(frame)`. */
export type VideoTarget = WriterTarget | FrameTarget;

/**
 * What happens where a target's queue is full: the source waits, the oldest frame of the queue is left out,
 * the new one is, or all of the queue but the new one.
 */
export type QueuePolicy = "block" | "drop-oldest" | "drop-newest" | "latest";

/** The queue of one target. */
export interface QueueOptions {
  /** What happens where it is full. Default: `"block"`. */
  policy?: QueuePolicy;
  /** How many frames may wait, beside the one that the target has. Default: 4; with `"latest"` always 1. */
  frames?: number;
  /** How many bytes may wait. A single frame always may. Default: any number. */
  bytes?: number;
  /** How many seconds of video may wait. A single frame always may. Default: any number. */
  seconds?: number;
}

/**
 * The state of an attached target: frames come; they come no more, and those that wait are written; it was
 * detached; the source has ended; the target or the source has failed.
 */
export type AttachmentState = "attached" | "detaching" | "detached" | "ended" | "failed";

/**
 * A target that is attached to a source: its counters, and how it ended. `received` is always the sum of
 * `written`, `dropped` and `queued`.
 *
 * @example
 * ```ts
 * import { createFrameSource } from "@avwriter/avwriter";
 *
 * const frames = [0, 80, 160].map((gray) => ({
 *   data: new Uint8Array(32 * 32 * 4).fill(gray), width: 32, height: 32,
 * }));
 * await using source = await createFrameSource(frames, { frameRate: 25 });
 * const attached = source.attach({ update: ({ timestamp }) => console.log(timestamp) }, { frames: 2 });
 * await attached.finished;
 * if (attached.state !== "ended" || attached.written !== 3) throw new Error("not as given");
 * ```
 */
export interface AttachedTarget {
  /** Frames that the source had for it. */
  readonly received: number;
  /** Frames that it has taken. */
  readonly written: number;
  /** Frames that its queue left out, or that waited when it failed. */
  readonly dropped: number;
  /** Frames that wait, and the one that it has. */
  readonly queued: number;
  /** Where it is in its life. */
  readonly state: AttachmentState;
  /** Why it failed; `null` where it did not. */
  readonly error: unknown;
  /**
   * Resolves once it has taken its last frame, as the source has ended or it was detached; of a node, once
   * the node's own targets have all. Rejects with the error where it, or the source, failed.
   */
  readonly finished: Promise<void>;
}

/** The state of a source. */
export type SourceStatus = "connecting" | "running" | "stalled" | "retrying" | "ended";

/** A part of a picture, in pixels from its upper left corner. */
export interface CropArea {
  /** Columns left of it. */
  readonly x: number;
  /** Rows above it. */
  readonly y: number;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
}

/**
 * Where targets attach: a file, frames that a program draws, or a node. All that read from it get the same
 * frames, each at its own pace: with the first of them frames begin to flow, and with the last they stop.
 *
 * @example Two files from one source
 * ```ts
 * import { createFileWriter, createFrameSource } from "@avwriter/avwriter";
 *
 * async function* gray() {
 *   for (let n = 0; n < 25; n++) {
 *     yield { data: new Uint8Array(64 * 64).fill(n * 10), width: 64, height: 64, format: "gray" };
 *   }
 * }
 *
 * const folder = await Deno.makeTempDir();
 * await using source = await createFrameSource(gray(), { frameRate: 25 });
 * await using small = await createFileWriter("h264", `${folder}/a.mp4`, 25);
 * await using large = await createFileWriter("ffv1", `${folder}/a.mkv`, 25);
 * const attached = [source.attach(small), source.attach(large)];
 * await Promise.all(attached.map(({ finished }) => finished));
 * if (small.stats.frames !== 25 || large.stats.frames !== 25) throw new Error("not as given");
 * ```
 */
export interface PipelineSource extends AsyncIterable<DecodedFrame>, AsyncDisposable {
  /** Whether frames still come. */
  readonly status: SourceStatus;
  /**
   * The part of the picture that frames show, from the next frame on; `null` for all of it. Another part may
   * be set at any time, each side and place in whole pixels. Subsampled chroma has a grid, on which a part
   * begins: one of 4:2:0 at even columns and rows.
   *
   * @throws {RangeError} The part reaches beyond the picture, or does not begin on the grid.
   *
   * @example
   * ```ts
   * import { createFrameSource } from "@avwriter/avwriter";
   *
   * const frame = { data: new Uint8Array(64 * 48 * 4), width: 64, height: 48 };
   * await using source = await createFrameSource([frame, frame], { frameRate: 25 });
   * for await (const { width } of source) {
   *   console.log(width); // 64 32
   *   source.crop = { x: 16, y: 12, width: 32, height: 24 };
   * }
   * ```
   */
  crop: CropArea | null;
  /**
   * Starts to send frames to a target, which has a queue of its own. Targets that are attached without an
   * `await` in between get the same frames. A target that fails is detached; its error is in what this
   * returns.
   *
   * A writer stays open: close it after `detach`. With `timing: "timestamps"` it gets the frames' timestamps,
   * with `"wallclock"` the time at which the source had them; else frame n is at n/fps.
   *
   * @param target A writer, a node, or anything with `update(frame)`.
   * @param queue What may wait for it, and what is left out if it is too slow. By default the source waits.
   * @throws {TypeError} It is no target, it is attached already, or an option has the wrong type.
   * @throws {RangeError} A limit of the queue is not above 0.
   */
  attach(target: VideoTarget, queue?: QueueOptions): AttachedTarget;
  /**
   * Sends no more frames to a target, and resolves once it has all that were sent before; of a node, once its
   * own targets have them. Does nothing where the source has ended or it was detached before. Closes nothing.
   *
   * @throws {TypeError} The target was never attached.
   * @throws {Error} The target, or the source, has failed: the same error.
   */
  detach(target: VideoTarget): Promise<void>;
  /** The frames as a stream, always the same one. Frames come when they are asked for. */
  readonly readable: ReadableStream<DecodedFrame>;
  /**
   * The frames from now on through a transform, as `readable.pipeThrough` has it. Other readers and targets
   * get them, too.
   */
  pipeThrough<Result>(
    transform: { writable: WritableStream<DecodedFrame>; readable: ReadableStream<Result> },
    options?: StreamPipeOptions,
  ): ReadableStream<Result>;
  /**
   * Sends the frames from now on into a stream, as `readable.pipeTo` has it: `source.pipeTo(writer.writable)`
   * closes the writer at the end. Other readers and targets get them, too.
   */
  pipeTo(writable: WritableStream<DecodedFrame>, options?: StreamPipeOptions): Promise<void>;
  /**
   * Detaches all targets, ends all readers, and frees what the source has. Throws the error of a target where
   * nobody has asked what became of it.
   */
  [Symbol.asyncDispose](): Promise<void>;
}
