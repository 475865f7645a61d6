/**
 * At which frames segments begin.
 *
 * @module
 */
import type { FrameStamp } from "../../video/frame_timing.ts";
import type { SegmentOptions } from "./segment_options.ts";

/** A frame at which a segment may begin: a key frame. */
export interface Boundary {
  /** When it is shown, in ticks. */
  readonly ticks: bigint;
  /** The same in seconds. */
  readonly seconds: number;
  /** Whether the segment before is long enough. */
  readonly isDue: boolean;
  /** The number of its encoded stream. */
  readonly stream: number;
}

/** Frames count as so much later, in seconds: sums of fractions are a little off. */
export const tolerance = 1e-6;
/** How far apart key frames are at most where events are recorded, in seconds, unless that is chosen. */
const groupSeconds = 1;
const daySeconds = 86_400;

/** Decides at which frames segments begin, and has them be key frames. */
export class SegmentPlan {
  readonly #options: SegmentOptions;
  readonly #groupSeconds: number;
  /** The first frame: when it is shown, on the video's clock and on that of the wall. */
  #origin: { readonly seconds: number; readonly ms: number } | null = null;
  /** What tells the stretch of time that the last frame is in from others, and its group of frames. */
  #slot = 0;
  #group = 0;
  #isDue = false;
  /** The number of the encoded stream: each size of frames has its own. */
  #stream = 0;
  #eventEnd: number | null = null;
  #last = 0;
  /** Boundaries whose packets are yet to come. */
  readonly #pending: Boundary[] = [];

  /** For options, and a largest distance between key frames in seconds. */
  constructor(options: SegmentOptions, keyFrameInterval: number | undefined) {
    this.#options = options;
    this.#groupSeconds = options.preRollSeconds === undefined ? Infinity : keyFrameInterval ?? groupSeconds;
  }

  /** When the last frame is shown, in seconds. */
  get lastSeconds(): number {
    return this.#last;
  }

  /** The time on the wall at a time of the video. */
  wallMs(seconds: number): number {
    const origin = this.#origin!;
    return origin.ms + (seconds - origin.seconds) * 1000;
  }

  /** Takes the next frame, which becomes a key frame where a segment may begin with it. */
  take(stamp: FrameStamp): FrameStamp {
    const { ticks, seconds } = stamp;
    const isFirst = this.#origin === null;
    this.#origin ??= { seconds, ms: Date.now() };
    this.#last = seconds;
    const [slot, group] = [this.#slotAt(seconds), this.#groupAt(seconds)];
    const isDue = slot !== this.#slot || this.#isDue;
    const isEventOver = this.#eventEnd !== null && seconds >= this.#eventEnd - tolerance;
    if (!isFirst && !isDue && group === this.#group && !isEventOver) return stamp;
    [this.#slot, this.#group, this.#isDue] = [slot, group, false];
    if (isEventOver) this.#eventEnd = null;
    this.#pending.push({ ticks, seconds, isDue: isFirst || isDue, stream: this.#stream });
    return { ...stamp, keyFrame: true };
  }

  /** Has the segment end with the next frame, as it has enough bytes. */
  endSegment(): void {
    this.#isDue ||= this.#pending.length === 0;
  }

  /** Has the next frame begin a segment, and an encoded stream of its own. */
  beginStream(): void {
    this.#isDue = true;
    this.#stream++;
  }

  /** Has a segment end at a time in seconds. */
  endEventAt(seconds: number): void {
    this.#eventEnd = seconds;
  }

  /** Whether the packet of a frame up to a time is yet to come with which a segment may begin. */
  isAwaited(seconds: number): boolean {
    return this.#pending.length > 0 && this.#pending[0]!.seconds <= seconds;
  }

  /** The boundary that a key frame is; `null` where it is another one. */
  boundaryAt(ticks: bigint): Boundary | null {
    let found: Boundary | null = null;
    while (this.#pending.length > 0 && this.#pending[0]!.ticks <= ticks) {
      const passed = this.#pending.shift()!;
      found = { ...passed, ticks, isDue: passed.isDue || found !== null && found.isDue };
    }
    return found;
  }

  #slotAt(seconds: number): number {
    const { seconds: length, align = "start" } = this.#options;
    if (length === undefined) return 0;
    if (align === "start") return Math.floor((seconds - this.#origin!.seconds + tolerance) / length);
    const ms = this.wallMs(seconds);
    const local = ms / 1000 - new Date(ms).getTimezoneOffset() * 60 + tolerance;
    if (length >= daySeconds) return Math.floor(local / length);
    // Each day begins with a segment, also where its length is no part of a day.
    const day = Math.floor(local / daySeconds) * daySeconds;
    return day + Math.floor((local - day) / length) * length;
  }

  #groupAt(seconds: number): number {
    return Math.floor((seconds - this.#origin!.seconds + tolerance) / this.#groupSeconds);
  }
}
