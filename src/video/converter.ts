/**
 * From a picture as it comes in to a frame as the encoder takes it.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { FilterGraph } from "../libav/filter_graph.ts";
import { Frame, FramePool } from "../libav/frame.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { Scaler } from "../libav/scaler.ts";
import { type PixelMeaning, scalerMatrix } from "./color.ts";
import { KernelConverter } from "./kernel_converter.ts";
import { copyPixels, frameLayout, type PictureShape, type Pixels, repeatEdges, Staging } from "./pixels.ts";
import type { FrameLayout, PlaneView } from "./raw_frame.ts";
import { DeepRgb, Unpacker } from "./unpacker.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What the encoder takes. */
export interface ConverterTarget {
  /** Its pixel format. */
  readonly format: PixelFormatInfo;
  /** Width: that of the picture, one pixel more (the edge is repeated there), or one less (it is left out). */
  readonly width: number;
  /** Height, likewise. */
  readonly height: number;
  /** What its numbers mean. */
  readonly color: PixelMeaning;
}

/** Converts pictures of one shape. The frame that comes out is valid until the next call. */
export interface Converter extends Disposable {
  /** Converts one picture. */
  convert(pixels: Pixels): Frame;
}

/** The converter from a shape to what an encoder takes: a copy where nothing differs. */
export function createConverter(native: Native, shape: PictureShape, target: ConverterTarget): Converter {
  const { format, width, height } = shape.layout;
  // An odd column or row that is cropped is left out from the start.
  const visible = frameLayout(format, Math.min(width, target.width), Math.min(height, target.height));
  if (format.id !== target.format.id && Unpacker.isNeeded(native, format, visible.width)) {
    return new UnpackingConverter(native, { ...shape, layout: visible }, target);
  }
  if (target.format.isPalette && !format.isPalette) return new PaletteConverter(native, visible, target);
  const isSameMeaning = format.isRgb || format.isPalette || format.isGray && target.format.isGray ||
    scalerMatrix(shape.meaning) === scalerMatrix(target.color) && shape.meaning.range === target.color.range;
  if (format.id === target.format.id && isSameMeaning) {
    return new CopyConverter(native, visible, new OutputFrames(native, visible, target));
  }
  if (target.format.name === "gbrap" && Object.hasOwn(planesOfPacked, format.name)) {
    return new SplittingConverter(native, visible, new OutputFrames(native, visible, target));
  }
  return KernelConverter.exists(visible, shape.meaning, target)
    ? new KernelConverter(native, visible, target)
    : new ScalingConverter(native, visible, shape.meaning, target);
}

/** Frames for the encoder: used again once it has let go of them, and with the last column and row repeated where they are larger. */
class OutputFrames implements Disposable {
  readonly #native: Native;
  readonly #pool: FramePool;
  readonly #picture: FrameLayout;
  readonly #frame: FrameLayout;
  /** Whether the frames are as large as the picture. */
  readonly isExact: boolean;

  /** `picture` is as large as what will be put into the frames; it may be a pixel larger than they show. */
  constructor(native: Native, picture: Size, { format, width, height }: ConverterTarget) {
    this.#native = native;
    const room = { width: Math.max(width, picture.width), height: Math.max(height, picture.height) };
    this.#pool = FramePool.of(native, format, { width, height }, room);
    this.#picture = frameLayout(format, picture.width, picture.height);
    this.#frame = frameLayout(format, width, height);
    this.isExact = picture.width >= width && picture.height >= height;
  }

  /** A frame that may be written over. */
  take(): Frame {
    return this.#pool.take();
  }

  /** Repeats the last column and row of the picture in a frame that is larger; returns the frame. */
  finish(frame: Frame): Frame {
    if (!this.isExact) repeatEdges(this.#native, frame, this.#picture, this.#frame);
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}

/** A format that libswscale does not read, laid out anew first. */
class UnpackingConverter implements Converter {
  readonly #unpacker: Unpacker;
  readonly #converter: Converter;

  constructor(native: Native, source: PictureShape, target: ConverterTarget) {
    using owned = new DisposableStack();
    this.#unpacker = owned.use(new Unpacker(native, source));
    this.#converter = createConverter(native, this.#unpacker.shape, target);
    owned.move();
  }

  convert(pixels: Pixels): Frame {
    return this.#converter.convert(this.#unpacker.convert(pixels));
  }

  [Symbol.dispose](): void {
    this.#converter[Symbol.dispose]();
    this.#unpacker[Symbol.dispose]();
  }
}

/** Same format and meaning: one copy, straight into the encoder's frame; none where a native frame is just what it takes. */
class CopyConverter implements Converter {
  readonly #native: Native;
  readonly #source: FrameLayout;
  readonly #output: OutputFrames;

  constructor(native: Native, source: FrameLayout, output: OutputFrames) {
    this.#native = native;
    this.#source = source;
    this.#output = output;
  }

  convert(pixels: Pixels): Frame {
    if (pixels instanceof Frame && this.#output.isExact && this.#isPassedOn(pixels)) return pixels;
    const frame = this.#output.take();
    copyPixels(this.#native, pixels, this.#source, frame);
    return this.#output.finish(frame);
  }

  #isPassedOn(frame: Frame): boolean {
    const { width, height } = frame.shape;
    const { format } = this.#source;
    // libavcodec's GIF encoder keeps a buffer for rows as long in memory as the first frame's, and writes beyond it where they grow.
    return !format.isPalette && width === this.#source.width && height === this.#source.height;
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}

/** The sides of a picture in whole chroma samples of a format. */
function wholeChroma({ width, height }: Size, { log2ChromaWidth, log2ChromaHeight }: PixelFormatInfo): Size {
  const whole = (side: number, shift: number): number => Math.ceil(side / (1 << shift)) << shift;
  return { width: whole(width, log2ChromaWidth), height: whole(height, log2ChromaHeight) };
}

/**
 * Another format: libswscale.
 *
 * It gets pictures in whole chroma samples of both formats, the last column and row repeated: of an odd width it would stretch the chroma of all of
 * the picture to one sample more than it has pairs of pixels.
 */
class ScalingConverter implements Converter {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  readonly #padded: FrameLayout;
  readonly #staging: Frame;
  readonly #scaler: Scaler;
  readonly #output: OutputFrames;
  readonly #alpha: AlphaPlane | null;
  readonly #deepRgb: DeepRgb | null;

  constructor(native: Native, given: FrameLayout, meaning: PixelMeaning, target: ConverterTarget) {
    using owned = new DisposableStack();
    this.#deepRgb = DeepRgb.isNeeded(given.format, target.format)
      ? owned.use(new DeepRgb(native, given))
      : null;
    const picture = this.#deepRgb?.layout ?? given;
    this.#native = native;
    this.#picture = picture;
    const { format } = picture;
    const { width, height } = wholeChroma(wholeChroma(picture, format), target.format);
    this.#padded = frameLayout(format, width, height);
    const toColor = target.format.isRgb ? meaning : target.color;
    const isFullRange = (range: string): boolean => range === "pc";
    this.#scaler = new Scaler(
      native,
      { format, width, height, matrix: scalerMatrix(meaning), isFullRange: isFullRange(meaning.range) },
      {
        format: target.format,
        width,
        height,
        matrix: scalerMatrix(toColor),
        isFullRange: isFullRange(target.color.range),
      },
    );
    this.#staging = new Frame(native);
    this.#output = new OutputFrames(native, { width, height }, target);
    this.#alpha = AlphaPlane.isNeeded(format, target.format) ? new AlphaPlane(native, picture) : null;
    owned.move();
  }

  convert(pixels: Pixels): Frame {
    const frame = this.#output.take();
    const staged = this.#stage(this.#deepRgb?.convert(pixels) ?? pixels);
    this.#scaler.convert(staged, frame);
    this.#alpha?.copy(staged, frame);
    return this.#output.finish(frame);
  }

  #stage(pixels: Pixels): Frame {
    const { format, width, height } = this.#padded;
    const isPadded = width > this.#picture.width || height > this.#picture.height;
    if (pixels instanceof Frame && !isPadded) return pixels;
    if (!this.#staging.isWritable) {
      this.#staging.unref();
      this.#staging.allocatePicture(format, width, height);
    }
    copyPixels(this.#native, pixels, this.#picture, this.#staging);
    if (isPadded) repeatEdges(this.#native, this.#staging, this.#picture, this.#padded);
    return this.#staging;
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#scaler[Symbol.dispose]();
    this.#deepRgb?.[Symbol.dispose]();
  }
}

/** For each packed format with alpha, the bytes of a pixel that go to the planes of gbrap: green, blue, red, alpha. */
const planesOfPacked: Readonly<Record<string, readonly [number, number, number, number]>> = {
  rgba: [1, 2, 0, 3],
  bgra: [1, 0, 2, 3],
  argb: [2, 3, 1, 0],
  abgr: [2, 1, 3, 0],
};

/** One component of packed pixels of four bytes, as a plane. */
class PackedComponents {
  readonly #native: Native;
  readonly #packed: FrameLayout;
  readonly #plane: Uint8Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(native: Native, packed: FrameLayout) {
    this.#native = native;
    this.#packed = packed;
    this.#plane = new Uint8Array(packed.width * packed.height);
    this.#bytes = new Uint8Array(packed.planes[0]!.rowBytes * packed.height);
  }

  /** The pixels of a picture; those of a native one are copied. */
  view(pixels: Pixels): PlaneView {
    if (!(pixels instanceof Frame)) return pixels[0]!;
    const { rowBytes, rows } = this.#packed.planes[0]!;
    this.#native.memory.readRows(this.#bytes, pixels.planeAddress(0), pixels.stride(0), rowBytes, rows);
    return { bytes: this.#bytes, stride: rowBytes };
  }

  /** Copies the component that is so many bytes into each pixel into a plane of a frame. */
  copy({ bytes, stride }: PlaneView, offset: number, frame: Frame, index: number): void {
    const { width, height } = this.#packed;
    const plane = this.#plane;
    for (let y = 0, to = 0; y < height; y++) {
      for (let from = y * stride + offset, end = y * stride + width * 4; from < end; from += 4) {
        plane[to++] = bytes[from]!;
      }
    }
    this.#native.memory.writeRows(
      frame.planeAddress(index),
      frame.stride(index),
      plane,
      width,
      width,
      height,
    );
  }
}

/** Alpha on its way into a plane of its own, which libswscale (5.1 at least) changes by one in half of all values. */
class AlphaPlane {
  readonly #components: PackedComponents;
  readonly #offset: number;

  static isNeeded(from: PixelFormatInfo, to: PixelFormatInfo): boolean {
    return Object.hasOwn(planesOfPacked, from.name) && to.hasAlpha && to.planeCount === 4 && to.depth === 8;
  }

  constructor(native: Native, packed: FrameLayout) {
    this.#components = new PackedComponents(native, packed);
    this.#offset = planesOfPacked[packed.format.name]![3];
  }

  copy(pixels: Frame, frame: Frame): void {
    this.#components.copy(this.#components.view(pixels), this.#offset, frame, 3);
  }
}

/** Packed pixels into planes of the same components, which libswscale does no better with green, blue, red and alpha. */
class SplittingConverter implements Converter {
  readonly #components: PackedComponents;
  readonly #order: readonly number[];
  readonly #output: OutputFrames;

  constructor(native: Native, picture: FrameLayout, output: OutputFrames) {
    this.#components = new PackedComponents(native, picture);
    this.#order = planesOfPacked[picture.format.name]!;
    this.#output = output;
  }

  convert(pixels: Pixels): Frame {
    const frame = this.#output.take();
    const packed = this.#components.view(pixels);
    for (const [index, offset] of this.#order.entries()) this.#components.copy(packed, offset, frame, index);
    return this.#output.finish(frame);
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}

/** The filters that give each frame a palette of its own. */
export const paletteFilters =
  "split[picture][sample];[sample]palettegen=stats_mode=single[palette];[picture][palette]paletteuse=new=1:dither=none";

/** 256 colours chosen for each frame, which is what keeps a GIF of real footage near its source. */
class PaletteConverter implements Converter {
  readonly #staging: Staging;
  readonly #graph: FilterGraph;
  readonly #filtered: Frame;
  /** Copies to frames whose rows are as long in memory as those of pictures that need no palette made. */
  readonly #copier: CopyConverter;
  #count = 0n;

  constructor(native: Native, source: FrameLayout, target: ConverterTarget) {
    const { format, width, height } = source;
    const timeBase = { num: 1, den: 1 };
    this.#graph = new FilterGraph(native, paletteFilters, { format, width, height, timeBase });
    this.#staging = new Staging(native, source);
    this.#filtered = new Frame(native);
    const picture = frameLayout(target.format, width, height);
    this.#copier = new CopyConverter(native, picture, new OutputFrames(native, picture, target));
  }

  convert(pixels: Pixels): Frame {
    const staged = this.#staging.stage(pixels);
    staged.stamp(this.#count++, false, 0);
    this.#graph.send(staged);
    this.#filtered.unref();
    if (!this.#graph.receive(this.#filtered)) throw new Error("The palette filters held a frame back");
    return this.#copier.convert(this.#filtered);
  }

  [Symbol.dispose](): void {
    this.#copier[Symbol.dispose]();
    this.#filtered[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#graph[Symbol.dispose]();
  }
}
