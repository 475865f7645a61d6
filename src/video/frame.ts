/**
 * What a program gives as a frame.
 *
 * @module
 */
import type { EncodedImage } from "./images/encoded_image.ts";
import type { RawFrame } from "./raw_frame.ts";

/** A picture to write: pixels in memory, or a PNG, JPEG or WebP file. */
export type Frame = RawFrame | EncodedImage;
