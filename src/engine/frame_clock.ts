/**
 * When frames are shown: the three ways of timing, as ticks of one clock.
 *
 * @module
 */
import type { ContainerClock } from "../container/container_clock.ts";
import { hasKeyFrames } from "../container/key_frames.ts";
import { invert, type Rational, rationalText } from "../libav/rational.ts";
import { shown } from "../shown.ts";
import {
  type FrameOptions,
  type FrameStamp,
  type LatePolicy,
  maxSeconds,
  refuseFrame,
  requireMoment,
  requireSeconds,
  ticksPerFrame,
  type TimestampOrigin,
  type Timing,
} from "../video/frame_timing.ts";

/** MPEG's clock (ISO/IEC 13818-1): a variable rate is kept to within half a tick of it, or finer. */
const minTicksPerSecond = 90_000;
/** The most that a C `int` holds. */
const maxInt = 2 ** 31 - 1;

/** A clock fine enough for any timestamp that also counts frames of the nominal rate exactly. */
export function fineTimeBase({ num }: Rational): Rational {
  const ticks = num * Math.ceil(minTicksPerSecond / num);
  return { num: 1, den: ticks <= maxInt ? ticks : num };
}

/** Seconds as a message shows them. */
function seconds(value: number): string {
  return `${Number(value.toFixed(6))} s`;
}

/** What a clock is made for. */
export interface ClockOptions {
  readonly timing?: Timing;
  readonly filter?: string;
  readonly timestampOrigin?: TimestampOrigin;
  readonly latePolicy?: LatePolicy;
}

/** The clock of a writer with these options. */
export function createClock(
  frameRate: Rational,
  { timing = "constant", filter, timestampOrigin, latePolicy }: ClockOptions,
): FrameClock {
  const isUneven = filter !== undefined || latePolicy === "drop";
  return new FrameClock(timing, frameRate, isUneven, timestampOrigin === "first" ? null : 0);
}

/** A writer's clock. */
export class FrameClock {
  readonly #timing: Timing;
  /** The unit of ticks. */
  readonly timeBase: Rational;
  /** Ticks of a frame at the nominal rate. */
  readonly frameTicks: bigint;
  /** Whether frame n is always at tick n. */
  readonly isConstant: boolean;
  /** The container's clock: frames need distinct ticks of it. */
  #container: ContainerClock;
  /** The container where it has no key frame after the first one. */
  #keyless: string | null = null;
  #frames = 0;
  #dropped = 0;
  /** When the last one that was dropped would have ended, in ticks. */
  #droppedEnd = 0n;
  /** Whether a key frame was asked for that is dropped: the next one becomes it. */
  #owesKeyFrame = false;
  #last: FrameStamp | null = null;
  /** When the first frame was written, for wallclock timing, in milliseconds. */
  #startMs: number | null = null;
  /** What timestamps count from, in seconds; `null` until there is one. */
  #origin: number | null;

  /**
   * A clock for a way of timing and a nominal rate. Filters and dropped frames need a fine one, as they make
   * times uneven.
   */
  constructor(timing: Timing, frameRate: Rational, isUneven: boolean, origin: number | null) {
    this.#timing = timing;
    this.#origin = origin;
    this.isConstant = timing === "constant" && !isUneven;
    this.timeBase = this.isConstant ? invert(frameRate) : fineTimeBase(frameRate);
    this.frameTicks = this.isConstant ? 1n : ticksPerFrame(frameRate, this.timeBase);
    this.#container = { name: "this video", timeBase: this.timeBase, minTicks: 1, maxTicks: null };
  }

  /** Sets the container, and its clock where that is known. */
  setContainer(name: string, clock: ContainerClock | null): void {
    this.#keyless = hasKeyFrames(name) ? null : name;
    if (clock !== null) this.#container = clock;
  }

  /**
   * The time of the next frame, which was given at `nowMs`. Has no side effects: any error is the caller's
   * mistake.
   */
  check(options: FrameOptions = {}, nowMs = performance.now()): FrameStamp {
    const { timestamp, duration, keyFrame: isKey = false, capturedAt } = options;
    if (typeof isKey !== "boolean") {
      throw new TypeError(
        `Cannot write the frame: its keyFrame is ${shown(isKey)}, but must be true or false`,
      );
    }
    const keyFrame = isKey || this.#owesKeyFrame;
    if (capturedAt !== undefined) this.#requireMoment(capturedAt, nowMs);
    if (keyFrame && this.#frames > 0 && this.#keyless !== null) {
      refuseFrame(`only the first frame of ${this.#keyless} is a key frame; leave keyFrame out`);
    }
    if (this.#timing !== "timestamps") {
      for (const [name, value] of [["timestamp", timestamp], ["duration", duration]] as const) {
        if (value === undefined) continue;
        throw new TypeError(
          `Cannot write the frame: it has a ${name}, but this writer's timing is "${this.#timing}"; make it with timing "timestamps"`,
        );
      }
      const ticks = this.#isWallclock()
        ? this.#at(capturedAt ?? nowMs, capturedAt !== undefined)
        : this.#countedTicks;
      return { ticks, seconds: this.seconds(ticks), timestamp: null, duration: null, keyFrame };
    }
    if (timestamp === undefined) {
      throw new TypeError(
        'Cannot write the frame: it has no timestamp, but this writer\'s timing is "timestamps"; give { timestamp } in seconds',
      );
    }
    requireSeconds("timestamp", timestamp, 0, this.maxTimestamp);
    const relative = timestamp - (this.#origin ?? timestamp);
    if (relative < 0) {
      refuseFrame(`it is at ${seconds(timestamp)}, before the first timestamp (${seconds(this.#origin!)})`);
    }
    if (relative > maxSeconds) refuseFrame(`its timestamp is more than ${maxSeconds} s after the first one`);
    const ticks = this.#toContainer(relative);
    this.#requireLater(timestamp, ticks);
    const stamp = { ticks, seconds: relative, timestamp, keyFrame };
    if (duration === undefined) return { ...stamp, duration: null };
    requireSeconds("duration", duration, 1 / maxInt, maxSeconds);
    this.#requireStep(this.#ticksOf(duration), "it is shown for");
    const length = this.#ticksOf(duration);
    return { ...stamp, duration: length > 0n ? length : 1n };
  }

  /** Counts an accepted frame. */
  accept(stamp: FrameStamp): void {
    this.#frames++;
    this.#owesKeyFrame = false;
    this.#last = stamp;
    if (stamp.timestamp !== null) this.#origin ??= stamp.timestamp;
  }

  /** Counts frames that another clock like this one has accepted, the last with this stamp. */
  acceptAll(frames: number, last: FrameStamp): void {
    this.accept(last);
    this.#frames += frames - 1;
  }

  /** Counts a frame that is dropped: the one before it is shown for longer. */
  drop({ ticks, duration, keyFrame }: FrameStamp): void {
    this.#dropped++;
    const end = ticks + (duration ?? this.frameTicks);
    if (end > this.#droppedEnd) this.#droppedEnd = end;
    this.#owesKeyFrame ||= keyFrame;
  }

  /** Number of dropped frames. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * A time of something beside the frames on the video's clock, in seconds; the first one may be where that
   * begins.
   */
  onClock(timestamp: number): number {
    this.#origin ??= timestamp;
    return timestamp - this.#origin;
  }

  /** The latest time that may be given, in seconds. The first one may be any, where times count from it. */
  get maxTimestamp(): number {
    return this.#origin === 0 ? maxSeconds : 2 ** 42;
  }

  /** Number of accepted frames. */
  get frames(): number {
    return this.#frames;
  }

  /** Number of accepted and dropped frames: at a constant rate, the place of the next one. */
  get counted(): number {
    return this.#frames + this.#dropped;
  }

  /** The end of the last frame by its own duration, in seconds. */
  get takenSeconds(): number {
    return this.seconds(this.#takenTicks);
  }

  /** The same as timestamps count: the next frame may be there. */
  get givenSeconds(): number {
    return this.takenSeconds + (this.#origin ?? 0);
  }

  /** The nominal rate. */
  get frameRate(): Rational {
    return { num: this.timeBase.den, den: this.timeBase.num * Number(this.frameTicks) };
  }

  /** The end of the last frame if the recording ends now, in ticks. */
  get endTicks(): bigint {
    const end = this.#takenTicks;
    if (this.#last === null || !this.#isWallclock()) return end;
    const now = this.#elapsedTicks(performance.now());
    return now > end ? now : end;
  }

  /**
   * With wallclock timing, the seconds from the first frame until a moment; `null` before that frame, and
   * with other timings.
   */
  elapsedSeconds(nowMs: number): number | null {
    return this.#isWallclock() && this.#startMs !== null ? (nowMs - this.#startMs) / 1000 : null;
  }

  /** Ticks in seconds. */
  seconds(ticks: bigint): number {
    return Number(ticks) * this.timeBase.num / this.timeBase.den;
  }

  /** The end of the last frame by its own duration, or by the minimum of the container. */
  get #takenTicks(): bigint {
    if (this.#last === null) return 0n;
    const { ticks, duration } = this.#last;
    const length = duration ?? this.frameTicks;
    const least = this.isConstant ? 0n : this.#minLength;
    const end = ticks + (length > least ? length : least);
    return this.#droppedEnd > end ? this.#droppedEnd : end;
  }

  /** When the next frame is shown at a constant rate, in ticks. */
  get #countedTicks(): bigint {
    return BigInt(this.counted) * this.frameTicks;
  }

  #isWallclock(): boolean {
    return this.#timing === "wallclock";
  }

  #ticksOf(value: number): bigint {
    return BigInt(Math.round(value * this.timeBase.den / this.timeBase.num));
  }

  #elapsedTicks(nowMs: number): bigint {
    return this.#ticksOf((nowMs - this.#startMs!) / 1000);
  }

  /**
   * The time since the first frame; two frames never share a tick of the container, unless both moments were
   * given.
   */
  #at(ms: number, isGiven: boolean): bigint {
    if (this.#last === null) {
      this.#startMs = ms;
      return 0n;
    }
    const elapsed = (ms - this.#startMs!) / 1000;
    const ticks = this.#toContainer(elapsed);
    if (isGiven) this.#requireLater(elapsed, ticks);
    else if (!this.#isLater(ticks)) return this.#nextContainerTick(this.#last.ticks);
    this.#requireStep(ticks - this.#last.ticks, "it comes after");
    return ticks;
  }

  /**
   * Seconds in ticks, to the nearest tick of the container: two roundings would be off by more than half of
   * it.
   */
  #toContainer(value: number): bigint {
    const { num, den } = this.#container.timeBase;
    const isFiner = num * this.timeBase.den < den * this.timeBase.num;
    return this.#ticksOf(isFiner ? value : Math.round(value * den / num) * num / den);
  }

  /** The minimum duration of a frame in the container. */
  get #minLength(): bigint {
    const { timeBase: { num, den }, minTicks } = this.#container;
    return this.#ticksOf(minTicks * num / den);
  }

  #containerTick(ticks: bigint): bigint {
    const { num, den } = this.#container.timeBase;
    return BigInt(Math.round(this.seconds(ticks) * den / num));
  }

  #isLater(ticks: bigint): boolean {
    const last = this.#last!;
    const least = BigInt(this.#container.minTicks);
    return ticks > last.ticks && this.#containerTick(ticks) - this.#containerTick(last.ticks) >= least;
  }

  #nextContainerTick(ticks: bigint): bigint {
    const { timeBase: { num, den }, minTicks } = this.#container;
    const next = this.#ticksOf((Number(this.#containerTick(ticks)) + minTicks) * num / den);
    return next > ticks ? next : ticks + 1n;
  }

  /** Throws where a frame is further from the last than the container can tell. */
  #requireStep(ticks: bigint, what: string): void {
    const { name, timeBase: { num, den }, maxTicks } = this.#container;
    if (maxTicks === null || this.seconds(ticks) <= maxTicks * num / den) return;
    refuseFrame(
      `${what} ${seconds(this.seconds(ticks))}, but ${name} shows a frame for ${
        seconds(maxTicks * num / den)
      } at most; write frames more often, or use mkv`,
    );
  }

  #requireMoment(capturedAt: unknown, nowMs: number): void {
    if (!this.#isWallclock()) {
      throw new TypeError(
        `Cannot write the frame: it has capturedAt, but this writer's timing is "${this.#timing}"; make it with timing "wallclock"`,
      );
    }
    requireMoment(capturedAt, nowMs);
  }

  #requireLater(timestamp: number, ticks: bigint): void {
    const last = this.#last;
    if (last === null) return;
    if (this.#isLater(ticks)) return this.#requireStep(ticks - last.ticks, "it comes after");
    const index = this.#frames;
    const before = last.timestamp ?? last.seconds;
    const subject = `frame ${index} is at ${seconds(timestamp)} and frame ${index - 1} at ${seconds(before)}`;
    if (timestamp <= before) refuseFrame(`${subject}; give each frame a later time than the last`);
    const { name, timeBase, minTicks } = this.#container;
    refuseFrame(
      `${subject}, but ${name} counts in ${rationalText(timeBase)} s; keep frames ${
        minTicks === 1 ? "that far" : `${minTicks} of these`
      } apart`,
    );
  }
}
