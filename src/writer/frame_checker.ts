/**
 * Frames as users give them, checked before anything is done with them: what is thrown here is the caller's
 * mistake.
 *
 * @module
 */
import {
  type CheckedFrame,
  type CheckedPicture,
  type LentFrame,
  requireFit,
  type SizeOptions,
} from "../engine/checked_frame.ts";
import type { FrameClock } from "../engine/frame_clock.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import { withoutUndefined } from "../option_checks.ts";
import type { Size } from "../size.ts";
import type { DecodedFrame } from "../source/source.ts";
import { SourceFrame } from "../source/pipeline/source_frame.ts";
import { displayP3, sameColor } from "../video/color.ts";
import type { Frame } from "../video/frame.ts";
import type { FrameOptions } from "../video/frame_timing.ts";
import { requireImageFields } from "../video/frame_form.ts";
import { frameLayout } from "../video/frame_layout.ts";
import { imageBytes, isEncodedImage } from "../video/images/encoded_image.ts";
import { defaultInputFormat, type InputFormats, requireInputFormat } from "../video/input_format.ts";
import type { ImageMeaning } from "../video/image_meaning.ts";
import {
  type CheckedFields,
  checkShape,
  type FrameLayout,
  type PixelFormat,
  viewPlanes,
} from "../video/raw_frame.ts";

/**
 * What a program gives to be written: each field of its object read once, and its buffers not looked at yet.
 */
export type GivenFrame =
  | { readonly kind: "raw"; readonly fields: CheckedFields }
  /** A frame of a source, whose pixels are lent. */
  | { readonly kind: "lent"; readonly fields: CheckedFields; readonly frame: LentFrame }
  | { readonly kind: "image"; readonly image: unknown };

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

/** The options that frames are checked against. */
export type FrameCheckerOptions = SizeOptions & Pick<SessionOptions, "color" | "chunk">;

/** Checks the frames of one video. */
export class FrameChecker {
  readonly #formats: InputFormats;
  readonly #options: FrameCheckerOptions;
  readonly #clock: FrameClock;
  /** The layout of raw frames since the first. */
  #layout: FrameLayout | null = null;
  /** The video's size, known with the first frame. */
  #size: Size | null = null;

  /** For a video with these options, whose frames get their times from the clock. */
  constructor(formats: InputFormats, options: FrameCheckerOptions, clock: FrameClock) {
    this.#formats = formats;
    this.#options = options;
    this.#clock = clock;
  }

  /** Checks a frame given at `nowMs`. Has no side effects, and runs no code of the program. */
  check(given: GivenFrame, options: FrameOptions, nowMs: number): CheckedFrame {
    const { frames = Infinity } = this.#options.chunk ?? {};
    if (this.#clock.frames >= frames) {
      throw new RangeError(
        `Cannot write a frame: this chunk has ${frames} frames, which are written; close it`,
      );
    }
    return { picture: this.#pictureOf(given), stamp: this.#clock.check(options, nowMs) };
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
    if (picture.kind !== "image") {
      const { width, height } = this.#layout = picture.layout;
      this.#size ??= { width: this.#options.width ?? width, height: this.#options.height ?? height };
    } else this.#size = decoded;
    this.#clock.accept(stamp);
  }

  /** Counts a frame that is dropped. */
  drop({ stamp }: CheckedFrame): void {
    this.#clock.drop(stamp);
  }

  /** Throws a `RangeError` where frames of a chunk are missing. */
  requireWhole(): void {
    const { frames } = this.#options.chunk ?? this.#clock;
    if (this.#clock.frames === frames) return;
    throw new RangeError(
      `Cannot close the chunk: it has ${this.#clock.frames} frames of ${frames}; write all of them, or abort it`,
    );
  }

  #pictureOf(given: GivenFrame): CheckedPicture {
    if (given.kind === "image") return { kind: "image", bytes: imageBytes(given.image) };
    const layout = this.#layoutOf(given.fields);
    if (given.kind === "lent") return { kind: "lent", layout, frame: given.frame };
    return { kind: "raw", layout, planes: viewPlanes(given.fields, layout) };
  }

  #layoutOf({ width, height, format = defaultInputFormat, image }: CheckedFields): FrameLayout {
    const known = this.#layout;
    if (known !== null) requireSameImage(image, known.image!);
    else if (image.isDisplayP3) requirePrimaries(this.#options.color);
    const isSame = known?.width === width && known.height === height && known.format.name === format;
    if (isSame && sameColor(image.color, known.image!.color)) return known;
    requireFit({ width, height }, this.#size, this.#options);
    const described = requireInputFormat(this.#formats, format);
    if (known !== null && known.format.id !== described.id) {
      throw new TypeError(
        `Cannot write a ${described.name} frame: this video's frames are ${known.format.name} since the first; give all frames in one format`,
      );
    }
    return { ...frameLayout(described, width, height), image };
  }
}

/** A video has one meaning of its colours. */
function requireSameImage(image: ImageMeaning, known: ImageMeaning): void {
  const spaceOf = ({ isDisplayP3 }: ImageMeaning): string => isDisplayP3 ? "display-p3" : "srgb";
  const numbersOf = ({ isHalfFloat }: ImageMeaning): string => isHalfFloat ? "rgba-float16" : "whole numbers";
  for (const nameOf of [spaceOf, numbersOf]) {
    if (nameOf(image) === nameOf(known)) continue;
    throw new TypeError(
      `Cannot write a frame of ${nameOf(image)}: this video's frames are ${
        nameOf(known)
      } since the first; give all frames alike`,
    );
  }
}

/** Throws where frames are of Display P3, but the video was asked to be of something else. */
function requirePrimaries(color: FrameCheckerOptions["color"]): void {
  const primaries = typeof color === "string" ? color : color?.primaries;
  if (primaries === undefined || primaries === displayP3.primaries) return;
  throw new RangeError(
    `Cannot write a display-p3 frame: the option color says that this video is ${primaries}; leave that out, or draw in sRGB`,
  );
}
