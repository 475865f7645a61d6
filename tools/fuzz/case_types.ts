/**
 * What a case of the fuzz test is, and what comes of it. All of it goes through JSON, between processes and
 * into reports.
 *
 * @module
 */
import type { WriteSummary } from "../../mod.ts";

/** What JSON can't say. */
export type Special =
  | "undefined"
  | "NaN"
  | "Infinity"
  | "-Infinity"
  | "function"
  | "symbol"
  | "bigint"
  | "Map"
  | "circle"
  | "thrower";

/** A value of any kind; an object with `$` stands for one that JSON has no form for. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly $: Special }
  | { readonly [name: string]: Value };

/** What kind of memory a frame's bytes lie in. */
export type BufferKind =
  | "Uint8Array"
  | "Uint8ClampedArray"
  | "Float32Array"
  | "DataView"
  | "ArrayBuffer"
  | "SharedArrayBuffer"
  | "shared view"
  | "resizable"
  | "shrunk"
  | "growable"
  | "detached"
  | "array of numbers"
  | "nothing";

/** The typed arrays that samples lie in. */
export type SampleKind =
  | "Float32Array"
  | "Float64Array"
  | "Int16Array"
  | "Int32Array"
  | "BigInt64Array"
  | "Uint8Array";

/** One call of `writeAudio`. */
export interface PieceSpec {
  /** The track; absent: not given. */
  readonly track?: number;
  /** Samples of each channel. */
  readonly samples: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** What they lie in. */
  readonly data: SampleKind;
  /** Whether each channel has an array of its own. */
  readonly isPlanar?: true;
  /** Whether they are given as bytes with their format; with `isPlanar`, of all channels in one buffer. */
  readonly isRaw?: true;
  /** A value in the middle of them: no number, one far above full scale. */
  readonly oddValue?: "NaN" | "Infinity" | "-Infinity" | "huge";
  /** Whether the number of channels is left out. */
  readonly isWithoutChannels?: true;
  /** A field that samples do not have. */
  readonly extraField?: string;
  /** The second argument of `writeAudio`. */
  readonly timing?: Value;
}

/** One call of `write`. */
export interface FrameSpec {
  /** As the frame is to say; its bytes are made for these, where they make sense. */
  readonly width: Value;
  readonly height: Value;
  /** The pixel format; absent: the default. */
  readonly format?: Value;
  /** What is in it. */
  readonly content: "noise" | "flat" | "ramp";
  /** What the content is made from. */
  readonly fill: number;
  /** Bytes that each row is longer than its pixels, for each plane; absent: `strides` is not given. */
  readonly gaps?: readonly number[];
  /** `strides` as they are, without regard to the planes. */
  readonly strides?: Value;
  /** Whether each plane has a buffer of its own. */
  readonly isApart?: true;
  /** The memory. */
  readonly buffer: BufferKind;
  /** Bytes before the first in its memory. */
  readonly offset?: number;
  /** Bytes that it has too few, or below 0, too many. */
  readonly missing?: number;
  /** Deep samples may exceed what their depth allows. */
  readonly isBeyondDepth?: true;
  /** The second argument of `write`. */
  readonly timing?: Value;
  /** For `capturedAt`: milliseconds since the first frame's. */
  readonly capturedMs?: number;
  /** Milliseconds to wait before. */
  readonly waitMs?: number;
  /** Audio that is written before it. */
  readonly audio?: readonly PieceSpec[];
}

/** How a writer is ended. */
export type VideoEnding =
  | "close"
  | "close twice"
  | "close and write"
  | "dispose"
  | "abort"
  | "abort and write"
  | "abort and close"
  | "close and abort";

/** One case: a writer, the frames for it and how it ends. */
export interface FuzzCase {
  readonly seed: number;
  /** The arguments of `createFileWriter`; the path is of a file in a folder of the case's own. */
  readonly codec: Value;
  readonly name: string;
  readonly fps: Value;
  readonly options: Value;
  readonly frames: readonly FrameSpec[];
  /** Audio that is written after the last frame. */
  readonly audioAfter?: readonly PieceSpec[];
  /** Whether all frames are written before the first is awaited. */
  readonly isUnawaited?: true;
  readonly end: VideoEnding;
  /** Whether a file is there already. */
  readonly isThereBefore?: true;
  /**
   * An AbortSignal is given, and aborts before the frame of this index; below 0: before the writer is made.
   */
  readonly abortsAt?: number;
}

/** A rejection, and what was asked for. */
export interface Rejection {
  readonly at: "open" | "write" | "close" | "abort" | "dispose";
  /** The class. */
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
}

/** Where a track of audio lies, in seconds. */
export interface ExpectedTrack {
  /** Where its first sample is heard; `null` where nobody knows. */
  readonly begin: number | null;
  /** Where its last one ends; `null` where nobody knows. */
  readonly end: number | null;
}

/** What came of a case, as the process tells that played it. */
export interface Outcome {
  /** The first rejection that was not expected, or the one that ended the writer. */
  readonly rejections: readonly Rejection[];
  /** Frames that were taken. */
  readonly written: number;
  /** How many of them the writer has left out. */
  readonly dropped: number;
  /** What the writer told at its end; `null` where it was not closed well. */
  readonly summary: WriteSummary | null;
  /** The encoder and the pixel format that it got. */
  readonly encoder: string | null;
  readonly pixelFormat: string | null;
  /** The SHA-256 of the frames' bytes, and their format, where the file must give back the same. */
  readonly content: { readonly format: string; readonly sha256: string } | null;
  /** Whether the container is one file, at the path that was given. */
  readonly isOneFile: boolean;
  /** The times at which frames must be shown, in seconds, where they were given. */
  readonly times: readonly number[] | null;
  /** The numbers of the frames that must be key frames. */
  readonly keyFrames: readonly number[];
  /** The tracks of audio. */
  readonly audio: readonly ExpectedTrack[];
  /** What is wrong already. */
  readonly complaints: readonly string[];
  /** Bytes of memory that the process has after it. */
  readonly residentBytes: number;
  /** How long it took. */
  readonly milliseconds: number;
}
