/**
 * The times of frames on their way through the encoder.
 *
 * An encoder counts frames: frame n is its tick n, whatever time the frame has. Each packet gets back the
 * time of the frame that it holds. So no encoder has to know a fine time base (MPEG-4 Part 2 has at most
 * 65535 ticks a second, MPEG-2 a few rates only), and times go through exactly.
 *
 * @module
 */
import type { VideoEnding } from "../file/stream_ends.ts";
import type { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import { type FrameStamp, ticksPerFrame, type Timing } from "../video/frame_timing.ts";
import { DecodeTimes, type Followers } from "./decode_times.ts";
import type { FrameClock } from "./frame_clock.ts";
import type { PreprocessorOutput } from "./preprocessor.ts";

/** How frames follow each other. */
export interface TimelineRequest {
  /** The unit of the frames' times. */
  readonly timeBase: Rational;
  /** Ticks of a frame at the nominal rate. */
  readonly frameTicks: bigint;
  /** Whether frame n is at tick n. */
  readonly isConstant: boolean;
  /** The longest distance between two key frames, in ticks; `null`: the encoder's default. */
  readonly keyFrameTicks: bigint | null;
  /** The longest that a frame waits in the encoder, unless it is recorded live, in seconds of the video. */
  readonly longestDelay: number;
}

/**
 * The longest that a frame is decoded before the next where no frame is shown yet, in seconds: the clock of
 * MPEG-TS goes round in a day.
 */
const longestStep = 1;

/**
 * The longest that a frame waits in the encoder, in seconds of the video. With what waits for the disk, a
 * kill costs two seconds of a recording; where only filters make times uneven, no frame may be decoded longer
 * before it is shown than mp4 can tell.
 */
const longestDelays = { recording: 1.75, filtered: 60, constant: Infinity } as const;

/** The longest that a frame waits in the encoder unless it is recorded live, in seconds of the video. */
function longestDelayOf(isConstant: boolean, timing: Timing = "constant"): number {
  if (isConstant) return longestDelays.constant;
  return timing === "constant" ? longestDelays.filtered : longestDelays.recording;
}

/** The frames in an encoder, and their times. */
export class Timeline {
  readonly #request: TimelineRequest;
  readonly #times: DecodeTimes;
  #taken = 0;
  /** The frame that was taken last, and how long it is shown. */
  #last = { ticks: 0n, duration: 0n };
  #beforeLast: bigint | null = null;
  #keyTicks: bigint | null = null;
  /** Whether the next packet is the first of an encoder. */
  #isFirstPacket = true;
  #spacing = 0n;

  /** An empty timeline. */
  constructor(request: TimelineRequest) {
    this.#request = request;
    const { frameTicks, timeBase: { num, den } } = request;
    const most = BigInt(Math.max(1, Math.floor(longestStep * den / num)));
    this.#times = new DecodeTimes(frameTicks < most || request.isConstant ? frameTicks : most);
  }

  /** The unit of the frames' times. */
  get timeBase(): Rational {
    return this.#request.timeBase;
  }

  /** Whether frame n is at tick n, and all frames are equally long. */
  get isConstant(): boolean {
    return this.#request.isConstant;
  }

  /** The end of the last accepted frame, in seconds. */
  get endSeconds(): number {
    return this.#seconds(this.#last.ticks + this.#last.duration);
  }

  /** How long the video is at least, in seconds: only the next frame tells when the last one ends. */
  get certainSeconds(): number {
    return this.isConstant ? this.endSeconds : this.#seconds(this.#last.ticks);
  }

  /** The duration of the last accepted frame, in seconds. */
  get lastSeconds(): number {
    return this.#seconds(this.#last.duration);
  }

  /** Whether the encoder has frames whose packets are yet to come. */
  get isWaiting(): boolean {
    return this.#times.waitingSince !== null;
  }

  /** How the video ends; `null` where it has no frame. */
  get ending(): VideoEnding | null {
    const last = this.#times.last;
    return last === null ? null : { timeBase: this.timeBase, ...last };
  }

  /** Sets what the encoder's packets are like, and the clock of the container that they go to. */
  begin(reorderDelay: number, { num, den }: Rational): void {
    const { timeBase } = this;
    this.#times.noteDelay(reorderDelay);
    this.#times.tick = BigInt(Math.ceil(num * timeBase.den / (den * timeBase.num)));
  }

  /**
   * Keeps frames at least this many ticks of a container's clock apart, and shows the last one for as long:
   * filters may give two frames the same time.
   */
  keepApart({ num, den }: Rational, minTicks: number): void {
    const { timeBase } = this;
    this.#spacing = BigInt(Math.ceil(minTicks * num * timeBase.den / (den * timeBase.num)));
  }

  /** A frame's time, at least the minimum distance after the last one. */
  later(stamp: FrameStamp): FrameStamp {
    const least = this.#last.ticks + this.#spacing;
    return this.#spacing === 0n || this.#taken === 0 || stamp.ticks >= least
      ? stamp
      : { ...stamp, ticks: least };
  }

  /** Notes an accepted frame, which may still wait for the next one. */
  take(stamp: FrameStamp): void {
    this.#beforeLast = this.#taken === 0 ? null : this.#last.ticks;
    this.#taken++;
    this.#last = { ticks: stamp.ticks, duration: this.durationOf(stamp, null) };
  }

  /** The duration of a frame before the next one or (`null`) as the last one. */
  durationOf({ ticks, duration }: FrameStamp, next: bigint | null): bigint {
    if (next !== null) return next - ticks;
    const length = duration ?? this.#request.frameTicks;
    return length > this.#spacing ? length : this.#spacing;
  }

  /** Gives a frame its number in the encoder; returns whether it must be a key frame. */
  enter({ ticks, keyFrame }: FrameStamp, duration: bigint): { index: number; keyFrame: boolean } {
    const index = this.#times.take(ticks, ticks + duration);
    if (ticks === this.#last.ticks) this.#last = { ticks, duration };
    if (this.isConstant) return { index, keyFrame };
    const { keyFrameTicks } = this.#request;
    const isDue = keyFrameTicks !== null && this.#keyTicks !== null &&
      ticks - this.#keyTicks >= keyFrameTicks;
    if (keyFrame || isDue || index === 0) this.#keyTicks = ticks;
    return { index, keyFrame: keyFrame || isDue };
  }

  /** Shows the last frame, which the encoder has already, until another tick. */
  extend(endTicks: bigint): void {
    const { ticks } = this.#last;
    if (endTicks <= ticks) return;
    this.#last = { ticks, duration: endTicks - ticks };
    this.#times.extend(endTicks);
  }

  /** Ends the video after its first `count` frames: no more of its packets come. */
  cut(count: number): void {
    this.#times.cut(count);
    const last = this.#times.last;
    this.#last = last === null ? { ticks: 0n, duration: 0n } : {
      ticks: last.start,
      duration: last.end - last.start,
    };
  }

  /**
   * Whether frames come so slowly that one in the encoder would wait for longer than it may until the next
   * one is there. Known once that after it is taken.
   */
  isLate(isLive: boolean): boolean {
    const since = this.#times.waitingSince;
    if (since === null || this.#beforeLast === null) return false;
    const { ticks } = this.#last;
    const longestDelay = isLive ? longestDelays.recording : this.#request.longestDelay;
    return this.#seconds(2n * ticks - this.#beforeLast - since) > longestDelay;
  }

  /**
   * Notes that the next packet comes from another encoder like the one before, which may have had too few
   * frames to reorder any.
   */
  restart(): void {
    this.#isFirstPacket = true;
  }

  /**
   * Gives a packet the times of its frame; returns the ticks until the next one is decoded.
   */
  place(packet: NativePacket, followers: Followers): bigint {
    const index = Number(packet.pts);
    const shown = this.#times.shown(index);
    if (shown === null) {
      throw new Error(`The encoder made a packet of frame ${index}, which it does not have`);
    }
    // Not all encoders say beforehand how far they reorder.
    if (this.#isFirstPacket) this.#times.noteDelay(Number(packet.pts - packet.dts));
    this.#isFirstPacket = false;
    const { time, duration } = this.#times.place(index, followers);
    packet.pts = shown.start;
    packet.dts = time;
    packet.duration = shown.end - shown.start;
    return duration;
  }

  #seconds(ticks: bigint): number {
    const { num, den } = this.timeBase;
    return Number(ticks) * num / den;
  }
}

/** What a timeline is made for. */
interface TimelineOptions {
  readonly timing?: Timing;
  readonly filter?: string;
  readonly keyFrameInterval?: number;
}

/**
 * The timeline of a video whose pictures come from a preprocessor. Where `isWhole`, one encoder has all
 * frames, however slowly they come.
 */
export function createTimeline(
  { timing, filter, keyFrameInterval }: TimelineOptions,
  clock: FrameClock,
  { timeBase, frameRate }: Pick<PreprocessorOutput, "timeBase" | "frameRate">,
  isWhole = false,
): Timeline {
  const keyFrameTicks = keyFrameInterval === undefined
    ? null
    : BigInt(Math.max(1, Math.round(keyFrameInterval * timeBase.den / timeBase.num)));
  const { isConstant } = clock;
  return new Timeline({
    timeBase,
    frameTicks: filter === undefined ? clock.frameTicks : ticksPerFrame(frameRate, timeBase),
    isConstant,
    keyFrameTicks,
    longestDelay: isWhole ? Infinity : longestDelayOf(isConstant, timing),
  });
}
