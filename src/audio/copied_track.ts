/**
 * A track whose packets are those of a file.
 *
 * @module
 */
import type { Address, Native } from "../../ffi/mod.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import type { AudioFile } from "./audio_file.ts";
import { type AudioStats, type AudioTrack, emptyAudioStats } from "./audio_track.ts";
import type { TrackRequest } from "./encoded_track.ts";

/** One track. Owns its file. */
export class CopiedTrack implements AudioTrack {
  readonly #file: AudioFile;
  readonly #take: TrackRequest["take"];
  readonly #packet: NativePacket;
  /** The unit of the packets' times. */
  readonly timeBase: Rational;
  /** When the file begins, in that unit. */
  readonly #start: bigint;
  /** Where what was copied ends, in that unit. */
  #end = 0n;
  /** When the video begins, in that unit: the file begins with it. */
  #begin = 0n;

  /** Takes over an open file. */
  constructor(native: Native, file: AudioFile, take: TrackRequest["take"]) {
    this.#file = file;
    this.#take = take;
    this.timeBase = file.timeBase;
    this.#start = BigInt(Math.round(file.startSeconds * this.timeBase.den / this.timeBase.num));
    this.#packet = new NativePacket(native);
  }

  get stats(): AudioStats {
    return { ...emptyAudioStats, seconds: Math.max(0, this.#endSeconds) };
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

  /**
   * Copies packets up to a time in seconds; `false` where the file has ended before. Throws a `ReadError`
   * where reading fails.
   */
  copy(until: number): boolean {
    const packet = this.#packet;
    while (this.#endSeconds < until) {
      if (!this.#file.read(packet)) return false;
      const pts = packet.pts === NativePacket.noTime ? this.#end : packet.pts - this.#start + this.#begin;
      packet.pts = packet.dts = pts;
      this.#end = pts + packet.duration;
      this.#take(packet, this.timeBase);
    }
    return true;
  }

  /** Everything was written already. */
  finish(): void {}

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#packet[Symbol.dispose]();
    this.#file[Symbol.dispose]();
  }
}
