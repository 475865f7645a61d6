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
  /** The duration of the last packet of each stream, in seconds; 0 where it is not known. */
  readonly lastSeconds: readonly number[];
  /** How many packets of the first stream belong to the file: further ones are left out. */
  readonly packets: number;
}

/**
 * Subtitles recorded in fragments, each lasting until the next one: FFmpeg before 8.0 does not read their
 * durations from there. The muxer generates the empty samples that end them, of which each fragment may have
 * one more.
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

  /** Takes over a packet, and writes the previous one. */
  take(packet: NativePacket, write: (packet: NativePacket) => void): void {
    this.finish(write, this.#isHolding ? packet.pts - this.#held.pts : 0n);
    this.#isHolding = packet.size > emptyText.length;
    if (this.#isHolding) this.#held.takeFrom(packet);
    else packet.unref();
  }

  /** The duration of the last packet if it ends at a time at the latest; 0 where that makes no difference. */
  lengthUntil(end: bigint): bigint {
    const { pts, duration } = this.#held;
    return end > pts && (duration === 0n || pts + duration > end) ? end - pts : 0n;
  }

  /** Writes the last packet with a duration; 0 where it is not known. */
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

/** Converts a time to another unit, rounded towards 0. */
export function inUnit(ticks: bigint, from: Rational, to: Rational): bigint {
  return ticks * BigInt(from.num) * BigInt(to.den) / (BigInt(from.den) * BigInt(to.num));
}

/**
 * A stream whose end is known. Packets of a recording are as long as the step to the next one's decode time;
 * here each is as long as it is shown at the most, the frame that is shown last until the end, and the packet
 * that comes last until decoding has taken as long.
 */
export class EndedStream implements Disposable {
  readonly #held: NativePacket;
  readonly #start: bigint;
  readonly #end: bigint;
  #isHolding = false;
  /** How much earlier the first packet is decoded than shown. */
  #lead: bigint | null = null;

  constructor(native: Native, timeBase: Rational, { timeBase: unit, start, end }: VideoEnding) {
    this.#held = new NativePacket(native);
    this.#start = inUnit(start, unit, timeBase);
    this.#end = inUnit(end, unit, timeBase);
  }

  /** Takes over a packet, and writes the previous one. */
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

/** Matroska has no decode times, and the first one is not known where frames are reordered. */
export const noTime = NativePacket.noTime;

/** The longest packet that mp4 supports (movenc.c). */
const maxPacketTicks = 2n ** 31n - 1n;

/** Whether a container derives a stream's length from decode times alone. */
export function keepsDecodeTimesOnly({ info }: Muxer): boolean {
  return needsFragments(info);
}

/**
 * A stream that may have been cut off anywhere: holds each packet back until the next one, or the end, tells
 * how long it is.
 *
 * Where frames that are coded out of order were cut off, fewer packets are left than frames would be shown up
 * to the end. What mp4 counts then ends too early, and so does the video: its last packet has to make up for
 * those that are missing.
 */
export class TruncatedStream implements Disposable {
  readonly #held: NativePacket;
  readonly #frameTicks: bigint;
  readonly #extendsLast: boolean;
  #isHolding = false;
  #decodeTime = noTime;
  /** How much earlier the first packet is decoded than shown. */
  #lead: bigint | null = null;
  /** The distance between the decode times of the last two packets. */
  #step = 0n;
  /** The end of the last frame in presentation order. */
  #end = noTime;

  constructor(native: Native, from: Demuxer, index: number, extendsLast: boolean) {
    const { num, den } = from.timeBase(index);
    const rate = from.frameRate(index) ?? { num: 25, den: 1 };
    this.#frameTicks = BigInt(Math.max(1, Math.round(rate.den * den / (rate.num * num))));
    this.#extendsLast = extendsLast;
    this.#held = new NativePacket(native);
  }

  /** The end of the last frame in presentation order. */
  get end(): bigint {
    return this.#end;
  }

  /** The last decode time. */
  get decodeTime(): bigint {
    return this.#decodeTime;
  }

  /** Takes over a packet, and writes the previous one. */
  take(packet: NativePacket, write: (packet: NativePacket) => void): void {
    this.endAt(packet.dts);
    this.#give(write);
    this.#held.takeFrom(packet);
    this.#isHolding = true;
    const { pts, dts } = this.#held;
    this.#lead ??= pts === noTime || dts === noTime ? noTime : pts - dts;
    if (dts !== noTime) this.#decodeTime = dts;
  }

  /**
   * Ends the held packet at the next decode time, of a packet that may be damaged: FFmpeg 4.3 reads no
   * durations from fragments.
   */
  endAt(next: bigint): void {
    if (this.#decodeTime === noTime || next === noTime || next <= this.#decodeTime) return;
    this.#step = next - this.#decodeTime;
    if (this.#isHolding && this.#held.duration === 0n) this.#held.duration = this.#step;
  }

  /** Writes the last packet with a duration; 0 where it is not known. */
  finish(write: (packet: NativePacket) => void, duration: bigint): void {
    if (!this.#isHolding) return;
    const held = this.#held;
    if (duration > 0n) held.duration = duration;
    // A single frame without a duration would not be shown at all.
    if (held.duration === 0n && held.dts !== noTime) held.duration = this.#step || this.#frameTicks;
    if (this.#extendsLast) this.#extendLast();
    this.#give(write);
  }

  /**
   * Decodes the last packet as late as possible and extends it, until the decode times span the shown
   * duration.
   */
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
