/**
 * Where the audio of each track ends.
 *
 * @module
 */
import type { Samples } from "../../libav/audio_frame.ts";

/** The longest gap that becomes silence, in seconds: a longer one is a timestamp in another unit. */
const maxGapSeconds = 3600;

/** Where the audio of each track ends. */
export class AudioEnds {
  readonly #ends = new Map<number, number>();

  /** Whether a track has samples. */
  has(track: number): boolean {
    return this.#ends.has(track);
  }

  /**
   * Notes a piece of a track, heard at a time in seconds or (`null`) where the one before ends. Throws a
   * `RangeError`, and the piece counts as not given, where it is so late that its time can't be meant: an
   * hour after the audio before it, and after the video (`null`: it has not begun, and may begin at any
   * time).
   */
  add(track: number, { count, sampleRate }: Samples, seconds: number | null, videoEnd: number | null): void {
    const end = this.#ends.get(track);
    if (seconds !== null && (end !== undefined || videoEnd !== null)) {
      const before = Math.max(end ?? 0, videoEnd ?? 0);
      if (seconds - before > maxGapSeconds) {
        throw new RangeError(
          `Cannot write the samples: they begin at ${seconds} s, ${
            Math.round(seconds - before)
          } s after all that was written; timestamps count in seconds, and a gap has ${maxGapSeconds} at most`,
        );
      }
    }
    this.#ends.set(track, Math.max(end ?? 0, (seconds ?? end ?? 0) + count / sampleRate));
  }
}
