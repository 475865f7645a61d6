/**
 * The times of frames on their way through the encoder.
 *
 * An encoder counts frames: frame n is its tick n, whatever time the frame has. Each packet gets back the time of the frame that
 * it holds. So no encoder has to know a fine time base (MPEG-4 Part 2 has at most 65535 ticks a second, MPEG-2 a few rates only),
 * and times go through exactly.
 *
 * @module
 */
import type { Packet } from "../libav/packet.ts";
import type { Rational } from "../libav/rational.ts";
import type { FrameStamp } from "./frame_clock.ts";

/** How frames follow each other. */
export interface TimelineRequest {
  /** The unit of the frames' times. */
  readonly timeBase: Rational;
  /** Ticks of a frame at the nominal rate. */
  readonly frameTicks: bigint;
  /** Whether frame n is at tick n. */
  readonly isConstant: boolean;
  /** The longest time between two key frames, in ticks; `null`: as the encoder likes. */
  readonly keyFrameTicks: bigint | null;
}

/** What only the end of a recording tells, in ticks. */
export interface Ending {
  /** The unit of the ticks. */
  readonly timeBase: Rational;
  /** When the last frame is shown. */
  readonly pts: bigint;
  /** For how long. */
  readonly duration: bigint;
  /** By how many frames packets are out of order. */
  readonly delay: number;
  /** By how much every packet has to be decoded before the frame of its number is shown, lest one be shown before it is decoded. */
  readonly lead: bigint;
  /** When the last `delay` frames are shown. */
  readonly lastTimes: readonly bigint[];
}

/** The longest that a frame is decoded before the next, in seconds, while none is shown yet. */
const longestStart = 1;

interface Entry {
  readonly ticks: bigint;
  readonly duration: bigint;
}

/** The frames that an encoder holds, and their times. */
export class Timeline {
  readonly #request: TimelineRequest;
  readonly #entries = new Map<number, Entry>();
  #count = 0;
  #oldest = 0;
  #firstTicks = 0n;
  #keyTicks: bigint | null = null;
  #last: Entry = { ticks: 0n, duration: 0n };
  #taken = 0;
  #packets = 0;
  #spacing = 0n;
  #delay = 0;
  #lead = 0n;

  /** An empty timeline. */
  constructor(request: TimelineRequest) {
    this.#request = request;
  }

  /** The unit of the frames' times. */
  get timeBase(): Rational {
    return this.#request.timeBase;
  }

  /** Whether frame n is at tick n, and all frames are equally long. */
  get isConstant(): boolean {
    return this.#request.isConstant;
  }

  /** Where the last frame that was taken ends, in seconds. */
  get endSeconds(): number {
    const { num, den } = this.timeBase;
    return Number(this.#last.ticks + this.#last.duration) * num / den;
  }

  /** How long the last frame that was taken is shown, in seconds. */
  get lastSeconds(): number {
    const { num, den } = this.timeBase;
    return Number(this.#last.duration) * num / den;
  }

  /** What only the end tells; `null` where frames are equally long, which the file knows without. */
  get ending(): Ending | null {
    if (this.isConstant || this.#count === 0) return null;
    const delay = this.#delay;
    const first = Math.max(0, this.#count - delay);
    const lastTimes = Array.from(
      { length: this.#count - first },
      (_, index) => this.#entries.get(first + index)!.ticks,
    );
    return {
      timeBase: this.timeBase,
      pts: this.#last.ticks,
      duration: this.#last.duration,
      delay,
      lead: this.#lead,
      lastTimes,
    };
  }

  /**
   * Has frames come at least so many ticks of a container's clock after each other, and the last be shown for as many: filters may
   * give two of them one time.
   */
  keepApart({ num, den }: Rational, leastTicks: number): void {
    const { timeBase } = this;
    this.#spacing = BigInt(Math.ceil(leastTicks * num * timeBase.den / (den * timeBase.num)));
  }

  /** A frame's place in time, later than the last's by what keeps them apart. */
  later(stamp: FrameStamp): FrameStamp {
    const least = this.#last.ticks + this.#spacing;
    return this.#spacing === 0n || this.#taken === 0 || stamp.ticks >= least
      ? stamp
      : { ...stamp, ticks: least };
  }

  /** Notes a frame that was taken and may yet wait for the next. */
  take(stamp: FrameStamp): void {
    this.#taken++;
    this.#last = { ticks: stamp.ticks, duration: this.durationOf(stamp, null) };
  }

  /** How long a frame is shown before the next one, or (`null`) as the last one. */
  durationOf({ ticks, duration }: FrameStamp, next: bigint | null): bigint {
    if (next !== null) return next - ticks;
    const length = duration ?? this.#request.frameTicks;
    return length > this.#spacing ? length : this.#spacing;
  }

  /** Gives a frame its number in the encoder, and tells whether it must be a key frame. */
  enter({ ticks, keyFrame }: FrameStamp, duration: bigint): { index: number; keyFrame: boolean } {
    const index = this.#count++;
    if (this.isConstant) return { index, keyFrame };
    if (index === 0) this.#firstTicks = ticks;
    const entry = { ticks, duration };
    if (ticks === this.#last.ticks) this.#last = entry;
    this.#entries.set(index, entry);
    const { keyFrameTicks } = this.#request;
    const isDue = keyFrameTicks !== null && this.#keyTicks !== null &&
      ticks - this.#keyTicks >= keyFrameTicks;
    if (keyFrame || isDue || index === 0) this.#keyTicks = ticks;
    return { index, keyFrame: keyFrame || isDue };
  }

  /** Gives a packet the times of its frame. */
  place(packet: Packet): void {
    if (this.isConstant) {
      if (packet.duration === 0n) packet.duration = 1n;
      return;
    }
    const shown = this.#entries.get(Number(packet.pts));
    if (shown === undefined) {
      throw new Error(`The encoder made a packet of the frame ${packet.pts}, which it never got`);
    }
    const decoded = Number(packet.dts);
    const index = this.#packets++;
    this.#delay = index - decoded;
    const lead = (this.#entries.get(index)?.ticks ?? shown.ticks) - shown.ticks;
    if (lead > this.#lead) this.#lead = lead;
    packet.pts = shown.ticks;
    packet.dts = this.#decodeTicks(decoded, shown.ticks);
    packet.duration = shown.duration;
    for (; this.#oldest < decoded; this.#oldest++) this.#entries.delete(this.#oldest);
  }

  /** Ticks from the decoding of one frame to that of the next while none is shown yet. */
  get #startTicks(): bigint {
    const { frameTicks, timeBase: { num, den } } = this.#request;
    const most = BigInt(Math.max(1, Math.floor(longestStart * den / num)));
    return frameTicks < most ? frameTicks : most;
  }

  /**
   * Frames are decoded at the times at which earlier ones are shown; before the first, at the nominal rate. Not at a slower one than
   * need be: the clocks of some containers (MPEG-TS) go round in a day.
   */
  #decodeTicks(index: number, latest: bigint): bigint {
    if (index < 0) return this.#firstTicks + BigInt(index) * this.#startTicks;
    return this.#entries.get(index)?.ticks ?? latest;
  }
}
