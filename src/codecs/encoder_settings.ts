/**
 * From a writer's options to what one encoder is told: its pixel format and its AVOptions.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { OptionError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import { optionText, type OptionValue } from "../libav/options.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { shown } from "../shown.ts";
import type { ColorDescription } from "../video/color.ts";
import { hdrParameters, type HdrSyntax } from "../video/hdr.ts";
import { deviceTraits } from "./device_encoders.ts";
import { type EncoderOptions, type EncoderTraits, encoderTraits } from "./encoder_traits.ts";
import type { EncoderRequest, NamedOption } from "./encoder_request.ts";
import { fieldOptions } from "./field_order.ts";
import { optionsOfPass } from "./passes.ts";
import { purposeOptions } from "./purpose_options.ts";
import { rateControl } from "./rate_control.ts";

/** The traits of an encoder. */
export function traitsOf(encoder: EncoderInfo): EncoderTraits {
  return Object.hasOwn(encoderTraits, encoder.name)
    ? encoderTraits[encoder.name]!
    : deviceTraits(encoder.name);
}

/** The encoder's AVOptions, in the order in which they are set; with `null`, for one of another program. */
export function encoderOptions(
  native: Native | null,
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
  options.push(...fieldOptions(encoder, request.fieldOrder), ...optionsOfPass(encoder, request));
  options.push(...purposeOptions(native, encoder, request));
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
function hdrOptions(
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
  const { isCrashSafe, isVariable, frameRate, preset, live = false, tune = "" } = request;
  const isWithout = live ? request.tune === undefined : tune.includes("zerolatency");
  if (lookahead === undefined || !isCrashSafe && !isVariable || isWithout) return [];
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
    else if (before !== undefined && name === "flags") merged.set(name, mergeFlags(before, value));
    else merged.set(name, value);
  }
  return [...merged];
}

/**
 * As libav's programs do: `"+cgop"` adds, `"-cgop"` removes, and `"cgop"` replaces libavcodec's own flags,
 * beside those that other options stand for.
 */
function mergeFlags(before: OptionValue, given: OptionValue): string {
  const [own, flags] = [optionText(before), optionText(given)];
  return /^[+-]/.test(flags) ? `${own}${flags}` : `${flags}${own}`;
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
