/**
 * What makes the palettes of a GIF.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import { companionPath } from "../../file/target.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { ClipColors } from "../../video/palette/clip_colors.ts";
import { GifClip } from "../../video/palette/gif_clip.ts";
import type { PipelineParts } from "../pipeline.ts";
import type { VideoFileRequest } from "../session_types.ts";

/** Options of the GIF encoder that write palettes in another way. */
const paletteOptions = ["global_palette", "gifimage"];

/**
 * What makes the palettes of a GIF whose frames have a format; nothing for other encoders. `isRegularFile`
 * says that bytes of the file may be replaced.
 */
export function palettesFor(
  native: Native,
  { path, options: { palette } }: VideoFileRequest,
  settings: EncoderSettings,
  { hasAlpha }: PixelFormatInfo,
  isRegularFile: boolean,
): Pick<PipelineParts, "clip" | "clipColors"> {
  const { encoder: { name }, format, options } = settings;
  if (name !== "gif" || !format.isPalette) return { clip: null, clipColors: null };
  if (palette === "clip") {
    return { clip: new GifClip(native, settings, companionPath(path), hasAlpha), clipColors: null };
  }
  const isOther = !isRegularFile || options.some(([option]) => paletteOptions.includes(option));
  return { clip: null, clipColors: isOther ? null : new ClipColors(hasAlpha) };
}
