/**
 * What a reader asks of its file, in this thread or in another.
 *
 * @module
 */
import type { Address } from "../../../ffi/mod.ts";
import type { CopiedFile } from "../../engine/copying/media_packet.ts";
import type { ReadFrame, ReadRequest, SourceInfo } from "../../engine/reading/reading_types.ts";
import type { SubtitleCue } from "../../subtitles/cue.ts";
import type { SentPacket, SentSamples } from "../sending/sent_bytes.ts";
import type { SentError } from "../sent_error.ts";

/** Samples on their way to the program. */
export interface SentPiece {
  readonly samples: SentSamples;
  readonly timestamp: number;
}

/** What every question for a frame has. */
export interface FrameAsk {
  /** Memory of an earlier frame, which becomes the thread's. */
  readonly memory?: ArrayBuffer;
}

/** What the question for the next frame has besides. */
export interface NextFrameAsk extends FrameAsk {
  /** Whether the frame may be lent. */
  readonly mayLend?: boolean;
  /** Frames that were lent, and that nobody needs any more. */
  readonly returned?: readonly Address[];
}

/** What is asked, and what is answered. */
export interface ReadCalls {
  readonly open: {
    readonly ask: {
      readonly request: ReadRequest;
      /** The folder of FFmpeg's libraries. */
      readonly libraryPath: string | undefined;
      /** The memory of the control that ends the work. */
      readonly control: SharedArrayBuffer;
    };
    /** `folder` is that of the libraries. */
    readonly answer: { readonly info: SourceInfo; readonly folder: string };
  };
  /** Loads the libraries before a device is opened; the answer is the path of libavdevice. */
  readonly devices: { readonly ask: { readonly libraryPath: string | undefined }; readonly answer: string };
  /** The next frame; `null` at the end. */
  readonly frame: { readonly ask: NextFrameAsk; readonly answer: ReadFrame | null };
  /** The pixels of a frame that is lent. */
  readonly copy: { readonly ask: FrameAsk & { readonly lent: Address }; readonly answer: ReadFrame };
  /** Gives frames back that were lent, also of a file that was closed. */
  readonly giveBack: { readonly ask: { readonly returned: readonly Address[] }; readonly answer: null };
  readonly seek: { readonly ask: { readonly seconds: number }; readonly answer: null };
  readonly frameAt: {
    readonly ask: FrameAsk & { readonly seconds: number };
    readonly answer: ReadFrame | null;
  };
  /** Begins to read a track; the answer is the number of its reader. Audio before a time may be left out. */
  readonly openTrack: {
    readonly ask: { readonly kind: "audio" | "subtitles"; readonly track: number; readonly from: number };
    readonly answer: number;
  };
  /** The next pieces of audio; none at the end. */
  readonly samples: { readonly ask: { readonly reader: number }; readonly answer: readonly SentPiece[] };
  readonly cue: { readonly ask: { readonly reader: number }; readonly answer: SubtitleCue | null };
  /** What can be copied without being decoded. */
  readonly describe: { readonly ask: Record<never, never>; readonly answer: CopiedFile };
  /** Begins to read packets; the answer is the number of their reader. */
  readonly openPackets: { readonly ask: Record<never, never>; readonly answer: number };
  /** The next packets; none at the end. */
  readonly packets: { readonly ask: { readonly reader: number }; readonly answer: readonly SentPacket[] };
  readonly closeTrack: { readonly ask: { readonly reader: number }; readonly answer: null };
  readonly close: { readonly ask: Record<never, never>; readonly answer: null };
}

/** The name of something that can be asked. */
export type ReadCallName = keyof ReadCalls;

/** A question for the thread that reads, with a number that its answer has, too. */
export type AskedCall = {
  [Name in ReadCallName]: { readonly question: number; readonly type: Name } & ReadCalls[Name]["ask"];
}[ReadCallName];

/** An answer of that thread. */
export type AnsweredCall =
  | { readonly question: number; readonly value: ReadCalls[ReadCallName]["answer"] }
  | { readonly question: number; readonly error: SentError };

/** A file that is read somewhere. */
export interface Reading {
  ask<Name extends ReadCallName>(
    type: Name,
    details: ReadCalls[Name]["ask"],
  ): Promise<ReadCalls[Name]["answer"]>;
  close(): Promise<void>;
}
