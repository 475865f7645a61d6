/**
 * An audio track of a file, whatever its packets come from.
 *
 * @module
 */
import type { Address } from "../../ffi/mod.ts";
import type { Rational } from "../libav/rational.ts";

/** What became of a track so far. */
export interface AudioStats {
  /** Length of the track so far in seconds. */
  readonly seconds: number;
  /** Seconds of silence that were put in where timestamps leave a gap, the time before the first sample among them. */
  readonly silence: number;
  /** Seconds of audio left out where timestamps say that it comes before the end of what was there already. */
  readonly dropped: number;
  /** Seconds by which audio was stretched (above 0) or shortened (below 0) to stay with its timestamps. */
  readonly corrected: number;
  /** Why its source (`from`) gives no more audio; `null` while all is well. */
  readonly failure: string | null;
}

/** The stats of a track that has no samples yet. */
export const emptyAudioStats: AudioStats = {
  seconds: 0,
  silence: 0,
  dropped: 0,
  corrected: 0,
  failure: null,
};

/** A track on its way into a file. */
export interface AudioTrack extends Disposable {
  /** The unit of the packets' times. */
  readonly timeBase: Rational;
  /** What became of it so far. */
  readonly stats: AudioStats;
  /** Fills an AVCodecParameters with what its packets are. */
  describeInto(parameters: Address): void;
  /** Ends the track: gives all that is left. */
  finish(): void;
}
