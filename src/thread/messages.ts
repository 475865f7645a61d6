/**
 * What a writer and the thread that encodes its frames tell each other.
 *
 * @module
 */
import type { RingLayout } from "./received_frames.ts";
import type { EncoderChoice, EngineInfo, FileRequest, FileSummary } from "../engine/session_types.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { SentError } from "./sent_error.ts";

/** What the writer tells. */
export type ToWorker =
  | {
    readonly type: "open";
    readonly request: FileRequest;
    /** The folder of FFmpeg's libraries. */
    readonly libraryPath: string | undefined;
    /** One 32-bit number, not 0 once frames that wait are not wanted any more. */
    readonly isAborted: Int32Array<SharedArrayBuffer>;
  }
  /** From now on, frames lie in this ring. */
  | {
    readonly type: "ring";
    readonly id: number;
    readonly ring: RingLayout;
  }
  /** A frame in a slot; its layout is `null` where it is that of the frame before. */
  | {
    readonly type: "frame";
    readonly slot: number;
    readonly layout: FrameLayout | null;
    readonly stamp: FrameStamp;
  }
  | { readonly type: "image"; readonly bytes: Uint8Array; readonly stamp: FrameStamp }
  | {
    readonly type: "audio";
    readonly track: number;
    readonly samples: Samples;
    readonly seconds: number | null;
  }
  | { readonly type: "subtitle"; readonly cue: Required<SubtitleCue> }
  | { readonly type: "finish"; readonly endTicks: bigint }
  | { readonly type: "abort" }
  | { readonly type: "salvage" };

/** How far an engine is. */
export interface Progress {
  readonly stats: WriterStats;
  readonly choice: EncoderChoice | null;
  readonly size: Size | null;
}

/** What the thread tells. */
export type FromWorker =
  /** The folder is that of the libraries; what frames are checked by, where it is a video. */
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
    /** Slots, of which ring, that may be filled again. */
    readonly freed: readonly { readonly ring: number; readonly slot: number }[];
    readonly progress: Progress;
  }
  /** Samples or a cue of so many bytes was taken. */
  | { readonly type: "accepted"; readonly bytes: number; readonly progress: Progress }
  /** The image is not one; the session goes on. */
  | { readonly type: "refused"; readonly error: SentError }
  /** The session waits to be aborted or salvaged, and does nothing else any more. */
  | { readonly type: "failed"; readonly error: SentError }
  | { readonly type: "finished"; readonly summary: FileSummary; readonly progress: Progress }
  /** Aborted or salvaged. */
  | { readonly type: "ended"; readonly error: SentError | null };

/** What the writer tells, of one type. */
export type Message<Type extends ToWorker["type"]> = Extract<ToWorker, { readonly type: Type }>;
/** What the thread tells, of one type. */
export type Answer<Type extends FromWorker["type"]> = Extract<FromWorker, { readonly type: Type }>;
