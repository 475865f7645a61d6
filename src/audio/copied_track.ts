/**
 * A track whose packets are those of a file.
 *
 * @module
 */
import type { Address, Native } from "../../ffi/mod.ts";
import { Packet } from "../libav/packet.ts";
import type { Rational } from "../libav/rational.ts";
import type { SoundFile } from "./sound_file.ts";
import { type AudioStats, noSound, type SoundTrack, type TrackRequest } from "./track.ts";

/** One track. Owns its file. */
export class CopiedTrack implements SoundTrack {
  readonly #file: SoundFile;
  readonly #take: TrackRequest["take"];
  readonly #packet: Packet;
  /** The unit of the packets' times. */
  readonly timeBase: Rational;
  /** When the file begins, in that unit. */
  readonly #start: bigint;
  /** Where what was copied ends, in that unit. */
  #end = 0n;
  /** When the video begins, in that unit: the file begins with it. */
  #begin = 0n;

  /** Takes over an open file. */
  constructor(native: Native, file: SoundFile, take: TrackRequest["take"]) {
    this.#file = file;
    this.#take = take;
    this.timeBase = file.timeBase;
    this.#start = BigInt(Math.round(file.startSeconds * this.timeBase.den / this.timeBase.num));
    this.#packet = new Packet(native);
  }

  get stats(): AudioStats {
    return { ...noSound, seconds: Math.max(0, this.#endSeconds) };
  }

  get #endSeconds(): number {
    return Number(this.#end) * this.timeBase.num / this.timeBase.den;
  }

  describeInto(parameters: Address): void {
    this.#file.describeInto(parameters);
  }

  /** Has the file begin at a time in seconds, before anything of it is copied. */
  beginAt(seconds: number): void {
    this.#begin = this.#end = BigInt(Math.round(seconds * this.timeBase.den / this.timeBase.num));
  }

  /** Copies packets until a time in seconds; `false` where the file has ended before. Throws a `ReadError` where it can't be read on. */
  copy(until: number): boolean {
    const packet = this.#packet;
    while (this.#endSeconds < until) {
      if (!this.#file.read(packet)) return false;
      const pts = packet.pts === Packet.noTime ? this.#end : packet.pts - this.#start + this.#begin;
      packet.pts = packet.dts = pts;
      this.#end = pts + packet.duration;
      this.#take(packet, this.timeBase);
    }
    return true;
  }

  /** All that there is was given already. */
  finish(): void {}

  /** Frees all of it. */
  [Symbol.dispose](): void {
    this.#packet[Symbol.dispose]();
    this.#file[Symbol.dispose]();
  }
}
