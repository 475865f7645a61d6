/**
 * What goes into a session, and what it tells.
 *
 * @module
 */
import type { Codec } from "../codecs/families.ts";
import type { Rational } from "../libav/rational.ts";
import type { EncodedImage } from "../video/encoded_image.ts";
import type { RawFrame } from "../video/raw_frame.ts";
import type { CheckedOptions } from "./options.ts";

/** A picture to write: pixels in memory, or a PNG, JPEG or WebP file. */
export type Frame = RawFrame | EncodedImage;

/** Where, what and how a session writes a video: checked already. */
export interface SessionRequest {
  readonly kind: "video";
  /** A codec family or an encoder's name. */
  readonly codec: Codec;
  /** The absolute path of the file. */
  readonly path: string;
  /** Frames per second. */
  readonly frameRate: Rational;
  /** The options. */
  readonly options: CheckedOptions;
}

/** Where and how a session writes a file of sound: checked already. */
export interface SoundRequest {
  readonly kind: "sound";
  /** The absolute path of the file. */
  readonly path: string;
  /** The options: their `audio` is the one track. */
  readonly options: CheckedOptions;
}

/** Where, what and how a session writes. */
export type FileRequest = SessionRequest | SoundRequest;

/** What a finished file of sound holds. */
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
