/**
 * Frames as programs and sources give them.
 *
 * @module
 */
import type { GivenFrame } from "../engine/frames/frame_checker.ts";
import type { DecodedFrame } from "../source/source.ts";
import { SourceFrame } from "../source/pipeline/source_frame.ts";
import type { Frame } from "../video/frame.ts";
import { requireImageFields } from "../video/frame_form.ts";
import { isEncodedImage } from "../video/images/encoded_image.ts";
import { checkShape } from "../video/raw_frame.ts";

/**
 * Reads a program's frame, whose getters may do anything. Throws where it can't be one, whatever is in its
 * buffers: those are looked at when its turn has come, and no code of the program runs from then on.
 */
export function readFrame(frame: Frame): GivenFrame {
  if (!isEncodedImage(frame)) return { kind: "raw", fields: checkShape(frame) };
  if ("data" in frame) {
    throw new TypeError("Cannot write a frame that has both image and data: give one of them");
  }
  requireImageFields(frame);
  return { kind: "image", image: frame.image };
}

/** Reads a frame that a source sends, whose pixels may be lent. */
export function readSent(frame: DecodedFrame): GivenFrame {
  const lent = frame instanceof SourceFrame ? frame.lent : null;
  return lent === null ? readFrame(frame) : { kind: "lent", fields: checkShape(frame), frame: lent };
}
