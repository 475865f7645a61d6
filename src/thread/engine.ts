/**
 * What a writer drives: a session in the same thread, or one in a worker.
 *
 * @module
 */
import type { Samples } from "../libav/audio_frame.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import type { MediaPacket } from "../engine/copying/media_packet.ts";
import type { FileDescription } from "../engine/file_description.ts";
import type { PartProgress, PartRequest, PartSummary } from "../engine/frames/part_types.ts";
import type {
  EncoderChoice,
  EngineInfo,
  PacketSummary,
  SessionOutlets,
  WriteSummary,
} from "../engine/session_types.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { AcquiredSlot, FrameSlots } from "./frame_slots.ts";

/** How an engine runs. */
export interface EngineOptions extends SessionOutlets {
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
   * Ends the video at a tick of its clock, finishes the file and frees everything. Calls `onStep` now and
   * then: the statistics say how much is done.
   */
  finish(endTicks: bigint, onStep: () => void): Promise<Summary>;
  /** Stops, removes the unfinished file, and frees everything. A stream is told the reason. */
  abort(reason?: unknown): void | Promise<void>;
  /** After a failure: makes the recording as playable as possible, and frees everything. */
  salvage(): void | Promise<void>;
}

/** A file with audio being written. */
export interface SampleEngine<Summary> extends FileEngine<Summary> {
  /**
   * Writes samples to a track that start at a time in seconds or (`null`) at the end of the previous ones.
   * Once this returns, or the promise resolves, their memory may be reused. Throws a
   * {@linkcode RefusedCall}, or the error that ended the session.
   */
  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void>;
}

/** A file of packets being written. */
export interface PacketEngine extends FileEngine<PacketSummary> {
  /**
   * Writes a packet. Once this returns, or the promise resolves, its memory may be reused. Throws the error
   * that ended the session.
   */
  writePacket(packet: MediaPacket): void | Promise<void>;
}

/** A video file being written. */
export interface VideoEngine extends SampleEngine<WriteSummary> {
  /** What frames are checked against. */
  readonly info: EngineInfo;
  /** The encoder in use; `null` before it is known. */
  readonly choice: EncoderChoice | null;
  /** The size of the video before filters; `null` before the first frame. */
  readonly size: Size | null;
  /** Whether it takes frames that a decoder lends. */
  readonly takesLent: boolean;
  /** The memory of its frames. */
  readonly slots: FrameSlots;
  /** Rejects once nothing is taken any more, where that may happen between two calls. */
  readonly failed?: Promise<never> | undefined;
  /** What a call waits for before its frame makes more bytes; `null`, or absent: nothing. */
  readonly outputRoom?: Promise<void> | null;
  /**
   * Writes a frame: the one in an acquired slot, or (`null`) any other if there is room. Once this returns,
   * or the promise resolves, its memory may be reused. Throws a {@linkcode RefusedCall}, or the error that
   * ended the session.
   */
  write(frame: CheckedFrame, slot: AcquiredSlot | null): void | Promise<void>;
  /**
   * Decodes a part of a file and encodes its frames, where the session is, in an engine that can do that.
   * Calls `onStep` now and then. Throws a {@linkcode RefusedCall} where the file is the reason, or the error
   * that ended the session.
   */
  encodePart?(part: PartRequest, onStep: (progress: PartProgress) => void): Promise<PartSummary>;
  /** Encodes for at most so many seconds more. What is not encoded by then is left out of the file. */
  endWithin(seconds: number): void;
  /**
   * Writes a cue to a subtitle track. Throws a {@linkcode RefusedCall}, or the error that ended the session.
   */
  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void>;
  /**
   * Gives the file tags and chapters, before its first frame. Throws a {@linkcode RefusedCall} where the
   * container does not keep them.
   */
  describe(description: FileDescription): void | Promise<void>;
  /** Records an event until so many seconds later, where there are segments. Throws the session's error. */
  recordEvent(seconds: number): void | Promise<void>;
}
