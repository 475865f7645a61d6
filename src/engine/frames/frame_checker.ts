/**
 * Frames checked before anything is done with them: what is thrown here is the mistake of whoever gives them.
 *
 * @module
 */
import { withoutUndefined } from "../../option_checks.ts";
import type { Size } from "../../size.ts";
import { displayP3, sameColor } from "../../video/color.ts";
import type { FrameOptions, FrameStamp } from "../../video/frame_timing.ts";
import { frameLayout } from "../../video/frame_layout.ts";
import { imageBytes } from "../../video/images/encoded_image.ts";
import { defaultInputFormat, type InputFormats, requireInputFormat } from "../../video/input_format.ts";
import type { ImageMeaning } from "../../video/image_meaning.ts";
import {
  type CheckedFields,
  checkShape,
  type FrameLayout,
  type PixelFormat,
  viewPlanes,
} from "../../video/raw_frame.ts";
import {
  type CheckedFrame,
  type CheckedPicture,
  type LentFrame,
  requireFit,
  type SizeOptions,
} from "../checked_frame.ts";
import type { FrameClock } from "../frame_clock.ts";
import type { SessionOptions } from "../session_options.ts";

/**
 * What a program gives to be written: each field of its object read once, and its buffers not looked at yet.
 */
export type GivenFrame =
  | { readonly kind: "raw"; readonly fields: CheckedFields }
  /** A frame of a source, whose pixels are lent. */
  | { readonly kind: "lent"; readonly fields: CheckedFields; readonly frame: LentFrame }
  | { readonly kind: "image"; readonly image: unknown };

/** The options that frames are checked against. */
export type FrameCheckerOptions = SizeOptions & Pick<SessionOptions, "color" | "chunk">;

/** What pixels are like, and when they are shown. */
export interface PlacedFrame {
  readonly layout: FrameLayout;
  readonly stamp: FrameStamp;
}

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

  /** Checks a frame of a decoder in this thread: its layout and its time. */
  checkDecoded(fields: CheckedFields, options: FrameOptions): PlacedFrame {
    return { layout: this.#layoutOf(fields), stamp: this.#clock.check(options, 0) };
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
    if (picture.kind !== "image") return this.acceptDecoded({ layout: picture.layout, stamp });
    this.#size = decoded;
    this.#clock.accept(stamp);
  }

  /** The same for a frame without an image file. */
  acceptDecoded({ layout, stamp }: PlacedFrame): void {
    const { width, height } = this.#layout = layout;
    this.#size ??= { width: this.#options.width ?? width, height: this.#options.height ?? height };
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
