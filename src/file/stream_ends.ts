/**
 * How the streams of a file end: what only that tells of the times of their packets.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { needsFragments } from "../container/muxer_options.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Muxer } from "../libav/muxer.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import { emptyText, textGaps } from "./text_gaps.ts";

/** What only the end of a recording tells, in ticks. */
export interface VideoEnding {
  /** The unit of the ticks. */
  readonly timeBase: Rational;
  /** When the last frame is shown. */
  readonly start: bigint;
  /** Until when. */
  readonly end: bigint;
}

/** How the streams of a file end. */
export interface StreamEnds {
  /** When the last frame of the first stream is shown; `null` where nobody knows. */
  readonly ending: VideoEnding | null;
  /** How long the last packet of each stream is, in seconds; 0 where nobody knows. */
  readonly lastSeconds: readonly number[];
}

/**
 * Subtitles that were recorded in fragments, each up to the next: before FFmpeg 8.0 their lengths are not read from there. Empty ones, which
 * end those before them, and of which each fragment may have one more, the muxer makes anew.
 */
export class TextStream implements Disposable {
  readonly #held: NativePacket;
  readonly #empty: NativePacket;
  #isHolding = false;
  /** Where the last text ends. */
  #end = 0n;

  constructor(native: Native) {
    this.#held = new NativePacket(native);
    this.#empty = new NativePacket(native);
  }

  /** Takes a packet over, and writes the one before. */
  take(packet: NativePacket, write: (packet: NativePacket) => void): void {
    this.finish(write, this.#isHolding ? packet.pts - this.#held.pts : 0n);
    this.#isHolding = packet.size > emptyText.length;
    if (this.#isHolding) this.#held.takeFrom(packet);
    else packet.unref();
  }

  /** How long the last packet is where it ends at a time at the latest; 0 where that does not tell. */
  lengthUntil(end: bigint): bigint {
    const { pts, duration } = this.#held;
    return end > pts && (duration === 0n || pts + duration > end) ? end - pts : 0n;
  }

  /** Writes the last packet, which is so long; 0 where nobody knows. */
  finish(write: (packet: NativePacket) => void, duration: bigint): void {
    if (!this.#isHolding) return;
    const held = this.#held;
    if (duration > 0n) held.duration = duration;
    for (const gap of textGaps(this.#end, held.pts)) {
      this.#empty.fill(emptyText);
      this.#empty.streamIndex = held.streamIndex;
      this.#empty.pts = this.#empty.dts = gap.start;
      this.#empty.duration = gap.duration;
      write(this.#empty);
      this.#empty.unref();
    }
    this.#end = held.pts + held.duration;
    write(held);
    this.#isHolding = false;
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
    this.#empty[Symbol.dispose]();
  }
}

/** A time in another unit, rounded towards 0. */
export function inUnit(ticks: bigint, from: Rational, to: Rational): bigint {
  return ticks * BigInt(from.num) * BigInt(to.den) / (BigInt(from.den) * BigInt(to.num));
}

/**
 * A stream whose end is known. Packets of a recording are as long as the step to the next one's decode time; here each is as long as it is
 * shown at the most, the frame that is shown last until the end, and the packet that comes last until decoding has taken as long.
 */
export class EndedStream implements Disposable {
  readonly #held: NativePacket;
  readonly #start: bigint;
  readonly #end: bigint;
  #isHolding = false;
  /** By how much the first packet is decoded before it is shown. */
  #lead: bigint | null = null;

  constructor(native: Native, timeBase: Rational, { timeBase: unit, start, end }: VideoEnding) {
    this.#held = new NativePacket(native);
    this.#start = inUnit(start, unit, timeBase);
    this.#end = inUnit(end, unit, timeBase);
  }

  /** Takes a packet over, and writes the one before. */
  take(packet: NativePacket, write: (packet: NativePacket) => void): void {
    this.#give(write);
    this.#held.takeFrom(packet);
    this.#isHolding = true;
    const { pts, dts, duration } = this.#held;
    this.#lead ??= pts - dts;
    const rest = this.#end - pts;
    if (pts === this.#start || duration > rest) this.#held.duration = rest;
  }

  /** Writes the last packet. */
  finish(write: (packet: NativePacket) => void): void {
    if (!this.#isHolding) return;
    const { pts, dts, duration } = this.#held;
    if (dts === noTime) return this.#give(write);
    // As long as it is shown at least: where it is shown last, nothing else tells when the video ends.
    this.#held.duration = laterTime(this.#end - this.#lead! - dts, pts === this.#start ? duration : 1n);
    this.#give(write);
  }

  #give(write: (packet: NativePacket) => void): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    write(this.#held);
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }
}

/** Matroska keeps no decode times, and the first can't be told where frames are out of order. */
export const noTime = NativePacket.noTime;

/** The longest packet that mp4 can tell (movenc.c). */
const maxPacketTicks = 2n ** 31n - 1n;

/** Whether a container tells a stream's length by the times between its decode times alone. */
export function keepsDecodeTimesOnly({ info }: Muxer): boolean {
  return needsFragments(info);
}

/**
 * A stream that may have been cut off anywhere: holds each packet back until the next one, or the end, tells how long it is.
 *
 * Where frames that are coded out of order were cut off, fewer packets are left than frames would be shown up to the end. What mp4
 * counts then ends too early, and so does the video: its last packet has to make up for those that are missing.
 */
export class TruncatedStream implements Disposable {
  readonly #held: NativePacket;
  readonly #frameTicks: bigint;
  readonly #extendsLast: boolean;
  #isHolding = false;
  #decodeTime = noTime;
  /** By how much the first packet is decoded before it is shown. */
  #lead: bigint | null = null;
  /** Between the decode times of the last two packets. */
  #step = 0n;
  /** When the frame that is shown last ends. */
  #end = noTime;

  constructor(native: Native, from: Demuxer, index: number, extendsLast: boolean) {
    const { num, den } = from.timeBase(index);
    const rate = from.frameRate(index) ?? { num: 25, den: 1 };
    this.#frameTicks = BigInt(Math.max(1, Math.round(rate.den * den / (rate.num * num))));
    this.#extendsLast = extendsLast;
    this.#held = new NativePacket(native);
  }

  /** When the frame that is shown last ends. */
  get end(): bigint {
    return this.#end;
  }

  /** When the last packet with such a time is decoded. */
  get decodeTime(): bigint {
    return this.#decodeTime;
  }

  /** Takes a packet over, and writes the one before. */
  take(packet: NativePacket, write: (packet: NativePacket) => void): void {
    this.endAt(packet.dts);
    this.#give(write);
    this.#held.takeFrom(packet);
    this.#isHolding = true;
    const { pts, dts } = this.#held;
    this.#lead ??= pts === noTime || dts === noTime ? noTime : pts - dts;
    if (dts !== noTime) this.#decodeTime = dts;
  }

  /** Ends the packet that is held where the next is decoded, which may be damaged: FFmpeg 4.3 reads no lengths from fragments. */
  endAt(next: bigint): void {
    if (this.#decodeTime === noTime || next === noTime || next <= this.#decodeTime) return;
    this.#step = next - this.#decodeTime;
    if (this.#isHolding && this.#held.duration === 0n) this.#held.duration = this.#step;
  }

  /** Writes the last packet, which is so long; 0 where nobody knows. */
  finish(write: (packet: NativePacket) => void, duration: bigint): void {
    if (!this.#isHolding) return;
    const held = this.#held;
    if (duration > 0n) held.duration = duration;
    // A lone frame of no length would not be shown at all.
    if (held.duration === 0n && held.dts !== noTime) held.duration = this.#step || this.#frameTicks;
    if (this.#extendsLast) this.#extendLast();
    this.#give(write);
  }

  /** Decodes the last packet as late as it may be, and lengthens it, until decode times span as much as is shown. */
  #extendLast(): void {
    const held = this.#held;
    const { pts, dts, duration } = held;
    if (this.#lead === null || this.#lead === noTime || pts === noTime || dts === noTime) return;
    const end = laterTime(this.#end, pts + duration) - this.#lead;
    // No muxer takes more, which only a damaged time asks for.
    if (end - dts > maxPacketTicks) return;
    held.dts = laterTime(dts, end - duration < pts ? end - duration : pts);
    held.duration = laterTime(duration, end - held.dts);
  }

  #give(write: (packet: NativePacket) => void): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    const { pts, duration } = this.#held;
    if (pts !== noTime) this.#end = laterTime(this.#end, pts + duration);
    write(this.#held);
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }
}

function laterTime(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
