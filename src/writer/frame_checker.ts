/**
 * Frames as users give them, checked before anything is done with them: what is thrown here is the caller's mistake.
 *
 * @module
 */
import { type EncodedImage, imageBytes, isEncodedImage } from "../video/encoded_image.ts";
import { defaultInputFormat, type InputFormats, requireInputFormat } from "../video/input_format.ts";
import { frameLayout } from "../video/pixels.ts";
import {
  checkShape,
  type FrameLayout,
  type PixelFormat,
  type PlaneView,
  type RawFrame,
  viewPlanes,
} from "../video/raw_frame.ts";
import type { FrameClock, FrameStamp, FrameTiming } from "./frame_clock.ts";
import type { CheckedOptions } from "./options.ts";
import type { Frame } from "./session_types.ts";

/** What a checked frame shows: planes of pixels, or the bytes of an image file. */
export type CheckedPicture =
  | { readonly kind: "raw"; readonly layout: FrameLayout; readonly planes: readonly PlaneView[] }
  | { readonly kind: "image"; readonly bytes: Uint8Array };

/** A frame that was checked, on its way to the engine. */
export interface CheckedFrame {
  readonly picture: CheckedPicture;
  readonly stamp: FrameStamp;
}

/** A width and a height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

type SizeOptions = Pick<CheckedOptions, "width" | "height" | "resize">;

/** Throws a `RangeError` where a frame is not of the video's size (`null`: it is the first), and may not be made so. */
export function requireFit({ width, height }: Size, video: Size | null, options: SizeOptions): void {
  const expected = video ?? { width: options.width ?? width, height: options.height ?? height };
  const { resize = "error" } = options;
  if (resize !== "error" || expected.width === width && expected.height === height) return;
  throw new RangeError(
    `Cannot write a ${width}x${height} frame: this video is ${expected.width}x${expected.height}; scale the frame first, or use resize "contain", "cover" or "fill"`,
  );
}

/** Checks the frames of one video. */
export class FrameChecker {
  readonly #formats: InputFormats;
  readonly #options: SizeOptions;
  readonly #clock: FrameClock;
  /** What raw frames are like since the first. */
  #layout: FrameLayout | null = null;
  /** The video's size, once there is a frame. */
  #size: Size | null = null;

  /** For a video with these options; the clock gives frames their times. */
  constructor(formats: InputFormats, options: SizeOptions, clock: FrameClock) {
    this.#formats = formats;
    this.#options = options;
    this.#clock = clock;
  }

  /** Checks one frame, given at `nowMs`, which changes nothing. */
  check(frame: Frame, timing: FrameTiming | undefined, nowMs: number): CheckedFrame {
    const picture = isEncodedImage(frame) ? viewImage(frame) : this.#view(frame);
    return { picture, stamp: this.#clock.check(timing, nowMs) };
  }

  /** The layout of a frame of this size and format, if it may be written. */
  layoutOf(width: number, height: number, format: PixelFormat | undefined): FrameLayout {
    return this.#layoutOf(checkShape({ data: [], width, height, format }));
  }

  /** Counts a frame that was taken: those after it are to be like it, and of the video's size, which an image tells only once it is decoded. */
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

  #layoutOf({ width, height, format = defaultInputFormat }: RawFrame): FrameLayout {
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
  return { kind: "image", bytes: imageBytes(frame.image) };
}
