/**
 * Chooses the encoder of a codec: the first candidate that really opens.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { EncoderNotFoundError, UnsupportedError } from "../errors.ts";
import { type Encoder, encoderByName, type EncoderInfo, encodersOf } from "../libav/encoder.ts";
import { quietly } from "../libav/log.ts";
import { didYouMean } from "../nearest.ts";
import { familyOfCodecString } from "../other_names.ts";
import { shown } from "../shown.ts";
import { isDeviceEncoder, requireDeviceOptions } from "./device_encoders.ts";
import { encoderTraits } from "./encoder_traits.ts";
import type { EncoderRequest } from "./encoder_request.ts";
import { candidates, type Codec, type CodecFamily, families, otherNames } from "./families.ts";
import { firstThatOpens, type RejectedEncoder } from "./first_that_opens.ts";
import { type EncoderSettings, openEncoder, resolveSettings, type SettingsContext } from "./open_encoder.ts";

/** An encoder that was chosen, open. */
export interface ChosenEncoder {
  readonly encoder: Encoder;
  readonly settings: EncoderSettings;
  readonly rejected: readonly RejectedEncoder[];
}

/** Opens the first candidate that takes the request. What `requireUsable` throws is no refusal by one. */
export function chooseEncoder(
  native: Native,
  codec: Codec,
  request: EncoderRequest,
  context: SettingsContext,
  requireUsable: (encoder: EncoderInfo) => void,
): ChosenEncoder {
  const { hardware = "off", container } = request;
  const open = (name: string): Omit<ChosenEncoder, "rejected"> | null => {
    const info = encoderByName(native, name);
    if (info === null) return null;
    if (isFamily && hardware === "auto" && isDeviceEncoder(name)) {
      requireNoLostAlpha(native, codec as CodecFamily, info, request);
    }
    if (hardware === "require") requireDeviceOptions(name, request.encoderOptions ?? {});
    const settings = resolveSettings(native, info, request, context);
    return { encoder: openEncoder(native, settings), settings };
  };
  const isFamily = Object.hasOwn(families, codec);
  if (!isFamily && hardware === "require" && !isDeviceEncoder(codec)) throw noDevice(codec, []);
  const names = candidates(codec, container, hardware);
  for (const name of names) {
    const info = encoderByName(native, name);
    if (info !== null) requireUsable(info);
  }
  const { opened, rejected, error } = firstThatOpens(names, {
    open,
    absence: `FFmpeg ${native.version} was built without it`,
    // Of what was only tried, libav prints nothing.
    isOptional: (name) => isFamily && isDeviceEncoder(name),
    quietly: (action) => quietly(native, action),
  });
  if (opened !== null) return { ...opened, rejected };
  if (isFamily && hardware === "require") throw noDevice(codec, rejected);
  // An encoder that exists explains the problem better than the list of those that are missing.
  throw error ?? notFound(native, codec, rejected);
}

/** Throws an {@linkcode UnsupportedError} where a device would lose alpha that software keeps. */
function requireNoLostAlpha(
  native: Native,
  family: CodecFamily,
  { name }: EncoderInfo,
  { source, alpha, pixelFormat, container, isOpaque }: EncoderRequest,
): void {
  // With these, each encoder does what is asked for, or refuses.
  if (!source.hasAlpha || alpha !== undefined || pixelFormat !== undefined) return;
  const keeper = families[family].find((software) => {
    const kept = Object.hasOwn(encoderTraits, software) ? encoderTraits[software]!.alpha : undefined;
    return kept?.containers.includes(container) && !(kept.isCostly && isOpaque()) &&
      encoderByName(native, software) !== null;
  });
  if (keeper === undefined) return;
  throw new UnsupportedError(
    `Cannot use encoder ${name}: it would lose the alpha that ${keeper} keeps in ${container}`,
    { code: "ALPHA", operation: `choose an encoder of ${family}`, hint: 'Use alpha "discard"' },
  );
}

/** Why encoders were rejected, one in a line. */
function reasonLines(rejected: readonly RejectedEncoder[]): string {
  return rejected.map(({ name, reason }) => `\n- ${name}: ${reason}`).join("");
}

function noDevice(codec: Codec, rejected: readonly RejectedEncoder[]): EncoderNotFoundError {
  const why = rejected.length === 0
    ? "no device has an encoder for it"
    : `none of its encoders can be used${reasonLines(rejected)}`;
  return new EncoderNotFoundError(`Cannot encode ${codec} with hardware "require": ${why}`, {
    code: "HARDWARE_NOT_FOUND",
    operation: `find a device that encodes ${codec}`,
    hint: 'Use hardware "auto", which takes an encoder in software where no device has one',
  });
}

/** Whether a codec's encoder may open for a few sizes only. */
export function knowsFewSizes(codec: Codec): boolean {
  const names: readonly string[] = Object.hasOwn(families, codec) ? families[codec as CodecFamily] : [codec];
  return names.some((name) =>
    Object.hasOwn(encoderTraits, name) && encoderTraits[name]!.fewSizes !== undefined
  );
}

function notFound(native: Native, codec: Codec, rejected: readonly RejectedEncoder[]): EncoderNotFoundError {
  const details = { code: "ENCODER_NOT_FOUND", operation: `find an encoder for ${codec}` };
  if (Object.hasOwn(families, codec)) {
    const why = `none of its encoders can be used${reasonLines(rejected)}`;
    return new EncoderNotFoundError(`Cannot encode ${codec}: ${why}`, {
      ...details,
      hint: `Use an FFmpeg built with ${rejected.map(({ name }) => name).join(" or ")}`,
    });
  }
  const known = [...Object.keys(families), ...encodersOf(native, "video").map(({ name }) => name)];
  const lower = codec.toLowerCase();
  const synonym = familyOfCodecString(codec) ??
    (Object.hasOwn(otherNames, lower) ? otherNames[lower] : undefined);
  return new EncoderNotFoundError(
    `Cannot encode ${
      shown(codec)
    }: it is neither a codec family nor a video encoder of FFmpeg ${native.version}`,
    {
      ...details,
      hint: (synonym === undefined ? didYouMean(codec, known) : `Did you mean ${shown(synonym)}?`) ??
        `Codec families: ${Object.keys(families).join(", ")}`,
    },
  );
}
