/**
 * The limit of images.
 *
 * @module
 */

/** The most pixels that a header may request memory for: those of the largest WebP picture. */
export const maxPixels: number = 16384 * 16384;
