/**
 * Pictures of other sizes than the video's: scaled to it.
 *
 * @module
 */
import { address, type Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { Frame, FramePool } from "../libav/frame.ts";
import { pixelFormatByName, type PixelFormatInfo } from "../libav/pixel_format.ts";
import { isScalerOutput, Scaler, type ScalerSide } from "../libav/scaler.ts";
import { scalerMatrix } from "./color.ts";
import { copyPixels, frameLayout, type PictureShape, type Pixels, type Place } from "./pixels.ts";
import type { FrameLayout } from "./raw_frame.ts";

/**
 * What becomes of a picture whose size is not the video's: `"contain"` keeps all of it between black bars, `"cover"` fills the
 * video and leaves out what goes beyond it, `"fill"` stretches it.
 */
export type ResizeMode = "contain" | "cover" | "fill";

/** AVCOL_RANGE_*, libavutil/pixfmt.h. */
const colorRange = { tv: 1, pc: 2 } as const;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where a picture is cut, and where it goes. */
export interface Geometry {
  /** The part of the picture that is shown. */
  readonly source: Size & Place;
  /** The part of the video that it fills. */
  readonly target: Size & Place;
}

/** The part of a length that is centred in it, in steps of so many pixels. */
function centred(length: number, part: number, step: number): number {
  return Math.floor((length - part) / 2 / step) * step;
}

/** A length in whole steps, at least one step, but never more than there is. */
function stepped(length: number, most: number, step: number): number {
  return Math.min(most, Math.max(1, Math.round(length / step)) * step);
}

/** How a picture is laid into a video. Places and inner sizes are whole steps of pixels, for chroma that pixels share. */
export function geometryOf(mode: ResizeMode, picture: Size, video: Size, step: Place): Geometry {
  const whole = { source: { ...picture, x: 0, y: 0 }, target: { ...video, x: 0, y: 0 } };
  const across = video.width / picture.width;
  const down = video.height / picture.height;
  if (mode === "fill") return whole;
  if (mode === "contain") {
    const scale = Math.min(across, down);
    const width = across === scale ? video.width : stepped(picture.width * scale, video.width, step.x);
    const height = down === scale ? video.height : stepped(picture.height * scale, video.height, step.y);
    const x = centred(video.width, width, step.x);
    const y = centred(video.height, height, step.y);
    return { ...whole, target: { width, height, x, y } };
  }
  const scale = Math.max(across, down);
  const width = across === scale ? picture.width : stepped(video.width / scale, picture.width, step.x);
  const height = down === scale ? picture.height : stepped(video.height / scale, picture.height, step.y);
  const x = centred(picture.width, width, step.x);
  const y = centred(picture.height, height, step.y);
  return { ...whole, source: { width, height, x, y } };
}

/** The format that pictures are scaled in: their own where libswscale makes it well, else RGB that holds all of it. */
function scaledFormat(native: Native, format: PixelFormatInfo): PixelFormatInfo {
  if (isScalerOutput(native, format) && !format.isPalette && format.depth >= 8) return format;
  const kind = format.hasAlpha ? "rgba" : "rgb";
  return pixelFormatByName(
    native,
    format.depth > 8 ? `${kind === "rgb" ? "rgb48" : "rgba64"}le` : kind === "rgb" ? "rgb24" : "rgba",
  )!;
}

/** Scales pictures of one shape to one size. The frame that comes out is valid until the next call. */
export class Resizer implements Disposable {
  readonly #native: Native;
  readonly #geometry: Geometry;
  /** The part of the picture that is shown. */
  readonly #part: FrameLayout;
  /** What that part becomes. */
  readonly #inner: FrameLayout;
  readonly #staging: Frame;
  readonly #scaler: Scaler;
  readonly #scaled: Frame;
  readonly #pool: FramePool | null;
  /** What comes out. */
  readonly shape: PictureShape;

  /** For pictures of a shape, to a width and height. */
  constructor(native: Native, from: PictureShape, width: number, height: number, mode: ResizeMode) {
    this.#native = native;
    const { format } = from.layout;
    const made = scaledFormat(native, format);
    this.shape = { layout: frameLayout(made, width, height), meaning: from.meaning };
    this.#geometry = geometryOf(mode, from.layout, { width, height }, stepOf(format, made));
    const { source, target } = this.#geometry;
    this.#part = frameLayout(format, source.width, source.height);
    this.#inner = frameLayout(made, target.width, target.height);
    const side = ({ format, width, height }: FrameLayout): ScalerSide => ({
      format,
      width,
      height,
      matrix: scalerMatrix(from.meaning),
      isFullRange: from.meaning.range === "pc",
    });
    this.#scaler = new Scaler(native, side(this.#part), side(this.#inner));
    this.#staging = new Frame(native);
    this.#staging.allocatePicture(format, source.width, source.height);
    this.#scaled = new Frame(native);
    const hasBars = target.width < width || target.height < height;
    this.#pool = hasBars ? new FramePool(native, made, { width, height }) : null;
  }

  /** Scales one picture. */
  convert(pixels: Pixels): Frame {
    const { source, target } = this.#geometry;
    copyPixels(this.#native, pixels, this.#part, this.#staging, source);
    // Whoever got the last one may still hold it.
    if (!this.#scaled.isWritable) {
      this.#scaled.unref();
      this.#scaled.allocatePicture(this.#inner.format, target.width, target.height);
    }
    this.#scaler.convert(this.#staging, this.#scaled);
    if (this.#pool === null) return this.#scaled;
    const frame = this.#pool.take();
    this.#blacken(frame);
    copyPixels(this.#native, this.#scaled, this.#inner, frame, undefined, target);
    return frame;
  }

  #blacken(frame: Frame): void {
    const { format, width, height, planes } = this.shape.layout;
    const strides = new BigInt64Array(4);
    for (const index of planes.keys()) strides[index] = BigInt(frame.stride(index));
    const range = colorRange[this.shape.meaning.range];
    const planeAddresses = address(frame.planeAddresses);
    const result = this.#native.avutil.av_image_fill_black(
      planeAddresses,
      strides,
      format.id,
      range,
      width,
      height,
    );
    if (result >= 0) return;
    throw new UnsupportedError(
      `Cannot lay a ${format.name} picture between black bars: libavutil can't fill that format`,
      {
        code: "PIXEL_FORMAT",
        operation: "resize a frame",
        hint: 'Use resize "cover" or "fill", or another pixel format',
      },
    );
  }

  /** Frees all frames. */
  [Symbol.dispose](): void {
    this.#pool?.[Symbol.dispose]();
    this.#scaled[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#scaler[Symbol.dispose]();
  }
}

/** Pixels that share a chroma sample, a colour filter's pattern or a byte stay together. */
function stepOf(...formats: readonly PixelFormatInfo[]): Place {
  const most = (sideOf: (format: PixelFormatInfo) => number): number => Math.max(...formats.map(sideOf));
  return {
    x: most(({ depth, log2ChromaWidth, isBayer }) => depth < 8 ? 8 : isBayer ? 2 : 1 << log2ChromaWidth),
    y: most(({ log2ChromaHeight, isBayer }) => (isBayer ? 2 : 1 << log2ChromaHeight)),
  };
}
