/**
 * What a writer requests from its encoder.
 *
 * @module
 */
import type { OptionValue } from "../libav/options.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import type { Rational } from "../libav/rational.ts";
import type { FieldOrder } from "./field_order.ts";
import type { EncoderOptions, QualityLevel } from "./encoder_traits.ts";
import type { Hardware } from "./families.ts";

/** What an encoder does in one of two passes. */
export interface Pass {
  /** Which one. */
  readonly number: 1 | 2;
  /** The file that encoders keep their statistics in which write one themselves. */
  readonly path: string;
}

/** What a writer requests from its encoder. */
export interface EncoderRequest {
  /** The container's name, which decides whether alpha is kept. */
  readonly container: string;
  /** The frame rate. */
  readonly frameRate: Rational;
  /** The size of the frames. */
  readonly width: number;
  readonly height: number;
  /** The pixel format of the frames that come in. */
  readonly source: PixelFormatInfo;
  /** Whether all pixels of the first picture are opaque, as far as is known. */
  readonly isOpaque: () => boolean;
  /** See `WriterOptions`. */
  readonly alpha?: "keep" | "discard";
  readonly pixelFormat?: string;
  readonly quality?: QualityLevel | number;
  /** Bits per second on average. */
  readonly bitrate?: number;
  /** The most bits per second. */
  readonly maxBitrate?: number;
  /** See `WriterOptions`. */
  readonly passes?: 2;
  /** What the file is a part of; absent: it is the whole. */
  readonly chunk?: { readonly frames: number };
  /** Which of two passes the encoder is for; absent: it is only tried. */
  readonly pass?: Pass;
  /** Whether packets are wanted at once. */
  readonly live?: boolean;
  readonly keyFrameInterval?: number;
  readonly preset?: string;
  readonly tune?: string;
  readonly profile?: string;
  readonly encoderOptions?: EncoderOptions;
  /** The width of a pixel over its height, in lowest terms. */
  readonly sampleAspectRatio?: Rational;
  /** See `WriterOptions`. */
  readonly fieldOrder?: FieldOrder;
  /** See `WriterOptions`. */
  readonly hardware?: Hardware;
  /** Whether frames should not stay in the encoder for longer than a crash may cost. */
  readonly isCrashSafe: boolean;
  /** Whether frames may come more slowly than at the frame rate. */
  readonly isVariable: boolean;
  /** Whether libraries that print by themselves may do so. */
  readonly isVerbose: boolean;
  /** Whether even errors are not printed. */
  readonly isQuiet: boolean;
}

/** An option for an encoder. */
export type NamedOption = readonly [name: string, value: OptionValue];
