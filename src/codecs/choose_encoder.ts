/**
 * Chooses the encoder of a codec: the first candidate that really opens.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { EncoderNotFoundError, UnsupportedError } from "../errors.ts";
import { type Encoder, encoderByName, type EncoderInfo, encodersOf } from "../libav/encoder.ts";
import { didYouMean } from "../nearest.ts";
import { familyOfCodecString } from "../other_names.ts";
import { shown } from "../shown.ts";
import { encoderTraits } from "./encoder_traits.ts";
import type { EncoderRequest } from "./encoder_request.ts";
import { candidates, type Codec, type CodecFamily, families, otherNames } from "./families.ts";
import { type EncoderSettings, openEncoder, resolveSettings, type SettingsContext } from "./open_encoder.ts";

/** A candidate that was not chosen. */
export interface RejectedEncoder {
  /** libavcodec's name of the encoder. */
  readonly name: string;
  /** Why it was rejected. */
  readonly reason: string;
}

/** An encoder that was chosen, open. */
export interface ChosenEncoder {
  readonly encoder: Encoder;
  readonly settings: EncoderSettings;
  readonly rejected: readonly RejectedEncoder[];
}

/**
 * Opens the first candidate that takes the request.
 *
 * An option that a candidate does not know is the caller's mistake and no reason to try the next: it throws.
 */
export function chooseEncoder(
  native: Native,
  codec: Codec,
  request: EncoderRequest,
  context: SettingsContext,
  requireUsable: (encoder: EncoderInfo) => void,
): ChosenEncoder {
  const rejected: RejectedEncoder[] = [];
  let unsupportedError: UnsupportedError | undefined;
  for (const name of candidates(codec, request.container)) {
    const info = encoderByName(native, name);
    if (info === null) {
      rejected.push({ name, reason: `FFmpeg ${native.version} was built without it` });
      continue;
    }
    requireUsable(info);
    try {
      const settings = resolveSettings(native, info, request, context);
      return { encoder: openEncoder(native, settings), settings, rejected };
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      unsupportedError ??= error;
      rejected.push({ name, reason: error.message });
    }
  }
  // An encoder that exists explains the problem better than the list of those that are missing.
  throw unsupportedError ?? notFound(native, codec, rejected);
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
    const reasons = rejected.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
    return new EncoderNotFoundError(`Cannot encode ${codec}: none of its encoders can be used (${reasons})`, {
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
