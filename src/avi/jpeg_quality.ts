/**
 * The quality of JPEG pictures, as the mjpeg encoder of libavcodec is told it.
 *
 * @module
 */

/**
 * The quality of a video of JPEG pictures: a level, or a quantizer from 1, the best, to 31.
 *
 * @example
 * ```ts
 * import type { JpegQuality } from "@avwriter/avwriter/avi";
 *
 * const quality: JpegQuality = "high";
 * ```
 */
export type JpegQuality = "low" | "medium" | "high" | number;

/** The ends of the scale of numbers. */
export const jpegQuantizers = { min: 1, max: 31 } as const;

/** The quantizer of each level, as the encoder's traits have them. */
const levels = { low: 8, medium: 3, high: 2 } as const;

/** How many percent of JPEG's own table a quantizer stands for: what libavcodec makes of it on average. */
const percentPerQuantizer = 6.25;

/** The quality on libjpeg's scale, from 1 to 100. */
export function jpegScale(quality: JpegQuality = "medium"): number {
  const percent = (typeof quality === "number" ? quality : levels[quality]) * percentPerQuantizer;
  return percent > 100 ? 5000 / percent : (200 - percent) / 2;
}
