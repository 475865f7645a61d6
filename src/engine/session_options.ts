/**
 * The options of a session: checked already, each in one form.
 *
 * @module
 */
import type { CheckedAudioOptions } from "../audio/audio_options.ts";
import type { EncoderRequest } from "../codecs/encoder_request.ts";
import type { CheckedAttachment } from "../container/attachments.ts";
import type { Chapter } from "../container/chapters.ts";
import type { Rotation } from "../container/picture_tags.ts";
import type { LogLevel } from "../libav/log.ts";
import type { OptionValue } from "../libav/options.ts";
import type { SegmentOptions } from "./segments/segment_options.ts";
import type { CheckedSubtitleOptions } from "../subtitles/subtitle_options.ts";
import type { ColorDescription, ColorName } from "../video/color.ts";
import type { LatePolicy, TimestampOrigin, Timing } from "../video/frame_timing.ts";
import type { ImageOrientation } from "../video/images/orientation.ts";
import type { PixelFormat } from "../video/raw_frame.ts";
import type { ResizeMode } from "../video/resizer.ts";

/**
 * Options of a session besides path, codec and frame rate. `WriterOptions` in `src/writer/writer_options.ts`
 * documents each of them.
 */
export interface SessionOptions extends
  Pick<
    EncoderRequest,
    | "alpha"
    | "quality"
    | "bitrate"
    | "maxBitrate"
    | "passes"
    | "chunk"
    | "live"
    | "keyFrameInterval"
    | "preset"
    | "tune"
    | "profile"
    | "encoderOptions"
    | "sampleAspectRatio"
    | "fieldOrder"
    | "hardware"
  > {
  /** The size of the file; in two passes only. */
  readonly targetBytes?: number;
  readonly width?: number;
  readonly height?: number;
  readonly resize?: "error" | ResizeMode;
  readonly oddSize?: "pad" | "crop" | "error";
  readonly pixelFormat?: PixelFormat;
  readonly palette?: "frame" | "clip";
  readonly format?: string;
  readonly formatOptions?: Readonly<Record<string, OptionValue>>;
  readonly color?: ColorName | Partial<ColorDescription>;
  readonly rotation?: Rotation;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly imageOrientation?: ImageOrientation;
  /** What lies behind transparent pictures: a colour's name, or digits. */
  readonly background?: string;
  /** Whether the colours of raw frames were multiplied by alpha. */
  readonly premultipliedAlpha?: boolean;
  /** How many times an animation plays; 0 for ever. */
  readonly loop?: number;
  readonly timing?: Timing;
  readonly latePolicy?: LatePolicy;
  readonly timestampOrigin?: TimestampOrigin;
  readonly filter?: string;
  readonly chapters?: readonly Chapter[];
  readonly crashSafe?: boolean | "fragments";
  /** A recording in segments: the path is that of their folder. */
  readonly segments?: SegmentOptions;
  readonly logLevel?: LogLevel;
  /** The audio tracks. */
  readonly audio: readonly CheckedAudioOptions[];
  /** The subtitle tracks. */
  readonly subtitles: readonly CheckedSubtitleOptions[];
  /** A copy of the cover's file; `null` where there is none. */
  readonly cover: Uint8Array | null;
  /** Copies of the attached files. */
  readonly attachments: readonly CheckedAttachment[];
}
