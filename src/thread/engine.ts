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
  /** Where to encode; `undefined`: in a worker. */
  readonly thread: "worker" | "main" | undefined;
  /** How many frames may wait for the encoder. */
  readonly queueSize: number;
  /** The folder of FFmpeg's libraries. */
  readonly libraryPath: string | undefined;
  /** The module of avwriter's threads. */
  readonly workerModule: URL;
  /** Aborts while a thread is starting. */
  readonly signal: AbortSignal | undefined;
}

/** A file being written. */
export interface FileEngine<Summary> {
  /** The current statistics. */
  readonly stats: WriterStats;
  /**
   * Writes samples to a track that start at a time in seconds or (`null`) at the end of the previous ones.
   * Once this returns, or the promise resolves, their memory may be reused. Throws the error that ended the
   * session.
   */
  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void>;
  /** Ends the video at a tick of its clock, finishes the file and frees everything. */
  finish(endTicks: bigint): Summary | Promise<Summary>;
  /** Stops, removes the unfinished file, and frees everything. */
  abort(): void | Promise<void>;
  /** After a failure: makes the recording as playable as possible, and frees everything. */
  salvage(): void | Promise<void>;
}

/** A video file being written. */
export interface VideoEngine extends FileEngine<WriteSummary> {
  /** What frames are checked against. */
  readonly info: EngineInfo;
  /** The encoder in use; `null` before it is known. */
  readonly choice: EncoderChoice | null;
  /** The size of the video before filters; `null` before the first frame. */
  readonly size: Size | null;
  /**
   * Resolves once there is room for a frame; `null` where there is room. Throws a `RangeError` where the
   * program holds all of it.
   */
  readonly room: Promise<void> | null;
  /** Memory for a frame, which is then written without a copy. Requires room. */
  acquire(layout: FrameLayout): Uint8Array;
  /**
   * Writes a frame: an acquired one, or any other if there is room. Once this returns, or the promise
   * resolves, its memory may be reused. Throws a {@linkcode RefusedFrame}, or the error that ended the
   * session.
   */
  write(frame: CheckedFrame): void | Promise<void>;
  /** Writes a cue to a subtitle track. Throws the error that ended the session. */
  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void>;
}
