/**
 * Interlaced pictures: two fields, one in the even rows and one in the odd ones.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";

/**
 * What the rows of a frame are: one picture (`"progressive"`), or two fields, of which the one in the top row
 * is shown first (`"tff"`), or that of the bottom row (`"bff"`).
 *
 * @example
 * ```ts
 * import type { FieldOrder } from "@avwriter/avwriter";
 *
 * const order: FieldOrder = "tff";
 * ```
 */
export type FieldOrder = "progressive" | "tff" | "bff";

/** libav's numbers (AV_FIELD_*, libavcodec/defs.h). */
export const fieldOrderNumbers: Readonly<Record<FieldOrder, number>> = { progressive: 1, tff: 2, bff: 3 };

/**
 * Encoders that code fields, and say so of each picture, where they are told to
 * (AV_CODEC_FLAG_INTERLACED_DCT).
 */
const fieldEncoders: readonly string[] = [
  ...["libx264", "libx264rgb", "mpeg2video", "mpeg4", "prores_ks", "prores_aw", "prores", "dnxhd", "dvvideo"],
  "ffv1",
];
/** Encoders that leave rows as they are: the container tells. */
const rawEncoders: readonly string[] = ["rawvideo", "v210", "v308", "v408", "v410", "r210"];

const details = { code: "FIELD_ORDER", operation: "encode interlaced frames" } as const;

/** Whether frames have two fields. */
export function isInterlaced(order: FieldOrder | undefined): order is "tff" | "bff" {
  return order === "tff" || order === "bff";
}

/** Whether an encoder's pictures tell the order of their fields. */
export function tellsFields({ name }: EncoderInfo): boolean {
  return fieldEncoders.includes(name);
}

/** The options that have an encoder code fields. */
export function fieldOptions(
  { name }: EncoderInfo,
  order: FieldOrder | undefined,
): (readonly [name: string, value: string])[] {
  if (!isInterlaced(order)) return [];
  const flags = ["flags", "+ildct+ilme"] as const;
  // x264 is told of the order with the second picture otherwise.
  return name.startsWith("libx264") ? [flags, ["x264-params", `${order}=1`]] : [flags];
}

/** Throws an {@linkcode UnsupportedError} where an encoder takes whole pictures only. */
export function requireFieldEncoder({ name }: EncoderInfo, order: FieldOrder | undefined): void {
  if (!isInterlaced(order) || fieldEncoders.includes(name) || rawEncoders.includes(name)) return;
  throw new UnsupportedError(
    `Cannot encode with fieldOrder "${order}" and ${name}: the encoder takes progressive pictures only`,
    { ...details, hint: "Use h264, mpeg2video, mpeg4, prores, dnxhd or ffv1, or deinterlace the frames" },
  );
}

/**
 * Throws an {@linkcode UnsupportedError} where chroma would be shared by rows of both fields, which are of
 * different times.
 */
export function requireFieldsApart(
  order: FieldOrder | undefined,
  from: PixelFormatInfo,
  to: PixelFormatInfo,
): void {
  const mixes = to.log2ChromaHeight !== from.log2ChromaHeight && !from.isGray && !to.isGray;
  if (!isInterlaced(order) || !mixes) return;
  throw new UnsupportedError(
    `Cannot convert interlaced frames from ${from.name} to ${to.name}: chroma of both fields would be mixed`,
    { ...details, hint: `Write frames in ${to.name}, or use a pixelFormat such as yuv422p` },
  );
}

/** Throws an {@linkcode UnsupportedError} where frames would be resized, which mixes their fields. */
export function requireFixedSize(order: FieldOrder | undefined, resize: string | undefined): void {
  if (!isInterlaced(order) || resize === undefined || resize === "error") return;
  throw new UnsupportedError(
    `Cannot use resize "${resize}" with fieldOrder "${order}": rows of both fields would be mixed`,
    { ...details, hint: "Write frames of the video's size, or deinterlace them" },
  );
}
