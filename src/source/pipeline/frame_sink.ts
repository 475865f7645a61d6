/**
 * How targets take frames.
 *
 * @module
 */
import type { QueuedFrame } from "./frame_queue.ts";

/** What a target does with frames. */
export interface FrameSink {
  /** Whether it takes frames whose pixels are lent. Default: `false`. */
  readonly takesLent?: boolean;
  /** Takes a frame, and the share of its pixels. */
  take(queued: QueuedFrame): void | Promise<void>;
  /** No frame comes for now: resolves once nothing more is to be done with those that came. */
  settle(): Promise<void>;
  /** This source sends no more frames; another may. Comes before `end` and `fail`. */
  leave(): void;
  /** The source has ended. */
  end(): Promise<void>;
  /** The source has failed, or this has. */
  fail(error: unknown): void;
}

/** The method of nodes that tells how they take the frames of one more source. */
export const sinkOfNode: unique symbol = Symbol("sink of a node");

/** A target that is a node. */
export interface NodeTarget {
  [sinkOfNode](): FrameSink;
}
