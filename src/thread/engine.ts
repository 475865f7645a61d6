/**
 * What a writer drives: a session in the same thread, or one in a worker.
 *
 * @module
 */
import type { Samples } from "../libav/audio_frame.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import type { EncoderChoice, EngineInfo, WriteSummary } from "../engine/session_types.ts";
import type { WriterStats } from "../engine/writer_stats.ts";

/** How an engine runs. */
export interface EngineOptions {
  /** Where it encodes; `undefined`: in a thread of its own. */
  readonly thread: "worker" | "main" | undefined;
  /** Frames that may wait for the encoder. */
  readonly queueSize: number;
  /** The folder of FFmpeg's libraries. */
  readonly libraryPath: string | undefined;
  /** Gives up while a thread is starting. */
  readonly signal: AbortSignal | undefined;
}

/** One file being written, whatever is in it. */
export interface FileEngine<Summary> {
  /** Progress so far. */
  readonly stats: WriterStats;
  /**
   * Takes samples for a track, heard at a time in seconds, or (`null`) where the one before ends. Once this returns, or the promise
   * resolves, its memory is the caller's again. Throws what ends the session.
   */
  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void>;
  /** Ends a video, if there is one, at a tick of its clock, finishes the file and frees everything. */
  finish(endTicks: bigint): Summary | Promise<Summary>;
  /** Stops, removes the file that was begun, and frees everything. */
  abort(): void | Promise<void>;
  /** After a failure: makes what was recorded so far as playable as it can be, and frees everything. */
  salvage(): void | Promise<void>;
}

/** One file of video being written. */
export interface VideoEngine extends FileEngine<WriteSummary> {
  /** What frames are checked by. */
  readonly info: EngineInfo;
  /** The encoder in use; `null` before it is known. */
  readonly choice: EncoderChoice | null;
  /** The size of the video before filters; `null` before the first frame. */
  readonly size: Size | null;
  /** Resolves once there is room for a frame; `null` where there is. Throws a `RangeError` where programs hold all of it. */
  readonly room: Promise<void> | null;
  /** Memory for a frame, which is then written without a copy. There must be room. */
  acquire(layout: FrameLayout): Uint8Array;
  /**
   * Takes a frame: an acquired one, or any other where there is room. Once this returns, or the promise resolves, its memory is the caller's again.
   * Throws a {@linkcode RefusedFrame}, or what ends the session.
   */
  write(frame: CheckedFrame): void | Promise<void>;
  /** Takes a cue for a track of subtitles. Throws what ends the session. */
  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void>;
}
