/**
 * The queue of one target: what may wait, and what is left out where that is too much.
 *
 * @module
 */
import { type Check, checkOptionTable, oneOf } from "../../option_checks.ts";
import type { QueueOptions, QueuePolicy } from "./pipeline_source.ts";
import type { SourceFrame } from "./source_frame.ts";

const policies: readonly QueuePolicy[] = ["block", "drop-oldest", "drop-newest", "latest"];

/** How many frames may wait unless the program says otherwise. */
const defaultFrames = 4;

const number: Check = (value) => typeof value === "number" ? null : "a number above 0";

const checks = {
  policy: oneOf(...policies),
  frames: number,
  bytes: number,
  seconds: number,
} as const;

/** Throws where a limit is none. */
function requireLimit(name: string, value: number, isWhole: boolean): number {
  if (value > 0 && (!isWhole || Number.isInteger(value) || value === Infinity)) return value;
  throw new RangeError(
    `Cannot use the option ${name}: it is ${value}, but must be a ${isWhole ? "whole " : ""}number above 0`,
  );
}

/** A frame in a queue. */
export interface QueuedFrame {
  readonly frame: SourceFrame;
  /** How many frames the target was sent before it. */
  readonly index: number;
  /** When the source had it, on the clock of `performance.now()`. */
  readonly arrivalMs: number;
}

/** A frame that waits. */
interface Waiting extends QueuedFrame {
  /** Frames before it were left out. */
  isAfterLoss: boolean;
}

/** Frames that wait for a target, within limits. */
export class FrameQueue {
  /** What happens where it is full. */
  readonly policy: QueuePolicy;
  readonly #frames: number;
  readonly #bytes: number;
  readonly #seconds: number;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Whether frames were left out after the last one that waits. */
  #isNewestLost = false;

  /** Throws a `TypeError` or `RangeError` where the options are not valid. */
  constructor(options: QueueOptions = {}) {
    const { policy = "block", frames = defaultFrames, bytes = Infinity, seconds = Infinity } =
      checkOptionTable(options, checks, "queue.");
    this.policy = policy;
    const limit = requireLimit("queue.frames", frames, true);
    this.#frames = policy === "latest" ? 1 : limit;
    this.#bytes = requireLimit("queue.bytes", bytes, false);
    this.#seconds = requireLimit("queue.seconds", seconds, false);
  }

  /** The index of the first frame that waits; infinite where none does. */
  get first(): number {
    return this.#waiting[0]?.index ?? Infinity;
  }

  /** How many frames wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Whether there is room for one more frame; where it is not known yet, whether there may be. */
  hasRoom(frame: SourceFrame | null): boolean {
    if (this.#waiting.length === 0) return true;
    if (this.#waiting.length >= this.#frames) return false;
    const bytes = this.#waitingBytes + (frame?.byteLength ?? 0);
    if (frame === null ? bytes >= this.#bytes : bytes > this.#bytes) return false;
    return this.#secondsWith(frame) <= this.#seconds;
  }

  /** Takes a frame in, or leaves it or others out; returns how many are left out. */
  push(queued: QueuedFrame): number {
    const { frame } = queued;
    if (this.policy === "drop-newest" && !this.hasRoom(frame)) {
      frame.release();
      this.#isNewestLost = true;
      return 1;
    }
    let dropped = 0;
    for (; this.policy !== "block" && !this.hasRoom(frame); dropped++) this.#drop();
    this.#waiting.push({ ...queued, isAfterLoss: this.#isNewestLost });
    this.#waitingBytes += frame.byteLength;
    this.#isNewestLost = false;
    if (dropped > 0) this.#waiting[0]!.isAfterLoss = true;
    return dropped;
  }

  /** Takes the next frame out, marked where frames before it were left out; `null` where none waits. */
  shift(): QueuedFrame | null {
    const next = this.#waiting.shift();
    if (next === undefined) return null;
    const { frame, isAfterLoss } = next;
    this.#waitingBytes -= frame.byteLength;
    return isAfterLoss ? { ...next, frame: frame.marked } : next;
  }

  /** Leaves all frames out; returns how many. */
  clear(): number {
    const { length } = this.#waiting;
    while (this.#waiting.length > 0) this.#drop();
    return length;
  }

  #drop(): void {
    const { frame } = this.#waiting.shift()!;
    this.#waitingBytes -= frame.byteLength;
    frame.release();
  }

  /** Seconds of video that wait, with one more frame. */
  #secondsWith(frame: SourceFrame | null): number {
    const last = frame ?? this.#waiting.at(-1)!.frame;
    return last.timestamp + (last.duration ?? 0) - this.#waiting[0]!.frame.timestamp;
  }
}
