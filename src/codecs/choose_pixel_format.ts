/**
 * The choice of the encoder's pixel format.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { encoderByName, type EncoderInfo } from "../libav/encoder.ts";
import {
  bitsPerComponent,
  encoderPixelFormats,
  leastLossyFormat,
  pixelFormatByName,
  type PixelFormatInfo,
  pixelFormatNames,
} from "../libav/pixel_format.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";
import { deviceNeeds } from "./device_encoders.ts";
import type { EncoderRequest } from "./encoder_request.ts";
import { traitsOf } from "./encoder_settings.ts";
import { type EncoderTraits, encoderTraits } from "./encoder_traits.ts";

/**
 * Chooses the encoder's pixel format. Throws an {@linkcode UnsupportedError} where it takes no suitable one.
 */
export function choosePixelFormat(
  native: Native,
  encoder: EncoderInfo,
  request: EncoderRequest,
): PixelFormatInfo {
  const taken = encoderPixelFormats(native, encoder.codec);
  const ordinary = taken?.filter(({ isHardware }) => !isHardware) ?? null;
  const { pixels } = deviceNeeds(encoder.name) ?? {};
  const usable = pixels?.map((name) => pixelFormatByName(native, name)!) ?? ordinary;
  if (request.pixelFormat !== undefined) return requireFormat(native, encoder, request.pixelFormat, usable);
  if (usable?.length === 0) {
    throw new UnsupportedError(
      `Cannot use encoder ${encoder.name}: it takes frames in a device's memory only`,
      {
        code: "HARDWARE_FRAMES",
        operation: `choose a pixel format for ${encoder.name}`,
        hint: "Use a software encoder",
      },
    );
  }
  const { experimental = [], alpha } = traitsOf(encoder);
  const hasAlpha = request.source.hasAlpha && request.alpha !== "discard" &&
    !(request.alpha === undefined && alpha?.isCostly && request.isOpaque());
  const stable =
    usable?.filter(({ isFloat, isBayer }) =>
      !(isFloat && experimental.includes("float")) && !(isBayer && experimental.includes("bayer"))
    ) ?? null;
  const format = suitableFormat(native, encoder, request, { formats: stable, hasAlpha });
  if (request.alpha === "keep" && request.source.hasAlpha && !format.hasAlpha) {
    throw new UnsupportedError(
      `Cannot keep alpha: encoder ${encoder.name} takes none in ${request.container}`,
      {
        code: "ALPHA",
        operation: `choose a pixel format for ${encoder.name}`,
        hint: "vp9 in webm, prores with the profile 4444 in mov, ffv1 in mkv, qtrle in mov and webp keep it",
      },
    );
  }
  return deepEnough(native, encoder, request, { formats: stable, hasAlpha }, format);
}

/** What an encoder takes (`null`: anything), and whether alpha is wanted. */
interface Wanted {
  readonly formats: readonly PixelFormatInfo[] | null;
  readonly hasAlpha: boolean;
}

function suitableFormat(
  native: Native,
  encoder: EncoderInfo,
  request: EncoderRequest,
  { formats, hasAlpha }: Wanted,
): PixelFormatInfo {
  const take = (name: string): PixelFormatInfo | null =>
    formats === null
      ? pixelFormatByName(native, name)
      : formats.find((format) => format.name === name) ?? null;
  const names = preferredFormats(traitsOf(encoder), request, hasAlpha);
  const preferred = names.map(take).find((format) => format !== null);
  if (preferred) return preferred;
  return formats === null ? request.source : leastLossy(native, request, { formats, hasAlpha });
}

function leastLossy(
  native: Native,
  { source }: EncoderRequest,
  { formats, hasAlpha }: { readonly formats: readonly PixelFormatInfo[]; readonly hasAlpha: boolean },
): PixelFormatInfo {
  const opaque = hasAlpha || !source.hasAlpha ? [] : formats.filter((format) => !format.hasAlpha);
  return leastLossyFormat(native, opaque.length > 0 ? opaque : formats, source, hasAlpha);
}

/**
 * Where "lossless" is requested, a format with as many bits as the pictures have. Throws an
 * {@linkcode UnsupportedError} where the encoder takes none.
 */
function deepEnough(
  native: Native,
  encoder: EncoderInfo,
  request: EncoderRequest,
  { formats, hasAlpha }: Wanted,
  format: PixelFormatInfo,
): PixelFormatInfo {
  const { source, quality } = request;
  const depth = bitsPerComponent(source);
  if (quality !== "lossless" || bitsPerComponent(format) >= depth) return format;
  const deep = formats?.filter((one) => bitsPerComponent(one) >= depth) ?? [];
  if (deep.length > 0) return leastLossy(native, request, { formats: deep, hasAlpha });
  const others = losslessEncodersOf(native, source);
  throw new UnsupportedError(
    `Cannot encode ${source.name} losslessly with ${encoder.name}: it takes ${
      bitsPerComponent(format)
    } bits per component, and the pictures have ${depth}`,
    {
      code: "DEPTH",
      operation: `choose a pixel format for ${encoder.name}`,
      hint: others.length > 0
        ? `Encoders that keep every bit: ${others.join(", ")}`
        : "Give frames of fewer bits, or another quality",
    },
  );
}

/** Encoders of this build that keep every bit of a format. */
function losslessEncodersOf(native: Native, source: PixelFormatInfo): string[] {
  return Object.keys(encoderTraits).filter((name) => {
    const { isLossless, levels } = encoderTraits[name]!;
    const encoder = isLossless || levels?.lossless !== undefined ? encoderByName(native, name) : null;
    const formats = encoder === null ? null : encoderPixelFormats(native, encoder.codec);
    return formats?.some((format) =>
      bitsPerComponent(format) >= bitsPerComponent(source) && format.isRgb === source.isRgb &&
      format.isFloat === source.isFloat && (format.hasAlpha || !source.hasAlpha) &&
      format.log2ChromaWidth <= source.log2ChromaWidth && format.log2ChromaHeight <= source.log2ChromaHeight
    ) ?? false;
  });
}

/** Preferred pixel formats, best first; empty where the least lossy one is best. */
function preferredFormats(
  profile: EncoderTraits,
  { source, profile: name, container }: EncoderRequest,
  hasAlpha: boolean,
): string[] {
  const byProfile = name === undefined ? undefined : profile.profileFormats?.[name];
  const names: string[] = [];
  if (byProfile !== undefined) {
    if (hasAlpha && byProfile.alpha !== undefined) names.push(byProfile.alpha);
    names.push(byProfile.opaque);
  }
  if (hasAlpha && profile.alpha?.containers.includes(container)) names.push(...profile.alpha.formats);
  if (source.depth > 8) names.push(...profile.deepFormats ?? []);
  names.push(...profile.formats ?? []);
  // A raw stream keeps what it is given, but YUV4MPEG knows luma and chroma only.
  if (container === "yuv4mpegpipe" && (source.isRgb || source.hasAlpha)) names.push("yuv420p");
  return names;
}

function requireFormat(
  native: Native,
  encoder: EncoderInfo,
  name: string,
  usable: readonly PixelFormatInfo[] | null,
): PixelFormatInfo {
  const details = { code: "PIXEL_FORMAT", operation: `choose a pixel format for ${encoder.name}` };
  const format = pixelFormatByName(native, name);
  if (format === null) {
    throw new UnsupportedError(
      `Cannot use the pixel format ${shown(name)}: FFmpeg knows none of that name`,
      {
        ...details,
        hint: didYouMean(name, usable?.map((known) => known.name) ?? pixelFormatNames(native)),
      },
    );
  }
  if (format.isHardware || (usable !== null && !usable.some(({ id }) => id === format.id))) {
    throw new UnsupportedError(
      `Cannot use the pixel format ${name}: encoder ${encoder.name} does not take it`,
      {
        ...details,
        hint: usable === null ? null : `It takes ${usable.map((known) => known.name).join(", ")}`,
      },
    );
  }
  return format;
}
