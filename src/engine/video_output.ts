/**
 * Where the packets of a pipeline go, and what a session has of a pipeline.
 *
 * @module
 */
import type { OutputFile } from "../file/output_file.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { PictureShape, Pixels } from "../video/pixels.ts";
import type { Steps } from "../steps.ts";

/** Takes the packets of a video: a file, or what keeps them for one. */
export type VideoOutput =
  & Disposable
  & Pick<
    OutputFile,
    | "isCrashSafe"
    | "mayLeaveOut"
    | "writeVideo"
    | "patch"
    | "expectVideo"
    | "flush"
    | "finish"
    | "salvage"
  >;

/** From frames to a file. */
export interface VideoPipeline extends Disposable {
  /** Number of accepted frames. */
  readonly frames: number;
  /** Frames that the encoder has returned as packets. */
  readonly packets: number;
  /** Bytes of all packets. */
  readonly bytes: number;
  /** The end of the last accepted frame, in seconds. */
  readonly seconds: number;
  /** How long the video is at least, in seconds, whenever the next frame comes. */
  readonly certainSeconds: number;
  /** Encodes a frame, which may be recorded live, and writes the packets that come out. */
  write(pixels: Pixels, shape: PictureShape, stamp: FrameStamp, isLive: boolean): void;
  /** Writes all frames that were taken; returns `false` where some wait for other streams. */
  settle(): boolean;
  /** Encodes what is left, or what can be before the deadline; returns how many frames are left out. */
  end(endTicks: bigint | null): Steps<number>;
  /** Finishes and closes the file; returns its size in bytes, or `null` where the muxer does not tell. */
  finish(): Steps<number | null>;
  /** Closes the file as it is. */
  discardFile(): void;
  /** After a failure: makes the recording as playable as possible. */
  salvage(): void;
}
