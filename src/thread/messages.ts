/**
 * What a writer and the thread that encodes its frames tell each other.
 *
 * @module
 */
import type { RingLayout } from "./received_frames.ts";
import type { EncoderChoice, EngineInfo, FileSummary } from "../engine/session_types.ts";
import type { RecoverRequest, RecoverSummary } from "../file/recovery.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { SentRequest, SentSamples } from "./sent_bytes.ts";
import type { SentError } from "./sent_error.ts";

/** A message on its way. */
export interface Posted<Message> {
  /** The number of the question that it asks or answers; `null` where no answer is awaited. */
  readonly question: number | null;
  readonly message: Message;
}

/** Messages to the worker. */
export type ToWorker =
  | {
    readonly type: "open";
    readonly request: SentRequest;
    /** The folder of FFmpeg's libraries. */
    readonly libraryPath: string | undefined;
    /** One 32-bit number, not 0 once the writer was aborted. */
    readonly isAborted: Int32Array<SharedArrayBuffer>;
  }
  /** From now on, frames are in this ring. */
  | {
    readonly type: "ring";
    readonly id: number;
    readonly ring: RingLayout;
  }
  /** A frame in a slot. Its layout is `null` where it is that of the previous frame. */
  | {
    readonly type: "frame";
    readonly slot: number;
    readonly layout: FrameLayout | null;
    readonly stamp: FrameStamp;
  }
  | { readonly type: "image"; readonly bytes: ArrayBuffer; readonly stamp: FrameStamp }
  | {
    readonly type: "audio";
    readonly track: number;
    readonly samples: SentSamples;
    readonly seconds: number | null;
  }
  | { readonly type: "subtitle"; readonly cue: Required<SubtitleCue> }
  | { readonly type: "finish"; readonly endTicks: bigint }
  | {
    readonly type: "recover";
    readonly request: RecoverRequest;
    readonly libraryPath: string | undefined;
    /** One 32-bit number, not 0 once the work is to be given up. */
    readonly isAborted: Int32Array<SharedArrayBuffer>;
  }
  | { readonly type: "abort" }
  | { readonly type: "salvage" };

/** The state of an engine. */
export interface Progress {
  readonly stats: WriterStats;
  readonly choice: EncoderChoice | null;
  readonly size: Size | null;
}

/** The thread's messages. */
export type FromWorker =
  /** The session is open. `folder` is that of the libraries. */
  | {
    readonly type: "opened";
    readonly info: EngineInfo | null;
    readonly choice: EncoderChoice | null;
    readonly folder: string;
  }
  /** A frame was encoded. */
  | {
    readonly type: "taken";
    readonly isImage: boolean;
    /** Slots that are free again, and their rings. */
    readonly freed: readonly { readonly ring: number; readonly slot: number }[];
    readonly progress: Progress;
  }
  /** Samples or a cue of this size were accepted. */
  | { readonly type: "accepted"; readonly bytes: number; readonly progress: Progress }
  /** The image is not valid. The session goes on. */
  | { readonly type: "refused"; readonly error: SentError }
  /** The session has failed. It accepts only `abort` and `salvage`. */
  | { readonly type: "failed"; readonly error: SentError }
  /** Finishing the file goes on. */
  | { readonly type: "progress"; readonly progress: Progress }
  | { readonly type: "finished"; readonly summary: FileSummary; readonly progress: Progress }
  /** So much of a file is repaired, from 0 to 1. */
  | { readonly type: "recovering"; readonly share: number }
  | { readonly type: "recovered"; readonly summary: RecoverSummary; readonly folder: string }
  /** The session was aborted or salvaged. */
  | { readonly type: "ended"; readonly error: SentError | null };

/** A message to the worker, by type. */
export type Message<Type extends ToWorker["type"]> = Extract<ToWorker, { readonly type: Type }>;
/** A message from the worker, by type. */
export type Answer<Type extends FromWorker["type"]> = Extract<FromWorker, { readonly type: Type }>;
