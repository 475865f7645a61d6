/**
 * An audio track of a file, whatever its packets come from.
 *
 * @module
 */
import type { Address } from "../../ffi/mod.ts";
import type { Rational } from "../libav/rational.ts";

/** Statistics of a track. */
export interface AudioStats {
  /** Length of the track so far, in seconds. */
  readonly seconds: number;
  /**
   * Seconds of silence that were inserted where timestamps leave a gap, including the time before the first
   * sample.
   */
  readonly silence: number;
  /** Seconds of audio that were dropped because their timestamps lie before the end of the track. */
  readonly dropped: number;
  /** Seconds by which audio was stretched (above 0) or shortened (below 0) to match its timestamps. */
  readonly corrected: number;
  /** Why the source (`from`) delivers no more audio; `null` while it works. */
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

/** An audio track being written. */
export interface AudioTrack extends Disposable {
  /** The unit of the packets' times. */
  readonly timeBase: Rational;
  /** Its statistics so far. */
  readonly stats: AudioStats;
  /** Fills an AVCodecParameters with what its packets are. */
  describeInto(parameters: Address): void;
  /** Ends the track: encodes and writes what is left. */
  finish(): void;
}
