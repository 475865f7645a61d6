/**
 * The times of one stream over the segments of an HLS stream.
 *
 * @module
 */
import { NativePacket } from "../../../libav/native_packet.ts";
import type { Rational } from "../../../libav/rational.ts";
import type { ClockState } from "../reading_types.ts";

/** After so many ticks the times of MPEG-TS begin again. */
const wrapTicks = 2n ** 33n;

/** Turns times of packets into those of the stream of the first segment. */
export class SegmentClock {
  readonly #timeBase: Rational;
  readonly #isWrapping: boolean;
  #from: Rational;
  /** What is added to the times of the segment, in ticks. */
  #shift = 0n;
  /** The decode time of the last packet, by the segment; `null` where times begin. */
  #last: bigint | null = null;
  #lastStep = 0n;
  /** Where the last frame ends, in ticks. */
  #end = 0n;

  /** How long each packet is, in ticks; 0 where they differ. */
  readonly #packetTicks: bigint;

  /**
   * For a stream, whose times may begin again after some hours, and whose packets may all be equally long.
   */
  constructor(timeBase: Rational, isWrapping: boolean, packetSeconds: number) {
    this.#timeBase = this.#from = timeBase;
    this.#isWrapping = isWrapping;
    this.#packetTicks = this.#ticks(packetSeconds);
  }

  /** Where the last frame ends, in seconds. */
  get endSeconds(): number {
    return this.#seconds(this.#end);
  }

  /** Where it is, for the clock of a later connection. */
  get state(): Omit<ClockState, "index"> {
    const last = this.#last === null ? null : this.#seconds(this.#last);
    return { shift: this.#seconds(this.#shift), last, end: this.endSeconds };
  }

  /** Goes on where the clock of an earlier connection was. */
  resume({ shift, last, end }: Omit<ClockState, "index">): void {
    this.#shift = this.#ticks(shift);
    this.#last = last === null ? null : this.#ticks(last);
    this.#end = this.#ticks(end);
  }

  #seconds(ticks: bigint): number {
    return Number(ticks) * this.#timeBase.num / this.#timeBase.den;
  }

  #ticks(seconds: number): bigint {
    return BigInt(Math.round(seconds * this.#timeBase.den / this.#timeBase.num));
  }

  /** The times that come next are of another unit. */
  readBy(timeBase: Rational): void {
    this.#from = timeBase;
  }

  /** The times that come next are so many seconds before those of the stream. */
  restart(shiftSeconds: number): void {
    this.#shift = this.#ticks(shiftSeconds);
    this.#last = null;
  }

  /**
   * Notes the times of a packet that has those of the stream already. Several packets of audio may come with
   * one time, and without a duration.
   */
  note(packet: NativePacket): void {
    if (this.#packetTicks > 0n) this.#complete(packet);
    const { pts, dts, duration } = packet;
    const time = dts === NativePacket.noTime ? pts : dts;
    if (time === NativePacket.noTime) return;
    if (this.#last !== null && time - this.#shift > this.#last) {
      this.#lastStep = time - this.#shift - this.#last;
    }
    this.#last = time - this.#shift;
    const shown = pts === NativePacket.noTime ? time : pts;
    const end = shown + (duration > 0n ? duration : this.#lastStep);
    if (end > this.#end) this.#end = end;
  }

  #complete(packet: NativePacket): void {
    if (packet.duration === 0n) packet.duration = this.#packetTicks;
    const isTimed = packet.pts !== NativePacket.noTime || packet.dts !== NativePacket.noTime;
    if (!isTimed && this.#last !== null) packet.pts = packet.dts = this.#end;
  }

  /** Gives a packet the times of the stream. */
  place(packet: NativePacket): void {
    const { num, den } = this.#from;
    if (num !== this.#timeBase.num || den !== this.#timeBase.den) packet.rescale(this.#from, this.#timeBase);
    const { pts, dts } = packet;
    const time = dts === NativePacket.noTime ? pts : dts;
    if (time === NativePacket.noTime) return this.note(packet);
    const offset = this.#unwrapped(time) - time + this.#shift;
    if (pts !== NativePacket.noTime) packet.pts = pts + offset;
    if (dts !== NativePacket.noTime) packet.dts = dts + offset;
    this.note(packet);
  }

  /** A time after so many wraps that it is next to the one before. */
  #unwrapped(time: bigint): bigint {
    if (!this.#isWrapping || this.#last === null) return time;
    const wraps = Math.round(Number(this.#last - time) / Number(wrapTicks));
    return time + BigInt(wraps) * wrapTicks;
  }
}
