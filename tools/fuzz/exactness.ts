/**
 * Which files must give back every bit of the frames.
 *
 * @module
 */
import type { EncoderChoice, WriterOptions, WriteSummary } from "../../mod.ts";
import type { FuzzCase } from "./case_types.ts";

/** Pixel formats of which every bit means something, and which the judge decodes as they are. */
const exactFormats =
  /^(?:rgba|bgra|argb|abgr|rgb24|bgr24|gray|gray(?:10|12|14|16)le|ya8|ya16le|nv12|nv21|uyvy422|yuyv422|rgb48le|rgba64le|yuva?4[1-4][0124]p(?:(?:9|10|12|14|16)le)?|gbra?p(?:(?:9|10|12|14|16)le)?)$/;

/** Encoders that lose nothing of the pixel format. */
const lossless: readonly string[] = [
  ...[
    "ffv1",
    "huffyuv",
    "ffvhuff",
    "utvideo",
    "png",
    "apng",
    "qtrle",
    "rawvideo",
    "wrapped_avframe",
    "magicyuv",
  ],
];
/** Encoders that lose nothing where they are told so. */
const canBeLossless: readonly string[] = ["libx264", "libx264rgb", "libx265", "libvpx-vp9"];

/** Whether frames of this format can be compared bit for bit. */
export function isExactFormat(format: string): boolean {
  return exactFormats.test(format);
}

/** Whether a writer's file must give back the frames, which are all of one shape. */
export function isExactWriter(
  { options }: FuzzCase,
  { name, pixelFormat }: EncoderChoice,
  shape: string,
  summary: WriteSummary,
): boolean {
  const given = options as WriterOptions;
  const { filter, encoderOptions, formatOptions, premultipliedAlpha, alpha, quality } = given;
  const isGivenMore = filter !== undefined || premultipliedAlpha === true || alpha === "discard" ||
    encoderOptions !== undefined || formatOptions !== undefined;
  // As FFmpeg's own program makes it, too: the last alpha of each row is lost.
  if (name === "ffvhuff" && pixelFormat.startsWith("yuva") && summary.width % 2 === 1) return false;
  if (isGivenMore || shape !== JSON.stringify([summary.width, summary.height, pixelFormat])) return false;
  return lossless.includes(name) || quality === "lossless" && canBeLossless.includes(name);
}
