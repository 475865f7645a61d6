/**
 * From a writer's options to what one encoder is told: its pixel format and its AVOptions.
 *
 * @module
 */
import { OptionError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import type { OptionValue } from "../libav/options.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import type { Rational } from "../libav/rational.ts";
import { shown } from "../shown.ts";
import type { ColorDescription } from "../video/color.ts";
import { hdrParameters, type HdrSyntax } from "../video/hdr.ts";
import {
  type EncoderOptions,
  type EncoderTraits,
  encoderTraits,
  type QualityLevel,
} from "./encoder_traits.ts";

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
  /** See `WriterOptions`. */
  readonly pixelFormat?: string;
  readonly quality?: QualityLevel | number;
  readonly bitrate?: number;
  readonly maxBitrate?: number;
  readonly keyFrameInterval?: number;
  readonly preset?: string;
  readonly tune?: string;
  readonly profile?: string;
  readonly encoderOptions?: EncoderOptions;
  /** The width of a pixel over its height. */
  readonly sampleAspectRatio?: Rational;
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

const noTraits: EncoderTraits = {};

/** The traits of an encoder. */
export function traitsOf(encoder: EncoderInfo): EncoderTraits {
  return Object.hasOwn(encoderTraits, encoder.name) ? encoderTraits[encoder.name]! : noTraits;
}

/** The encoder's AVOptions, in the order in which they are set. */
export function encoderOptions(
  encoder: EncoderInfo,
  request: EncoderRequest,
  format: PixelFormatInfo,
  color: ColorDescription,
): NamedOption[] {
  const profile = traitsOf(encoder);
  const given = request.encoderOptions ?? {};
  const options: NamedOption[] = [["threads", "auto"], ...entries(profile.defaults)];
  // AVI has decode times only: with B-frames, readers show all frames later than they are heard.
  if (request.container === "avi" && encoder.name === "libx264") options.push(["bf", 0]);
  if (profile.alpha?.formats.includes(format.name)) options.push(...entries(profile.alpha.options));
  if (profile.narrow !== undefined && request.width < profile.narrow.below) {
    options.push(...entries(profile.narrow.options));
  }
  options.push(...rateControl(encoder, profile, request));
  if (request.keyFrameInterval !== undefined) {
    options.push([
      "g",
      Math.max(1, Math.round(request.keyFrameInterval * request.frameRate.num / request.frameRate.den)),
    ]);
  }
  options.push(...delayLimit(profile, request));
  for (const name of ["preset", "tune", "profile"] as const) {
    const value = request[name];
    if (value === undefined) continue;
    requireChoice(encoder, profile, name, value);
    options.push([name === "preset" ? profile.presetOption ?? name : name, value]);
  }
  if (profile.ownLog === "x265" && !request.isVerbose) {
    options.push(["x265-params", `log-level=${request.isQuiet ? "none" : "error"}`]);
  }
  for (const name of ["preset", "tune", "profile"] as const) {
    const value = given[name];
    if (typeof value === "string") requireChoice(encoder, profile, name, value);
  }
  options.push(...hdrOptions(profile, color), ...entries(given));
  return merge(options);
}

/** The options that take lists of a library's own parameters. */
const parameterOptions: Readonly<Record<HdrSyntax, string>> = {
  x265: "x265-params",
  svtav1: "svtav1-params",
};

/**
 * Options that make an encoder write HDR metadata into the stream; empty where there is none, or the encoder
 * cannot.
 */
export function hdrOptions(
  { hdrSyntax }: EncoderTraits,
  { masteringDisplay, contentLight }: ColorDescription,
): NamedOption[] {
  if (hdrSyntax === undefined) return [];
  const parameters = hdrParameters(hdrSyntax, masteringDisplay, contentLight);
  return parameters === "" ? [] : [[parameterOptions[hdrSyntax], parameters]];
}

/** A crash may cost two seconds of video: this much may be in the encoder, the rest in the muxer. */
const maxDelaySeconds = 1.75;
/** The slowest pace, as a share of the frame rate, at which no frame waits for longer where times vary. */
const slowestPace = 0.5;
/** The minimum for reordering. */
const minLookahead = 5;

/** Limits the encoder's lookahead at frame rates where its own limit would be too long a time. */
function delayLimit({ lookahead }: EncoderTraits, request: EncoderRequest): NamedOption[] {
  const { isCrashSafe, isVariable, frameRate, preset, tune = "" } = request;
  if (lookahead === undefined || !isCrashSafe && !isVariable || tune.includes("zerolatency")) return [];
  const { option, key, frames, presets = {}, others, holdsPerThread } = lookahead;
  const held = others + (holdsPerThread ? x264Threads(request) : 0);
  const pace = frameRate.num / frameRate.den * (isVariable ? slowestPace : 1);
  const most = Math.floor(maxDelaySeconds * pace) - held;
  const defaults = preset !== undefined && Object.hasOwn(presets, preset) ? presets[preset]! : frames;
  if (defaults <= most) return [];
  const limit = Math.max(most, Math.min(defaults, minLookahead));
  return [[option, key === undefined ? limit : `${key}=${limit}`]];
}

/**
 * How many threads x264 takes: half as many again as there are processors, one for two rows of macroblocks at
 * the most (encoder.c).
 */
function x264Threads({ encoderOptions, height }: EncoderRequest): number {
  const given = Number(encoderOptions?.threads);
  if (given > 0) return given;
  const rowBytesLimit = Math.max(1, Math.floor(Math.floor((height + 15) / 16) / 2));
  return Math.min(Math.floor(navigator.hardwareConcurrency * 3 / 2), rowBytesLimit);
}

function entries(options: EncoderOptions | undefined): NamedOption[] {
  return Object.entries(options ?? {});
}

/** A later value replaces an earlier one, but lists of parameters and flags add up. */
function merge(options: readonly NamedOption[]): NamedOption[] {
  const merged = new Map<string, OptionValue>();
  for (const [name, value] of options) {
    const before = merged.get(name);
    if (before !== undefined && name.endsWith("-params")) merged.set(name, `${before}:${value}`);
    else if (before !== undefined && name === "flags") merged.set(name, `${before}${value}`);
    else merged.set(name, value);
  }
  return [...merged];
}

function requireChoice(
  encoder: EncoderInfo,
  profile: EncoderTraits,
  name: "preset" | "tune" | "profile",
  value: string,
): void {
  const choices = profile.choices?.[name];
  // x264 and x265 take several tunings, joined.
  const words = name === "tune" ? value.split(/[,+]/) : [value];
  if (choices === undefined || words.every((word) => choices.includes(word))) return;
  throw new OptionError(
    `Cannot use the ${name} ${shown(value)}: encoder ${encoder.name} has no such ${name}`,
    {
      code: "EINVAL",
      operation: `configure encoder ${encoder.name}`,
      hint: `Use one of ${choices.join(", ")}`,
    },
  );
}

/** Setting one of these decides about quality. */
const rateOptions = ["crf", "qp", "b", "cq", "global_quality", "q", "lossless", "qscale"] as const;

function rateControl(encoder: EncoderInfo, profile: EncoderTraits, request: EncoderRequest): NamedOption[] {
  const { quality, bitrate, maxBitrate, encoderOptions: given = {} } = request;
  const limit: NamedOption[] = maxBitrate === undefined
    ? []
    : [["maxrate", maxBitrate], ["bufsize", maxBitrate * 2]];
  if (bitrate !== undefined) return [["b", bitrate], ...limit];
  if (quality === undefined) {
    const isGivenOtherwise = rateOptions.some((name) => Object.hasOwn(given, name)) ||
      (request.profile !== undefined && profile.profileFormats !== undefined);
    if (profile.isLossless || isGivenOtherwise) return limit;
    if (profile.levels === undefined) return [["b", defaultBitrate(request)], ...limit];
  }
  return [...qualityOptions(encoder, profile, quality ?? "medium"), ...limit];
}

/**
 * For an encoder without known traits: a fifth of a bit per pixel. libavcodec's default is 200 kb/s for any
 * size.
 */
function defaultBitrate({ width, height, frameRate }: EncoderRequest): number {
  return Math.max(200_000, Math.round(width * height * frameRate.num / frameRate.den / 5));
}

function qualityOptions(
  encoder: EncoderInfo,
  profile: EncoderTraits,
  quality: QualityLevel | number,
): NamedOption[] {
  const details = { code: "EINVAL", operation: `configure encoder ${encoder.name}` };
  if (profile.isLossless) {
    if (quality === "lossless") return [];
    throw new OptionError(
      `Cannot use the quality ${
        shown(quality)
      }: encoder ${encoder.name} is lossless and has no quality to choose`,
      { ...details, hint: "Leave quality out" },
    );
  }
  if (typeof quality === "number") return scaleOptions(encoder, profile, quality);
  const level = profile.levels?.[quality];
  if (level === undefined) {
    const known = Object.keys(profile.levels ?? {});
    throw new OptionError(
      `Cannot use the quality ${shown(quality)}: encoder ${encoder.name} has no such level`,
      {
        ...details,
        hint: known.length > 0 ? `Use one of ${known.join(", ")}` : "Use bitrate or encoderOptions",
      },
    );
  }
  return typeof level === "number" ? scaleOptions(encoder, profile, level) : entries(level);
}

function scaleOptions(
  encoder: EncoderInfo,
  { scale, levels }: EncoderTraits,
  quality: number,
): NamedOption[] {
  const details = { code: "EINVAL", operation: `configure encoder ${encoder.name}` };
  if (scale === undefined) {
    throw new OptionError(
      `Cannot use the quality ${quality}: encoder ${encoder.name} has no scale that avwriter knows`,
      {
        ...details,
        hint: levels === undefined
          ? "Use bitrate or encoderOptions"
          : `Use one of ${Object.keys(levels).join(", ")}`,
      },
    );
  }
  if (quality < scale.min || quality > scale.max) {
    throw new OptionError(
      `Cannot use the quality ${quality}: the ${scale.option} of encoder ${encoder.name} goes from ${scale.min} to ${scale.max}`,
      { ...details, hint: null },
    );
  }
  return [...entries(scale.with), [scale.option, quality * (scale.factor ?? 1)]];
}
