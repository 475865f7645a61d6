/**
 * Pictures of other sizes than the video's: scaled to it.
 *
 * @module
 */
import { address, type Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { isScalerInput, isScalerOutput, Scaler, type ScalerSide } from "../libav/conversion/scaler.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import { NativeFramePool } from "../libav/conversion/native_frame_pool.ts";
import { pixelFormatByName, type PixelFormatInfo, pixelFormats } from "../libav/pixel_format.ts";
import type { Size } from "../size.ts";
import { scalerMatrix } from "./color.ts";
import type { Converter } from "./conversion/converter.ts";
import { createConverter } from "./conversion/create_converter.ts";
import { copyPixels, frameLayout, type PictureShape, type Pixels, type Place } from "./pixels.ts";
import type { FrameLayout } from "./raw_frame.ts";

/**
 * How a picture of another size is resized: `"contain"` shows all of it between black bars, `"cover"` fills
 * the video and crops the rest, `"fill"` stretches it.
 */
export type ResizeMode = "contain" | "cover" | "fill";

/** AVCOL_RANGE_*, libavutil/pixfmt.h. */
const colorRange = { tv: 1, pc: 2 } as const;

/** Which part of a picture goes where. */
export interface Geometry {
  /** The part of the picture that is scaled. */
  readonly source: Size & Place;
  /** Where in the video it goes. Parts beyond the video are cropped. */
  readonly target: Size & Place;
}

/** A part of a side: start and length. */
interface Span {
  readonly start: number;
  readonly length: number;
}

/** The span of a picture between bars: the multiple of the pixel step nearest to a length, centered. */
function between(length: number, side: number, step: number): Span {
  const part = Math.min(side, Math.max(1, Math.round(length / step)) * step);
  return { start: Math.round((side - part) / 2 / step) * step, length: part };
}

/**
 * The span of a picture's side that fills a video's, in multiples of the pixel step, and its position, which
 * may be outside the video.
 */
function across(
  side: number,
  videoSide: number,
  scale: number,
  step: number,
): { source: Span; target: Span } {
  const half = videoSide / scale / 2;
  const start = Math.floor((side / 2 - half) / step) * step;
  const length = Math.min(side, Math.ceil((side / 2 + half) / step) * step) - start;
  const scaled = Math.max(videoSide, Math.round(length * scale));
  const middle = (side / 2 - start) * scaled / length;
  const before = Math.round((middle - videoSide / 2) / step) * step;
  const most = Math.floor((scaled - videoSide) / step) * step;
  return {
    source: { start, length },
    target: { start: 0 - Math.min(Math.max(before, 0), most), length: scaled },
  };
}

function area({ start: x, length: width }: Span, { start: y, length: height }: Span): Size & Place {
  return { x, y, width, height };
}

const all = (length: number): Span => ({ start: 0, length });

/**
 * The placement of a picture in a video. Positions and inner sizes are multiples of a pixel step, for pixels
 * that share chroma.
 */
export function geometryOf(mode: ResizeMode, picture: Size, video: Size, step: Place): Geometry {
  const [wider, higher] = [video.width / picture.width, video.height / picture.height];
  const whole = {
    source: area(all(picture.width), all(picture.height)),
    target: area(all(video.width), all(video.height)),
  };
  if (mode === "fill" || wider === higher) return whole;
  if (mode === "contain") {
    return wider < higher
      ? { ...whole, target: area(all(video.width), between(picture.height * wider, video.height, step.y)) }
      : { ...whole, target: area(between(picture.width * higher, video.width, step.x), all(video.height)) };
  }
  if (wider > higher) {
    const { source, target } = across(picture.height, video.height, wider, step.y);
    return { source: area(all(picture.width), source), target: area(all(video.width), target) };
  }
  const { source, target } = across(picture.width, video.width, higher, step.x);
  return { source: area(source, all(picture.height)), target: area(target, all(video.height)) };
}

/**
 * The format in which pictures are scaled: their own if libswscale handles it well, otherwise one that holds
 * all of it.
 */
function scaledFormat(native: Native, format: PixelFormatInfo): PixelFormatInfo {
  const { isGray, isPalette, hasAlpha, depth, name } = format;
  // libavutil's black is half transparent for gray with alpha, and green for XYZ.
  const hasBlack = !name.startsWith("xyz") && !(isGray && hasAlpha);
  if (isScalerOutput(native, format) && hasBlack && !isPalette && depth >= 8) return format;
  const isDeep = depth > 8;
  const held = isGray && !hasAlpha
    ? "gray"
    : hasAlpha
    ? isDeep ? "rgba64le" : "rgba"
    : isDeep
    ? "rgb48le"
    : "rgb24";
  return pixelFormatByName(native, held)!;
}

/** The same format without chroma subsampling, if it has any and libswscale supports it. */
function withOwnChroma(native: Native, format: PixelFormatInfo): PixelFormatInfo {
  if (format.log2ChromaWidth === 0 && format.log2ChromaHeight === 0) return format;
  const twin = pixelFormats(native).find((candidate) =>
    !candidate.isHardware && !candidate.isRgb && !candidate.isGray && !candidate.isFloat &&
    candidate.hasAlpha === format.hasAlpha && candidate.planeCount === candidate.depths.length &&
    candidate.log2ChromaWidth === 0 && candidate.log2ChromaHeight === 0 &&
    candidate.depth === format.depth && candidate.name.startsWith("yuv") && !candidate.name.endsWith("be") &&
    isScalerInput(native, candidate) && isScalerOutput(native, candidate)
  );
  return twin ?? format;
}

/** Whether sides are multiples of the chroma step: libswscale stretches chroma otherwise. */
function isWhole({ width, height }: Size, { log2ChromaWidth, log2ChromaHeight }: PixelFormatInfo): boolean {
  return width % (1 << log2ChromaWidth) === 0 && height % (1 << log2ChromaHeight) === 0;
}

/** Scales pictures of one shape to one size. The returned frame is valid until the next call. */
export class Resizer implements Disposable {
  readonly #native: Native;
  readonly #geometry: Geometry;
  /** Removes chroma subsampling first; `null` where that is not needed. */
  readonly #converter: Converter | null;
  /** The visible part of the picture. */
  readonly #part: FrameLayout;
  /** The size of that part in the video. */
  readonly #inner: FrameLayout;
  /** The position of the video in it. */
  readonly #begin: Place;
  /** The part of it inside the video. */
  readonly #seen: FrameLayout;
  readonly #staging: NativeFrame;
  readonly #scaler: Scaler;
  readonly #scaled: NativeFrame;
  readonly #pool: NativeFramePool | null;
  /** The output. */
  readonly shape: PictureShape;

  /** For pictures of a shape, to a width and height. */
  constructor(native: Native, from: PictureShape, width: number, height: number, mode: ResizeMode) {
    const { layout: picture, meaning } = from;
    const video = { width, height };
    const isEven = isWhole(picture, picture.format) && isWhole(video, picture.format);
    const format = isEven ? picture.format : withOwnChroma(native, picture.format);
    const made = scaledFormat(native, format);
    this.#native = native;
    this.shape = { layout: frameLayout(made, width, height), meaning };
    this.#geometry = geometryOf(mode, picture, video, stepOf(format, made));
    const { source, target } = this.#geometry;
    this.#part = frameLayout(format, source.width, source.height);
    this.#inner = frameLayout(made, target.width, target.height);
    this.#begin = { x: Math.max(0, -target.x), y: Math.max(0, -target.y) };
    this.#seen = frameLayout(made, Math.min(width, target.width), Math.min(height, target.height));
    const side = ({ format, width, height }: FrameLayout): ScalerSide => ({
      format,
      width,
      height,
      matrix: scalerMatrix(meaning),
      isFullRange: meaning.range === "pc",
    });
    using owned = new DisposableStack();
    this.#scaler = owned.use(new Scaler(native, side(this.#part), side(this.#inner)));
    this.#converter = format.id === picture.format.id ? null : createConverter(native, from, {
      format,
      width: picture.width,
      height: picture.height,
      color: meaning,
    });
    owned.move();
    this.#staging = new NativeFrame(native);
    this.#scaled = new NativeFrame(native);
    const isAll = target.width === width && target.height === height;
    this.#pool = isAll ? null : NativeFramePool.of(native, made, video);
  }

  /** Scales one picture. */
  convert(pixels: Pixels): NativeFrame {
    const { source, target } = this.#geometry;
    this.#refresh(this.#staging, this.#part);
    copyPixels(this.#native, this.#converter?.convert(pixels) ?? pixels, this.#part, this.#staging, source);
    this.#refresh(this.#scaled, this.#inner);
    this.#scaler.convert(this.#staging, this.#scaled);
    if (this.#pool === null) return this.#scaled;
    const frame = this.#pool.take();
    const hasBars = target.width < this.shape.layout.width || target.height < this.shape.layout.height;
    if (hasBars) this.#blacken(frame);
    const place = { x: Math.max(0, target.x), y: Math.max(0, target.y) };
    copyPixels(this.#native, this.#scaled, this.#seen, frame, this.#begin, place);
    return frame;
  }

  /** Makes a frame writable: the receiver of the last picture may still hold it. */
  #refresh(frame: NativeFrame, { format, width, height }: FrameLayout): void {
    if (frame.isWritable) return;
    frame.unref();
    frame.allocatePicture(format, width, height);
  }

  #blacken(frame: NativeFrame): void {
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
      `Cannot lay a ${format.name} picture between black bars: libavutil cannot fill that format`,
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
    this.#converter?.[Symbol.dispose]();
    this.#scaler[Symbol.dispose]();
  }
}

/** Pixels that share a chroma sample or a byte stay together. */
function stepOf(...formats: readonly PixelFormatInfo[]): Place {
  const most = (sideOf: (format: PixelFormatInfo) => number): number => Math.max(...formats.map(sideOf));
  return {
    x: most(({ isBitstream, log2ChromaWidth }) => (isBitstream ? 8 : 1 << log2ChromaWidth)),
    y: most(({ log2ChromaHeight }) => 1 << log2ChromaHeight),
  };
}
