/**
 * Opens an encoder as a writer asks for it.
 *
 * @module
 */
import { type Native, runtime } from "../../ffi/mod.ts";
import { AvError, OptionError, UnsupportedError } from "../errors.ts";
import { Encoder, type EncoderInfo } from "../libav/encoder.ts";
import { type OptionTable, optionText } from "../libav/options.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { invert, type Rational, rationalText } from "../libav/rational.ts";
import type { ChromaLocation } from "../libav/streams/stream_tags.ts";
import type { Rgb } from "../video/background.ts";
import { type ColorDescription, displayP3, isFullRangeFormat } from "../video/color.ts";
import { choosePixelFormat } from "./choose_pixel_format.ts";
import { deviceNeeds } from "./device_encoders.ts";
import { giveDevice } from "./give_device.ts";
import type { EncoderRequest, NamedOption } from "./encoder_request.ts";
import { encoderOptions, traitsOf } from "./encoder_settings.ts";
import type { EncoderTraits } from "./encoder_traits.ts";
import { type FieldOrder, fieldOrderNumbers, requireFieldEncoder } from "./field_order.ts";

/** All settings of an encoder. */
export interface EncoderSettings {
  /** The encoder. */
  readonly encoder: EncoderInfo;
  /** The pixel format of the frames that it gets. */
  readonly format: PixelFormatInfo;
  /** The size of the frames that it gets. */
  readonly width: number;
  readonly height: number;
  /** The unit of the frames' timestamps. */
  readonly timeBase: Rational;
  /** The frame rate. */
  readonly frameRate: Rational;
  /** The meaning of the frames' values, as the stream is tagged. */
  readonly color: ColorDescription;
  /** What lies behind transparent pictures where the format has no alpha, or they must be opaque. */
  readonly background: Rgb;
  /** Whether transparent pictures must be opaque in a format with alpha. */
  readonly isOpaque: boolean;
  /** Where the conversion puts chroma; `null` where there is nothing to say of it. */
  readonly chromaLocation: ChromaLocation | null;
  /** The width of a pixel over its height; `null` leaves it unsaid. */
  readonly sampleAspectRatio: Rational | null;
  /** What the rows of a frame are; absent: unsaid. */
  readonly fieldOrder?: FieldOrder;
  /** The AVOptions, in order. */
  readonly options: readonly NamedOption[];
  /** What the first of two passes found out. */
  readonly statistics?: string;
  /** The settings of the second of two passes; absent in the second, and where there is only one. */
  readonly secondPass?: (bitrate: number, statistics: string | null) => EncoderSettings;
  /** The AVOptions without those of a pass, for encoders that are only tried; absent where there are none. */
  readonly trialOptions?: readonly NamedOption[];
  /** Whether codec headers go into the container's header. */
  readonly globalHeader: boolean;
  /** Whether even errors are not printed. */
  readonly isQuiet: boolean;
  /** Whether the caller gives parameters of a library, which may say how much it prints. */
  readonly hasGivenParameters: boolean;
}

/** What settings are made from, besides the request. */
export interface SettingsContext {
  /** See {@linkcode EncoderSettings}. */
  readonly globalHeader: boolean;
  /** What frames that come in mean, or are converted to. */
  readonly color: ColorDescription;
  /** What lies behind transparent pictures. */
  readonly background: Rgb;
  /** Whether the matrix was requested, and is not only the default. */
  readonly isMatrixGiven: boolean;
  /** See `WriterOptions`. */
  readonly oddSize: "pad" | "crop" | "error";
}

/** RGB has no matrix and no limited range (ITU-T H.273, MatrixCoefficients 0). */
const rgbColor: Pick<ColorDescription, "matrix" | "range"> = { matrix: "rgb", range: "pc" };

/** Resolves all that depends on the encoder: pixel format, size and options. Opens nothing. */
export function resolveSettings(
  native: Native,
  encoder: EncoderInfo,
  request: EncoderRequest,
  { globalHeader, color, background, isMatrixGiven, oddSize }: SettingsContext,
): EncoderSettings {
  const format = choosePixelFormat(native, encoder, request);
  requireFieldEncoder(encoder, request.fieldOrder);
  const { takesOddSizes, minWidth = 1 } = traitsOf(encoder);
  const needsEven = !takesOddSizes;
  requireSize(encoder, request);
  const { pass } = request;
  const mustBeWider = needsEven && format.log2ChromaWidth > 0 || request.width < minWidth;
  const settings: EncoderSettings = {
    encoder,
    format,
    width: codedSide("width", request.width, mustBeWider, oddSize),
    height: codedSide("height", request.height, needsEven && format.log2ChromaHeight > 0, oddSize),
    timeBase: encoderTimeBase(traitsOf(encoder), request.frameRate),
    frameRate: request.frameRate,
    color: streamColor(
      knownColor(encoder, color, isMatrixGiven, format),
      format,
      traitsOf(encoder).isFullRange ?? false,
    ),
    background,
    isOpaque: request.alpha === "discard",
    chromaLocation: chromaLocationOf(request.source, format, traitsOf(encoder)),
    sampleAspectRatio: request.sampleAspectRatio ?? null,
    ...(request.fieldOrder && { fieldOrder: request.fieldOrder }),
    options: encoderOptions(native, encoder, request, format, color),
    globalHeader,
    isQuiet: request.isQuiet,
    hasGivenParameters: request.encoderOptions?.["svtav1-params"] !== undefined,
  };
  if (pass?.number !== 1) return settings;
  const { pass: _pass, ...onePass } = request;
  const trialOptions = encoderOptions(native, encoder, onePass, format, color);
  const secondPass = (bitrate: number, statistics: string | null): EncoderSettings => ({
    ...settings,
    ...(statistics !== null && { statistics }),
    options: encoderOptions(
      native,
      encoder,
      { ...request, bitrate, pass: { ...pass, number: 2 } },
      format,
      color,
    ),
  });
  return { ...settings, trialOptions, secondPass };
}

/**
 * libavutil's largest picture: so many pixels, counted with a margin on each side (av_image_check_size2,
 * libavutil/imgutils.c).
 */
const largest = { pixels: 2 ** 31 / 8, margin: 128, square: 16255 } as const;

/** Throws an {@linkcode UnsupportedError} for sizes that no encoder of FFmpeg takes, or not this one. */
function requireSize(encoder: EncoderInfo, { width, height }: EncoderRequest): void {
  const details = { code: "TOO_LARGE", operation: "choose the size of the video" };
  if ((width + largest.margin) * (height + largest.margin) >= largest.pixels) {
    const { square } = largest;
    throw new UnsupportedError(
      `Cannot make a video of ${width}x${height}: FFmpeg takes ${square}x${square} pixels, or as many in another shape`,
      { ...details, hint: "Use smaller frames" },
    );
  }
  const { minSide = 1, longestSide = Infinity } = traitsOf(encoder);
  if (Math.min(width, height) < minSide) {
    throw new UnsupportedError(
      `Cannot make a video of ${width}x${height} with ${encoder.name}: it takes sides of ${minSide} pixels at least`,
      { ...details, code: "TOO_SMALL", hint: "Use larger frames, or another codec" },
    );
  }
  if (Math.max(width, height) <= longestSide) return;
  throw new UnsupportedError(
    `Cannot make a video of ${width}x${height} with ${encoder.name}: it takes sides of ${longestSide} pixels at most`,
    { ...details, hint: "Use smaller frames, or another codec" },
  );
}

/**
 * The colour with a matrix that the codec's decoders know. Throws an {@linkcode UnsupportedError} where
 * another was asked for.
 */
function knownColor(
  encoder: EncoderInfo,
  color: ColorDescription,
  isMatrixGiven: boolean,
  format: PixelFormatInfo,
): ColorDescription {
  const { onlyMatrices } = traitsOf(encoder);
  if (onlyMatrices === undefined || format.isRgb || onlyMatrices.includes(color.matrix)) return color;
  if (!isMatrixGiven) return { ...color, matrix: onlyMatrices[0]! };
  throw new UnsupportedError(
    `Cannot encode with the color matrix ${color.matrix}: what ${encoder.name} makes is decoded with ${
      onlyMatrices[0]
    }`,
    {
      code: "COLOR_MATRIX",
      operation: `choose the color for ${encoder.name}`,
      hint: `Use the color matrix ${onlyMatrices.join(" or ")}, or another codec`,
    },
  );
}

/** Encoders count frames: none needs to know how slow a video is. */
function encoderTimeBase({ minRate = 0 }: EncoderTraits, { num, den }: Rational): Rational {
  return num / den < minRate ? { num: 1, den: minRate } : invert({ num, den });
}

function streamColor(
  color: ColorDescription,
  format: PixelFormatInfo,
  isFullRange: boolean,
): ColorDescription {
  if (format.isRgb || format.isPalette) {
    const primaries = color.primaries === displayP3.primaries ? color.primaries : "bt709";
    return { ...color, transfer: "iec61966-2-1", primaries, ...rgbColor };
  }
  return isFullRange || isFullRangeFormat(format) ? { ...color, range: "pc" } : color;
}

/**
 * Where libswscale puts the chroma of pictures that have some for every pixel: each sample is the average of
 * the pixels that share it. Pictures that come in with less keep theirs where it was.
 */
function chromaLocationOf(
  source: PixelFormatInfo,
  { log2ChromaWidth, log2ChromaHeight, isRgb }: PixelFormatInfo,
  profile: EncoderTraits,
): ChromaLocation | null {
  const is420 = !isRgb && log2ChromaWidth === 1 && log2ChromaHeight === 1;
  const isWhole = !source.isGray && source.log2ChromaWidth === 0 && source.log2ChromaHeight === 0;
  return is420 && isWhole && profile.chromaLocation !== undefined ? "center" : null;
}

function codedSide(
  name: string,
  pixels: number,
  mustBeEven: boolean,
  oddSize: SettingsContext["oddSize"],
): number {
  if (!mustBeEven || pixels % 2 === 0) return pixels;
  if (oddSize === "pad") return pixels + 1;
  if (oddSize === "crop" && pixels > 1) return pixels - 1;
  throw new UnsupportedError(
    `Cannot encode frames with the odd ${name} ${pixels}: the encoder's pixel format needs even sides`,
    {
      code: "ODD_SIZE",
      operation: "choose the size of the video",
      hint: 'Use oddSize "pad", a pixel format without subsampled chroma, or frames with even sides',
    },
  );
}

/** Whether an encoder opened with one set of settings fits the other. */
export function isSameSettings(one: EncoderSettings, other: EncoderSettings): boolean {
  // Addresses are bigints, which JSON has no form for.
  const plain = (
    _key: string,
    value: unknown,
  ): unknown => (typeof value === "bigint" ? String(value) : value);
  return JSON.stringify(one, plain) === JSON.stringify(other, plain);
}

/** Opens an encoder with these settings. */
export function openEncoder(native: Native, settings: EncoderSettings): Encoder {
  const { encoder: info, format, width, height, timeBase, frameRate, color, options, globalHeader } =
    settings;
  const { chromaLocation, sampleAspectRatio, fieldOrder } = settings;
  silence(settings);
  const encoder = new Encoder(native, info);
  try {
    const table = encoder.options;
    table.setField("video_size", `${width}x${height}`);
    table.setField("pixel_format", deviceNeeds(info.name)?.pixelFormat ?? format.name);
    table.setField("time_base", rationalText(timeBase));
    encoder.frameRate = frameRate;
    if (!format.isPalette) {
      table.setField("colorspace", color.matrix);
      table.setField("color_primaries", color.primaries);
      table.setField("color_trc", color.transfer);
      table.setField("color_range", color.range);
    }
    if (chromaLocation !== null && traitsOf(info).chromaLocation === "stream") {
      table.setField("chroma_sample_location", chromaLocation);
    }
    if (sampleAspectRatio !== null) table.setField("aspect", rationalText(sampleAspectRatio));
    if (fieldOrder !== undefined) table.setField("field_order", fieldOrderNumbers[fieldOrder]);
    for (const [name, value] of options) table.set(name, value);
    requireHarmless(table);
    requireBitrate(info, table.integer("b"));
    // Last, as flags may be set without a sign, which replaces all.
    if (globalHeader) table.setField("flags", "+global_header");
    if (settings.statistics !== undefined) encoder.statistics = settings.statistics;
    giveDevice(native, encoder, settings);
    open(encoder, settings);
    return encoder;
  } catch (error) {
    encoder[Symbol.dispose]();
    throw error;
  }
}

/**
 * Throws an {@linkcode OptionError} for what ends the process in the encoders of libavcodec's mpegvideo
 * family: ratecontrol.c asserts that the Lagrange multipliers are in order, mpegvideo_enc.c divides by
 * `100 / error_rate`.
 */
function requireHarmless(table: OptionTable): void {
  table.requireOrdered("lmin", "lmax");
  table.requireAtMost("error_rate", 100);
}

/** Throws an {@linkcode OptionError} for a bit rate, 0 if there is none, that is too low for an encoder. */
function requireBitrate(encoder: EncoderInfo, bitrate: bigint): void {
  const { leastBitrate = 0 } = traitsOf(encoder);
  if (bitrate === 0n || bitrate >= leastBitrate) return;
  throw new OptionError(
    `Cannot use the bitrate ${bitrate}: encoder ${encoder.name} would leave out all frames below ${leastBitrate}`,
    {
      code: "EINVAL",
      operation: `configure encoder ${encoder.name}`,
      hint: "It is in bits per second: bitrate: 1_000_000 is one megabit",
    },
  );
}

/**
 * SVT-AV1 before 3.0 reports to stderr at a level of its own, which it reads from the environment, once a
 * process (Source/Lib/Globals/log): 0 for fatal errors, 1 for all errors.
 */
function silence({ encoder, isQuiet, hasGivenParameters }: EncoderSettings): void {
  if (traitsOf(encoder).ownLog === "svt" && !hasGivenParameters) {
    runtime().setVariable("SVT_LOG", isQuiet ? "0" : "1");
  }
}

function open(
  encoder: Encoder,
  { encoder: info, format, width, height, options }: EncoderSettings,
): void {
  const { name } = info;
  try {
    encoder.open();
  } catch (cause) {
    if (!(cause instanceof AvError)) throw cause;
    const told = options.map(([option, value]) => `${option}=${optionText(value)}`).join(" ");
    throw new UnsupportedError(
      `Cannot open encoder ${name} for ${width}x${height} ${format.name} (${told}): ${cause.message}`,
      {
        code: cause.code,
        operation: `open encoder ${name}`,
        hint: traitsOf(info).fewSizes ??
          'The encoder prints details to stderr at every logLevel except "quiet"; check size, preset, profile, level and rate control',
        cause,
      },
    );
  }
}
