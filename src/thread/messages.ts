/**
 * What a writer and the thread that encodes its frames tell each other.
 *
 * @module
 */
import { emptyAudioStats } from "../audio/audio_track.ts";
import type { StoredFormats } from "../libav/pixel_format.ts";
import type { FileDescription } from "../engine/file_description.ts";
import type { EncoderChoice, EngineInfo, FileSummary, SessionOutlets } from "../engine/session_types.ts";
import type { FileWork, FileWorkSummary } from "../engine/work/file_work.ts";
import type { PartProgress, PartRequest, PartSummary } from "../engine/frames/part_types.ts";
import type { Segment } from "../engine/segments/segment_options.ts";
import { noStats, type WriterStats } from "../engine/writer_stats.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { FramePlace, RingLayout, SlotPlace } from "./ring.ts";
import type { SentPacket, SentRequest, SentSamples } from "./sending/sent_bytes.ts";
import type { SentError } from "./sent_error.ts";

/** A message on its way. */
export interface Posted<Message> {
  /** The number of the question that it asks or answers; `null` where no answer is awaited. */
  readonly question: number | null;
  readonly message: Message;
}

/** A message to or from one of the sessions of a thread. */
export interface InSession<Message> extends Posted<Message> {
  /** The session's number in the thread. */
  readonly session: number;
}

/** Messages to the worker. */
export type ToWorker =
  /** Load the libraries, for sessions to come. Answered by `loaded`, whether that could be done or not. */
  | { readonly type: "load"; readonly libraryPath: string | undefined }
  | {
    readonly type: "open";
    readonly request: SentRequest;
    /** Whether the pixel formats were told already. They are many. */
    readonly knowsFormats: boolean;
    /** The folder of FFmpeg's libraries. */
    readonly libraryPath: string | undefined;
    /** The memory of the session's control. */
    readonly control: SharedArrayBuffer;
  }
  /** From now on, frames may be in this ring. */
  | { readonly type: "ring"; readonly id: number; readonly layout: RingLayout }
  /** No more frames come in this ring. */
  | { readonly type: "retire"; readonly id: number }
  /** A frame. Its layout is `null` where it is that of the previous frame. */
  | {
    readonly type: "frame";
    readonly place: FramePlace;
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
  | { readonly type: "packet"; readonly packet: SentPacket }
  | { readonly type: "subtitle"; readonly cue: Required<SubtitleCue> }
  | { readonly type: "describe"; readonly description: FileDescription }
  /** Decode the frames of a part of a file, and encode them. Audio and subtitles may come meanwhile. */
  | { readonly type: "part"; readonly part: PartRequest }
  /** An event is recorded until so many seconds later. */
  | { readonly type: "event"; readonly seconds: number }
  | { readonly type: "finish"; readonly endTicks: bigint }
  | {
    readonly type: "work";
    readonly work: FileWork;
    readonly libraryPath: string | undefined;
    /** The memory of its control. */
    readonly control: SharedArrayBuffer;
  }
  | { readonly type: "abort" }
  | { readonly type: "salvage" };

/** To the worker: the session has ended, and no more messages come for it. */
export interface Leave {
  readonly type: "leave";
}

/** The state of an engine. */
export interface Progress {
  readonly stats: WriterStats;
  readonly choice: EncoderChoice | null;
  readonly size: Size | null;
}

/** The state of an engine that has done nothing yet. */
export function emptyProgress(audioTracks: number): Progress {
  const audio = Array.from({ length: audioTracks }, () => emptyAudioStats);
  return { stats: { ...noStats, audio }, choice: null, size: null };
}

/** The thread's messages. */
export type FromWorker =
  /** The libraries are loaded, from this folder; `null` where they can't be, which the next session tells. */
  | { readonly type: "loaded"; readonly folder: string | null }
  /** The session is open. `folder` is that of the libraries. Formats that are known are left out. */
  | {
    readonly type: "opened";
    readonly info: Omit<EngineInfo, "formats"> | null;
    readonly formats: StoredFormats | null;
    readonly choice: EncoderChoice | null;
    readonly folder: string;
  }
  /** A frame was encoded. */
  | {
    readonly type: "taken";
    /** Where it is; `null` for an image. */
    readonly place: FramePlace | null;
    /** Slots that nobody refers to any more. */
    readonly freed: readonly SlotPlace[];
    readonly progress: Progress;
  }
  /** The next bytes of a file without a path. */
  | { readonly type: "bytes"; readonly bytes: ArrayBuffer }
  /** Samples, a cue or a packet of this size were accepted, or what the file says of itself. */
  | {
    readonly type: "accepted";
    readonly bytes: number;
    readonly progress: Progress;
    /** The memory of samples, to send others in. */
    readonly spare: readonly ArrayBuffer[];
  }
  /** An image is not valid, samples or a cue of this size are too much, or a tag is not kept. It goes on. */
  | { readonly type: "refused"; readonly bytes: number; readonly error: SentError }
  /** The session has failed. It accepts only `abort` and `salvage`. */
  | { readonly type: "failed"; readonly error: SentError }
  /** Long work goes on: finishing the file, or a part of another one that is encoded. */
  | { readonly type: "progress"; readonly progress: Progress; readonly part: PartProgress | null }
  /** That part is encoded. */
  | { readonly type: "encoded"; readonly summary: PartSummary; readonly progress: Progress }
  /** The file is whole. With `isBusy`, the session is freed next, which takes a while. */
  | {
    readonly type: "finished";
    readonly summary: FileSummary;
    readonly progress: Progress;
    readonly isBusy: boolean;
  }
  /** A session that was busy after its end is freed. */
  | { readonly type: "freed" }
  /** A segment is finished. */
  | { readonly type: "segment"; readonly segment: Segment }
  /** So much of the work on a file is done, from 0 to 1. */
  | { readonly type: "working"; readonly share: number }
  | { readonly type: "worked"; readonly summary: FileWorkSummary; readonly folder: string }
  /** The session was aborted or salvaged. */
  | { readonly type: "ended"; readonly error: SentError | null };

/** A message to the worker, by type. */
export type Message<Type extends ToWorker["type"]> = Extract<ToWorker, { readonly type: Type }>;
/** A message from the worker, by type. */
export type Answer<Type extends FromWorker["type"]> = Extract<FromWorker, { readonly type: Type }>;

/** Takes messages of a thread: those for the outlets, and all others. */
export function besideOutlets(
  { take: takeBytes, onSegment }: SessionOutlets,
  take: (posted: Posted<FromWorker>) => void,
): (posted: unknown) => void {
  return (given) => {
    const posted = given as Posted<FromWorker>;
    const { message } = posted;
    if (message.type === "segment") onSegment?.(message.segment);
    else if (message.type === "bytes") takeBytes?.(new Uint8Array(message.bytes));
    else take(posted);
  };
}
