/**
 * What goes into a session, and what it tells.
 *
 * @module
 */
import type { Codec } from "../codecs/families.ts";
import type { Rational } from "../libav/rational.ts";
import type { CheckedOptions } from "./options.ts";

/** Where, what and how a session writes: checked already. */
export interface SessionRequest {
  /** A codec family or an encoder's name. */
  readonly codec: Codec;
  /** The absolute path of the file. */
  readonly path: string;
  /** Frames per second. */
  readonly frameRate: Rational;
  /** The options. */
  readonly options: CheckedOptions;
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

/** How one frame is to be written. */
export interface FrameTiming {
  /** The frame becomes a key frame, where the codec has them. Default `false`. */
  keyFrame?: boolean;
}
