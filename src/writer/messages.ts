/**
 * What a writer and the thread that encodes its frames tell each other.
 *
 * @module
 */
import { runtime } from "../../ffi/mod.ts";
import type { Samples } from "../libav/sound.ts";
import * as errors from "../errors.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { EngineInfo } from "./engine.ts";
import type { Size } from "./frame_checker.ts";
import type { FrameStamp } from "./frame_clock.ts";
import type { WriterStats } from "./options.ts";
import type { RingPlace } from "./received_frames.ts";
import type { EncoderChoice, FileRequest, FileSummary } from "./session_types.ts";

/** What the writer tells. */
export type ToWorker =
  | {
    readonly type: "open";
    readonly request: FileRequest;
    /** One 32-bit number, not 0 once frames that wait are not wanted any more. */
    readonly isAborted: Int32Array<SharedArrayBuffer>;
  }
  /** From now on, frames lie in this ring. */
  | {
    readonly type: "ring";
    readonly id: number;
    readonly ring: RingPlace;
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
    readonly type: "sound";
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
  /** A piece of sound or a cue of so many bytes was taken. */
  | { readonly type: "heard"; readonly bytes: number; readonly progress: Progress }
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

/** An error on its way between threads, which only keep the built-in classes and none of the fields. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The fields of an {@linkcode AvError}. */
  readonly details:
    | { readonly code: string; readonly operation: string; readonly hint: string | null }
    | null;
  /** The `code` of a system's error. */
  readonly code: string | undefined;
  readonly cause: SentError | undefined;
}

/** The classes of {@linkcode AvError}s, by name. */
type AvErrorName = {
  [Name in keyof typeof errors]: typeof errors[Name] extends typeof errors.AvError ? Name : never;
}[keyof typeof errors];
const builtInErrors = { Error, RangeError, TypeError } as const;

/** Makes an error ready to be sent. */
export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return sentError(new Error(String(error)));
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  const details = error instanceof errors.AvError
    ? { code: error.code, operation: error.operation, hint: error.hint }
    : null;
  return {
    ...{ name, message, stack, details },
    code: typeof code === "string" ? code : undefined,
    cause: cause === undefined ? undefined : sentError(cause),
  };
}

/** The error that was sent, of its own class. */
export function receivedError(sent: SentError): Error {
  const error = rebuild(sent);
  if (sent.stack !== undefined) error.stack = sent.stack;
  return error;
}

function rebuild({ name, message, details, code, cause: sentCause }: SentError): Error {
  const cause = sentCause === undefined ? undefined : receivedError(sentCause);
  if (details !== null) {
    // The constructor appends the hint again.
    const plain = details.hint ? message.slice(0, message.length - details.hint.length - 2) : message;
    return new errors[name as AvErrorName](plain, { ...details, cause });
  }
  const BuiltIn = builtInErrors[name as keyof typeof builtInErrors] ?? runtime().errorClass(name) ?? Error;
  const error = new BuiltIn(message);
  if (error.name !== name) error.name = name;
  if (cause !== undefined) error.cause = cause;
  return code === undefined ? error : Object.assign(error, { code });
}
