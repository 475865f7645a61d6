/**
 * Which encoders make a key frame of any frame. Data, and one function.
 *
 * @module
 */
import { isDeviceEncoder } from "./device_encoders.ts";

/** They heed the type of a frame (`AVFrame.pict_type`). */
const forcing: readonly string[] = [
  ...["libx264", "libx264rgb", "libx265", "libopenh264", "libaom-av1", "libvpx", "libvpx-vp9", "libxvid"],
  ...["mpeg4", "mpeg1video", "mpeg2video", "flv", "h261", "h263", "h263p", "msmpeg4", "msmpeg4v2"],
  ...["wmv1", "wmv2", "rv10", "rv20"],
  // Each of their frames is one, or (animations) none but the first.
  ...[
    "mjpeg",
    "prores",
    "prores_aw",
    "prores_ks",
    "dnxhd",
    "huffyuv",
    "ffvhuff",
    "utvideo",
    "png",
    "rawvideo",
  ],
];

/**
 * Whether an encoder makes a key frame where it is told to. The others (libsvtav1, librav1e, libtheora, ffv1,
 * ...) begin with one whenever they are opened.
 */
export function forcesKeyFrames(encoder: string): boolean {
  return forcing.includes(encoder) || isDeviceEncoder(encoder);
}
