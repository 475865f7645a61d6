/**
 * The choice of the encoder's pixel format.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import {
  encoderPixelFormats,
  leastLossyFormat,
  pixelFormatByName,
  type PixelFormatInfo,
  pixelFormatNames,
} from "../libav/pixel_format.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";
import { type EncoderRequest, traitsOf } from "./encoder_settings.ts";
import type { EncoderTraits } from "./encoder_traits.ts";

/**
 * Chooses the encoder's pixel format. Throws an {@linkcode UnsupportedError} where it takes no suitable one.
 */
export function choosePixelFormat(
  native: Native,
  encoder: EncoderInfo,
  request: EncoderRequest,
): PixelFormatInfo {
  const taken = encoderPixelFormats(native, encoder.codec);
  const usable = taken?.filter(({ isHardware }) => !isHardware) ?? null;
  const take = (name: string): PixelFormatInfo | null =>
    usable === null ? pixelFormatByName(native, name) : usable.find((format) => format.name === name) ?? null;

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
  const preferred = preferredFormats(traitsOf(encoder), request).map(take).find((format) => format !== null);
  if (preferred) return preferred;
  if (usable === null) return request.source;
  const { experimental = [] } = traitsOf(encoder);
  const stable = usable.filter(({ isFloat, isBayer }) =>
    !(isFloat && experimental.includes("float")) && !(isBayer && experimental.includes("bayer"))
  );
  return leastLossyFormat(native, stable, request.source);
}

/** Preferred pixel formats, best first; empty where the least lossy one is best. */
function preferredFormats(
  profile: EncoderTraits,
  { source, profile: name, container }: EncoderRequest,
): string[] {
  const byProfile = name === undefined ? undefined : profile.profileFormats?.[name];
  const names: string[] = [];
  if (byProfile !== undefined) {
    if (source.hasAlpha && byProfile.alpha !== undefined) names.push(byProfile.alpha);
    names.push(byProfile.opaque);
  }
  if (source.hasAlpha && profile.alpha?.containers.includes(container)) names.push(...profile.alpha.formats);
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
