/**
 * Frames as users give them, checked before anything is done with them: what is thrown here is the caller's
 * mistake.
 *
 * @module
 */
import {
  type CheckedFrame,
  type CheckedPicture,
  requireFit,
  type SizeOptions,
} from "../engine/checked_frame.ts";
import type { FrameClock } from "../engine/frame_clock.ts";
import { withoutUndefined } from "../option_checks.ts";
import type { Size } from "../size.ts";
import type { Frame } from "../video/frame.ts";
import type { FrameOptions } from "../video/frame_timing.ts";
import { type EncodedImage, imageBytes, isEncodedImage } from "../video/images/encoded_image.ts";
import { requireImageFields } from "../video/frame_form.ts";
import { defaultInputFormat, type InputFormats, requireInputFormat } from "../video/input_format.ts";
import { frameLayout } from "../video/pixels.ts";
import {
  type CheckedFields,
  checkShape,
  type FrameLayout,
  type PixelFormat,
  type RawFrame,
  viewPlanes,
} from "../video/raw_frame.ts";

/** Checks the frames of one video. */
export class FrameChecker {
  readonly #formats: InputFormats;
  readonly #options: SizeOptions;
  readonly #clock: FrameClock;
  /** The layout of raw frames since the first. */
  #layout: FrameLayout | null = null;
  /** The video's size, known with the first frame. */
  #size: Size | null = null;

  /** For a video with these options, whose frames get their times from the clock. */
  constructor(formats: InputFormats, options: SizeOptions, clock: FrameClock) {
    this.#formats = formats;
    this.#options = options;
    this.#clock = clock;
  }

  /** Checks a frame given at `nowMs`. Has no side effects. */
  check(frame: Frame, options: FrameOptions | undefined, nowMs: number): CheckedFrame {
    const picture = isEncodedImage(frame) ? viewImage(frame) : this.#view(frame);
    return { picture, stamp: this.#clock.check(options, nowMs) };
  }

  /** The layout of a frame of this size and format. Throws where it must not be written. */
  layoutOf(width: number, height: number, format: PixelFormat | undefined): FrameLayout {
    return this.#layoutOf(checkShape({ data: [], width, height, ...withoutUndefined({ format }) }));
  }

  /**
   * Counts an accepted frame. Later ones must match it and the video's size, which is known only after an
   * image is decoded.
   */
  accept({ picture, stamp }: CheckedFrame, decoded: Size | null): void {
    if (picture.kind === "raw") {
      const { width, height } = this.#layout = picture.layout;
      this.#size ??= { width: this.#options.width ?? width, height: this.#options.height ?? height };
    } else this.#size = decoded;
    this.#clock.accept(stamp);
  }

  #view(frame: RawFrame): CheckedPicture {
    const fields = checkShape(frame);
    const layout = this.#layoutOf(fields);
    return { kind: "raw", layout, planes: viewPlanes(fields, layout) };
  }

  #layoutOf({ width, height, format = defaultInputFormat }: CheckedFields): FrameLayout {
    const known = this.#layout;
    if (known?.width === width && known.height === height && known.format.name === format) return known;
    requireFit({ width, height }, this.#size, this.#options);
    const described = requireInputFormat(this.#formats, format);
    if (known !== null && known.format.id !== described.id) {
      throw new TypeError(
        `Cannot write a ${described.name} frame: this video's frames are ${known.format.name} since the first; give all frames in one format`,
      );
    }
    return frameLayout(described, width, height);
  }
}

function viewImage(frame: EncodedImage): CheckedPicture {
  if ("data" in frame) {
    throw new TypeError("Cannot write a frame that has both image and data: give one of them");
  }
  requireImageFields(frame);
  return { kind: "image", bytes: imageBytes(frame.image) };
}
