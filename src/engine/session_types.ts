/**
 * What goes into a session, and what it tells.
 *
 * @module
 */
import type { Codec } from "../codecs/families.ts";
import type { ContainerClock } from "../container/container_clock.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import type { Rational } from "../libav/rational.ts";
import type { SessionOptions } from "./session_options.ts";

/** Where, what and how a session writes a video: checked already. */
export interface VideoFileRequest {
  readonly kind: "video";
  /** A codec family or an encoder's name. */
  readonly codec: Codec;
  /** The absolute path of the file. */
  readonly path: string;
  /** Frames per second. */
  readonly frameRate: Rational;
  /** The options. */
  readonly options: SessionOptions;
}

/** Where and how a session writes an audio file: checked already. */
export interface AudioFileRequest {
  readonly kind: "audio";
  /** The absolute path of the file. */
  readonly path: string;
  /** The options: their `audio` is the one track. */
  readonly options: SessionOptions;
}

/** Where, what and how a session writes. */
export type FileRequest = VideoFileRequest | AudioFileRequest;

/** What a finished audio file holds. */
export interface AudioSummary {
  /** The absolute path of the file. */
  readonly path: string;
  /** The container, by libavformat's name. */
  readonly format: string;
  /** The encoder, by libavcodec's name; empty where no samples were written, and so no file. */
  readonly encoder: string;
  /** Samples a second of each channel. */
  readonly sampleRate: number;
  /** How many channels. */
  readonly channels: number;
  /** Length in seconds. */
  readonly seconds: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
}

/** The encoder that a writer uses, and why. */
export interface EncoderChoice {
  /** libavcodec's name of the encoder: `"libx264"`. */
  readonly name: string;
  /** libavcodec's name of the codec: `"h264"`. */
  readonly codec: string;
  /** The pixel format that it gets. */
  readonly pixelFormat: string;
  /** Candidates that were passed over, and why. */
  readonly rejected: readonly { readonly name: string; readonly reason: string }[];
}

/** What a finished file holds. */
export interface WriteSummary {
  /** The absolute path of the file. */
  readonly path: string;
  /** The container, by libavformat's name. */
  readonly format: string;
  /** The encoder, by libavcodec's name. */
  readonly encoder: string;
  /** Width in pixels; 0 where no frame was written, and so no file. */
  readonly width: number;
  /** Height in pixels; 0 where no frame was written. */
  readonly height: number;
  /** Frames written. */
  readonly frames: number;
  /** Length in seconds. */
  readonly seconds: number;
  /** Size of the file in bytes; of the encoded video, where the container is not one file. */
  readonly bytes: number;
}

/** What a finished file holds. */
export type FileSummary = WriteSummary | AudioSummary;

/** What frames are checked by, known once a session is open. */
export interface EngineInfo {
  /** All pixel formats of the loaded libavutil. */
  readonly formats: readonly PixelFormatInfo[];
  /** What the container counts times in; `null` where that is not known, or filters make the times. */
  readonly containerClock: ContainerClock | null;
}
