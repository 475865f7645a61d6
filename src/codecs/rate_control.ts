/**
 * Rate control: how quality and bits per second become an encoder's options.
 *
 * There are five modes. A constant quality, by a level or a number; a quality that is capped (`maxBitrate`);
 * bits per second on average (`bitrate`); constant bits per second (`bitrate` and the same `maxBitrate`); and
 * lossless. Each encoder has some of them, and refuses the others.
 *
 * @module
 */
import { OptionError, UnsupportedError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import { shown } from "../shown.ts";
import type { EncoderRequest, NamedOption } from "./encoder_request.ts";
import type { EncoderOptions, EncoderTraits, QualityLevel } from "./encoder_traits.ts";
import { type RateModes, rateModesOf, type Rates } from "./rate_modes.ts";

/** Setting one of these decides about quality. */
const rateOptions = ["crf", "qp", "b", "cq", "global_quality", "q", "lossless", "qscale"] as const;

/** The options for the quality, or the bits per second, that a writer requests. */
export function rateControl(
  encoder: EncoderInfo,
  traits: EncoderTraits,
  request: EncoderRequest,
): NamedOption[] {
  const { quality, bitrate, maxBitrate } = request;
  const modes = rateModesOf(encoder.name);
  if (request.passes !== undefined) return twoPasses(encoder, traits, request, modes);
  if (bitrate !== undefined) {
    if (modes.average === undefined) refuse(encoder, traits, "bitrate", bitrate);
    if (maxBitrate === undefined) return entries(modes.average(rates(request, bitrate)));
    if (modes.bounded === undefined) refuse(encoder, traits, "maxBitrate", maxBitrate);
    return entries(modes.bounded({ ...rates(request, maxBitrate), bitrate }));
  }
  if (maxBitrate !== undefined) return cappedQuality(encoder, traits, request, modes, maxBitrate);
  if (quality === undefined) {
    if (traits.isLossless || isGivenOtherwise(traits, request)) return [];
    if (traits.levels === undefined) return [["b", defaultBitrate(request)]];
  }
  return entries(qualityOptions(encoder, traits, quality ?? "medium"));
}

/**
 * The first pass for a size, whose bits per second are not known yet, has a quality, or any number of bits
 * where the encoder has no use for it.
 */
function twoPasses(
  encoder: EncoderInfo,
  traits: EncoderTraits,
  request: EncoderRequest,
  { average, bounded, inTwoPasses }: RateModes,
): NamedOption[] {
  const { bitrate, maxBitrate } = request;
  const given = rates(request, bitrate ?? defaultBitrate(request));
  if (maxBitrate !== undefined) {
    if (inTwoPasses !== undefined || bounded === undefined) refuse(encoder, traits, "maxBitrate", maxBitrate);
    return entries(bounded({ ...given, bitrate: Math.min(given.bitrate, maxBitrate), maxBitrate }));
  }
  if (inTwoPasses !== undefined) return entries(inTwoPasses(given));
  return entries(
    bitrate === undefined || average === undefined
      ? qualityOptions(encoder, traits, "medium")
      : average(given),
  );
}

function rates({ frameRate }: EncoderRequest, maxBitrate: number): Rates {
  return { bitrate: maxBitrate, maxBitrate, frameSeconds: frameRate.den / frameRate.num };
}

/** Whether other options decide about quality. */
function isGivenOtherwise({ profileFormats }: EncoderTraits, request: EncoderRequest): boolean {
  const { profile, encoderOptions = {} } = request;
  return rateOptions.some((name) => Object.hasOwn(encoderOptions, name)) ||
    profile !== undefined && profileFormats !== undefined;
}

function cappedQuality(
  encoder: EncoderInfo,
  traits: EncoderTraits,
  request: EncoderRequest,
  modes: RateModes,
  maxBitrate: number,
): NamedOption[] {
  const { quality = "medium" } = request;
  const number = typeof quality === "number" ? quality : traits.levels?.[quality];
  if (quality === "lossless") {
    throw new OptionError(
      `Cannot use the option maxBitrate with the quality "lossless": what keeps every bit takes as many as it needs`,
      { code: "RATE_CONTROL", operation: `configure encoder ${encoder.name}`, hint: "Leave one of them out" },
    );
  }
  if (modes.cappedQuality === undefined || typeof number !== "number") {
    refuse(encoder, traits, "maxBitrate", maxBitrate);
  }
  const isOther = isGivenOtherwise(traits, request);
  if (isOther && !modes.capsAnyQuality) {
    throw new OptionError(
      `Cannot use the option maxBitrate with rate control in encoderOptions: encoder ${encoder.name} needs to know the quality`,
      {
        code: "RATE_CONTROL",
        operation: `configure encoder ${encoder.name}`,
        hint: "Give the quality by the option quality",
      },
    );
  }
  const scale = isOther ? {} : scaleOptions(encoder, traits, number);
  return entries(modes.cappedQuality(rates(request, maxBitrate), scale, number));
}

/** What an encoder has, in words. */
function modeNames({ average, bounded, cappedQuality }: RateModes, traits: EncoderTraits): string {
  const { isLossless, scale, levels = {} } = traits;
  const has = (isThere: boolean, words: string): string[] => isThere ? [words] : [];
  const names = [
    ...has(scale !== undefined, "quality as a number"),
    ...has(Object.keys(levels).length > 0, `quality ${Object.keys(levels).map(shown).join(", ")}`),
    ...has(cappedQuality !== undefined && scale !== undefined, "quality with maxBitrate"),
    ...has(average !== undefined, "bitrate"),
    ...has(bounded !== undefined, "bitrate with maxBitrate"),
  ];
  if (isLossless) return "It is lossless, and takes as many bits as it needs";
  return names.length === 0 ? "It has no rate control" : `It takes ${names.join("; ")}`;
}

function refuse(
  encoder: EncoderInfo,
  traits: EncoderTraits,
  option: "bitrate" | "maxBitrate",
  value: number,
): never {
  throw new UnsupportedError(
    `Cannot use the option ${option} (${value}): encoder ${encoder.name} has no such rate control`,
    {
      code: "RATE_CONTROL",
      operation: `configure encoder ${encoder.name}`,
      hint: modeNames(rateModesOf(encoder.name), traits),
    },
  );
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
  traits: EncoderTraits,
  quality: QualityLevel | number,
): EncoderOptions {
  const details = { code: "EINVAL", operation: `configure encoder ${encoder.name}` };
  if (traits.isLossless) {
    if (quality === "lossless") return {};
    throw new OptionError(
      `Cannot use the quality ${
        shown(quality)
      }: encoder ${encoder.name} is lossless and has no quality to choose`,
      { ...details, hint: "Leave quality out" },
    );
  }
  if (typeof quality === "number") return scaleOptions(encoder, traits, quality);
  const level = traits.levels?.[quality];
  if (level === undefined) {
    const known = Object.keys(traits.levels ?? {});
    throw new OptionError(
      `Cannot use the quality ${shown(quality)}: encoder ${encoder.name} has no such level`,
      {
        ...details,
        hint: known.length > 0 ? `Use one of ${known.join(", ")}` : "Use bitrate or encoderOptions",
      },
    );
  }
  return typeof level === "number" ? scaleOptions(encoder, traits, level) : level;
}

function scaleOptions(
  encoder: EncoderInfo,
  { scale, levels }: EncoderTraits,
  quality: number,
): EncoderOptions {
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
  const { option, min, max, isHigherBetter, factor = 1 } = scale;
  if (quality < min || quality > max) {
    throw new OptionError(
      `Cannot use the quality ${quality}: the ${option} of encoder ${encoder.name} goes from ${min} to ${max}, and ${
        isHigherBetter ? max : min
      } is best`,
      { ...details, hint: null },
    );
  }
  return { ...scale.with, [option]: quality * factor };
}

function entries(options: EncoderOptions): NamedOption[] {
  return Object.entries(options);
}
