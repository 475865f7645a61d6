/**
 * The choice of what makes the palettes of a GIF.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import { companionPath } from "../../file/target.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { ClipColors } from "../../video/palette/clip_colors.ts";
import { GifClip } from "../../video/palette/gif_clip.ts";
import { GifDisposal } from "../../video/palette/gif_disposal.ts";
import type { PipelineParts } from "../pipeline.ts";
import type { VideoFileRequest } from "../session_types.ts";

/** Options of the GIF encoder that write palettes in another way. */
const paletteOptions = ["global_palette", "gifimage"];

/**
 * What makes the palettes of a GIF whose frames have a format; nothing for other encoders. `isGifFile` says
 * that the file is a GIF whose bytes may be replaced.
 */
export function palettesFor(
  native: Native,
  { path, options: { palette } }: VideoFileRequest,
  settings: EncoderSettings,
  source: PixelFormatInfo,
  isGifFile: boolean,
): Pick<PipelineParts, "clip" | "clipColors" | "disposal"> {
  const { encoder: { name }, format, options } = settings;
  const hasAlpha = source.hasAlpha && !settings.isOpaque;
  if (name !== "gif" || !format.isPalette) return { clip: null, clipColors: null, disposal: null };
  if (palette === "clip") {
    const clip = new GifClip(native, settings, companionPath(path), hasAlpha);
    return { clip, clipColors: null, disposal: hasAlpha ? new GifDisposal(native, settings, null) : null };
  }
  const isOther = !isGifFile || options.some(([option]) => paletteOptions.includes(option));
  const clipColors = isOther ? null : new ClipColors(hasAlpha);
  return {
    clip: null,
    clipColors,
    disposal: hasAlpha ? new GifDisposal(native, settings, clipColors) : null,
  };
}
