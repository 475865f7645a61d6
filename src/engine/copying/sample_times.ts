/**
 * Times of audio that is copied from a container with a coarser unit, as Matroska's milliseconds.
 *
 * @module
 */
import type { NativePacket } from "../../libav/native_packet.ts";
import { type Rational, rescale } from "../../libav/rational.ts";

/** Audio whose packets all have the same number of samples. */
export interface EvenAudio {
  readonly sampleRate: number;
  readonly packetSamples: number;
}

const floorDivided = (one: bigint, other: bigint): bigint => (one - (one % other + other) % other) / other;
const ceilDivided = (one: bigint, other: bigint): bigint => -floorDivided(-one, other);

/**
 * Counts samples from packet to packet, for as long as that is a time which the source may have rounded: as
 * libavutil's av_rescale_delta, with which the ffmpeg program copies audio. A player would take the first
 * packet for one that is over before the audio begins otherwise.
 */
export class SampleTimes {
  readonly #from: Rational;
  readonly #to: Rational;
  readonly #samples: Rational;
  readonly #step: bigint;
  /** Where the last packet ends, in samples; `null` at the beginning. */
  #end: bigint | null = null;

  /** For a stream that goes from one unit into another. */
  constructor({ sampleRate, packetSamples }: EvenAudio, from: Rational, to: Rational) {
    [this.#from, this.#to] = [from, to];
    this.#samples = { num: 1, den: sampleRate };
    this.#step = BigInt(packetSamples);
  }

  /** Gives a packet the times of the other unit. */
  place(packet: NativePacket): void {
    const begin = this.#exact(packet.dts);
    this.#end = begin + this.#step;
    packet.rescale(this.#from, this.#to);
    packet.pts = packet.dts = rescale(begin, this.#samples, this.#to);
  }

  /** When a packet begins, in samples. */
  #exact(ticks: bigint): bigint {
    const { num, den } = this.#from;
    const scaled = (halves: bigint): bigint => halves * BigInt(num) * BigInt(this.#samples.den);
    const least = floorDivided(scaled(2n * ticks - 1n), BigInt(den)) >> 1n;
    const most = ceilDivided(scaled(2n * ticks + 1n), BigInt(den)) + 1n >> 1n;
    const end = this.#end;
    // It is another time than that of the packet before.
    if (end === null || end < 2n * least - most || end > 2n * most - least) {
      return rescale(ticks, this.#from, this.#samples);
    }
    return end < least ? least : end > most ? most : end;
  }
}
