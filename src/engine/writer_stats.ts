/**
 * A writer's progress.
 *
 * @module
 */
import type { AudioStats } from "../audio/audio_track.ts";

/** A writer's progress. */
export interface WriterStats {
  /** Frames written; those that filters made, where there are some. */
  readonly frames: number;
  /** Bytes of encoded video so far, without the container's own. */
  readonly bytes: number;
  /** Length of the video so far in seconds. */
  readonly seconds: number;
  /** Frames left out. Constant timing leaves none out. */
  readonly dropped: number;
  /** Frames shown twice. Constant timing repeats none. */
  readonly duplicated: number;
  /** Frames taken that wait for the encoder, or that it has not given back as packets yet. */
  readonly queued: number;
  /** What became of each audio track, in the order of the option `audio`; until the writer is closed, it may lack what was written last. */
  readonly audio: readonly AudioStats[];
}
