/**
 * Pixel formats with alpha, and those without that are otherwise the same.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import { pixelFormatByName, type PixelFormatInfo } from "../../../libav/pixel_format.ts";

/** Packed formats of four bytes with alpha, and those whose fourth byte means nothing. */
const opaquePacked: Readonly<Record<string, string>> = {
  rgba: "rgb0",
  bgra: "bgr0",
  argb: "0rgb",
  abgr: "0bgr",
};

/** Which byte of a pixel is alpha, by the packed format. */
export const alphaByte: Readonly<Record<string, number>> = { rgba: 3, bgra: 3, argb: 0, abgr: 0 };

/** Planar formats with alpha as integers in the processor's order of bytes. */
const planarAlpha = /^(?:yuva\d+p|gbrap)(?:\d+le)?$/;

/** The same format without alpha; `null` where libavutil has none, or its pixels are laid out otherwise. */
export function opaqueTwin(native: Native, { name }: PixelFormatInfo): PixelFormatInfo | null {
  if (Object.hasOwn(opaquePacked, name)) return pixelFormatByName(native, opaquePacked[name]!);
  if (!planarAlpha.test(name)) return null;
  return pixelFormatByName(native, name.replace("yuva", "yuv").replace("gbrap", "gbrp"));
}

/** A format with alpha that has such a twin, and holds pictures of another one. */
export function formatWithTwin(native: Native, format: PixelFormatInfo): PixelFormatInfo {
  if (opaqueTwin(native, format) !== null) return format;
  const isDeep = format.depth > 8;
  const isColor = !format.isRgb && !format.isGray && !format.isPalette;
  const name = isColor ? isDeep ? "yuva444p16le" : "yuva444p" : isDeep ? "gbrap16le" : "rgba";
  return pixelFormatByName(native, name)!;
}
