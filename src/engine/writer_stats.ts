/**
 * A writer's progress.
 *
 * @module
 */
import type { AudioStats } from "../audio/audio_track.ts";
import type { OutputStats } from "./outputs/output_stats.ts";

/** Statistics of a writer. */
export interface WriterStats {
  /** Number of frames written; with filters, of those that they output. */
  readonly frames: number;
  /**
   * Bytes of encoded video so far, without audio and container. Without FFmpeg's libraries, those of the
   * pictures as they are stored; with `fallback: "process"`, as the program gets them.
   */
  readonly bytes: number;
  /** Length of the video so far, in seconds. */
  readonly seconds: number;
  /** Number of frames that were given and not written, as `latePolicy: "drop"` has it. */
  readonly dropped: number;
  /** Number of frames shown twice. Constant timing repeats none. */
  readonly duplicated: number;
  /**
   * Number of frames that wait for the encoder, those whose `write` waits among them. It grows where frames
   * come faster than they are encoded.
   */
  readonly queued: number;
  /** How much of its work `close` has done, from 0 to 1: it may have a whole file to copy. */
  readonly finished: number;
  /**
   * Number of frames that the encoder has, and has not returned as packets yet. Encoders look ahead at a
   * number of frames however fast they are.
   */
  readonly encoding: number;
  /** Frames written per second, over the last two seconds on the wall. */
  readonly fps: number;
  /** Bits per second over the last two seconds on the wall, of what `bytes` counts. */
  readonly bitrate: number;
  /**
   * How long ago the oldest frame was written whose packet is not there yet, in seconds; 0 where there is
   * none, and with a filter.
   */
  readonly latencySeconds: number;
  /**
   * Statistics of each audio track, in the order of the option `audio`. Until the writer is closed, they may
   * not include the last samples.
   */
  readonly audio: readonly AudioStats[];
  /**
   * Statistics of each output in a thread of its own: of the address that `createStreamWriter` was given, and
   * then those of the option `outputs`. Absent where there are none.
   */
  readonly outputs?: readonly OutputStats[];
}

/** Statistics of a writer that has done nothing. */
export const noStats: WriterStats = {
  frames: 0,
  bytes: 0,
  seconds: 0,
  dropped: 0,
  duplicated: 0,
  queued: 0,
  finished: 0,
  encoding: 0,
  fps: 0,
  bitrate: 0,
  latencySeconds: 0,
  audio: [],
};

/** What a session of video tells, with (`null`) nothing written yet. */
export function sessionStats(
  written: Pick<WriterStats, "frames" | "bytes" | "seconds"> & { readonly packets: number } | null,
  audio: readonly AudioStats[],
): WriterStats {
  const { frames = 0, packets = 0, bytes = 0, seconds = 0 } = written ?? {};
  return { ...noStats, frames, bytes, seconds, encoding: frames - packets, audio };
}
