/**
 * What the values of decoded pictures mean, by the names that writers take.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { ColorNumbers } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { InputStream } from "../../libav/reading/input_stream.ts";
import type { Brightness } from "../../libav/reading/stream_hdr.ts";
import { contentLightOf, masteringDisplayOf } from "../hdr.ts";
import { type ColorDescription, defaultColor, isFullRangeFormat, type PixelMeaning } from "../color.ts";

/** What is told of the brightness of pictures. */
export type HdrDescription = Pick<ColorDescription, "masteringDisplay" | "contentLight">;

/** Names that say nothing, or what the pixel format says. */
const meaningless: ReadonlySet<string | null> = new Set([null, "unknown", "reserved", "gbr"]);

/** The names of libav's numbers; what is not known is left out. */
export function colorOf(native: Native, numbers: ColorNumbers): Partial<ColorDescription> {
  const { avutil, memory } = native;
  const { av_color_primaries_name, av_color_transfer_name } = native.colorNames();
  const names = {
    matrix: memory.text(avutil.av_color_space_name(numbers.colorspace)),
    primaries: memory.text(av_color_primaries_name(numbers.color_primaries)),
    transfer: memory.text(av_color_transfer_name(numbers.color_trc)),
    range: memory.text(avutil.av_color_range_name(numbers.color_range)),
  };
  return Object.fromEntries(Object.entries(names).filter(([, name]) => !meaningless.has(name)));
}

/** All that a stream's header says of its colours; what is not known is left out. */
export function streamColor(native: Native, { color, brightness }: InputStream): Partial<ColorDescription> {
  return { ...colorOf(native, color), ...hdrOf(brightness) };
}

/** What is known of a picture's brightness. */
export function hdrOf({ display, light }: Brightness): HdrDescription {
  const masteringDisplay = display === null ? null : masteringDisplayOf(display);
  const contentLight = light === null ? null : contentLightOf(light);
  return {
    ...masteringDisplay === null ? {} : { masteringDisplay },
    ...contentLight === null ? {} : { contentLight },
  };
}

/** Whether pictures are brighter than usual, and how bright is not known: their packets may tell. */
export function mayHaveHdr({ transfer, masteringDisplay }: Partial<ColorDescription>): boolean {
  return masteringDisplay === undefined && (transfer === "smpte2084" || transfer === "arib-std-b67");
}

/** The meaning of luma and chroma in a picture that does not say it: that of its format and height. */
export function assumedMeaning(format: PixelFormatInfo, height: number): PixelMeaning {
  const { matrix, range } = defaultColor(height);
  return { matrix, range: isFullRangeFormat(format) || format.isRgb ? "pc" : range };
}

/** The meaning of a picture that was converted into another format. */
export function convertedMeaning(
  meaning: PixelMeaning,
  from: PixelFormatInfo,
  to: PixelFormatInfo,
  height: number,
): PixelMeaning {
  if (to.isRgb || from.isRgb || from.isPalette) return assumedMeaning(to, height);
  return { matrix: meaning.matrix, range: isFullRangeFormat(to) ? "pc" : meaning.range };
}

/** The description of a picture that was converted: RGB has neither matrix nor range. */
export function convertedColor(
  color: Partial<ColorDescription>,
  format: PixelFormatInfo,
  meaning: PixelMeaning,
): Partial<ColorDescription> {
  const { matrix: _matrix, range: _range, ...rest } = color;
  return format.isRgb || format.isPalette ? rest : { ...rest, ...meaning };
}
