/**
 * From a picture as it comes in to a frame as the encoder takes it.
 *
 * @module
 */
import { type Address, address, type Native } from "../../ffi/mod.ts";
import { FilterGraph } from "../libav/filter_graph.ts";
import { Frame, FramePool } from "../libav/frame.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { Scaler } from "../libav/scaler.ts";
import { type PixelMeaning, scalerMatrix } from "./color.ts";
import { copyPixels, frameLayout, type PictureShape, type Pixels, Staging } from "./pixels.ts";
import type { FrameLayout, PlaneView } from "./raw_frame.ts";
import { Unpacker } from "./unpacker.ts";

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
  const visible = frameLayout(native, format, Math.min(width, target.width), Math.min(height, target.height));
  if (format.id !== target.format.id && Unpacker.isNeeded(native, format)) {
    return new UnpackingConverter(native, { ...shape, layout: visible }, target);
  }
  if (target.format.isPalette && !format.isPalette) return new PaletteConverter(native, visible);
  const output = new OutputFrames(native, visible, target);
  const isSameMeaning = format.isRgb || format.isGray && target.format.isGray ||
    shape.meaning.matrix === target.color.matrix && shape.meaning.range === target.color.range;
  if (format.id === target.format.id && isSameMeaning) return new CopyConverter(native, visible, output);
  if (target.format.name === "gbrap" && Object.hasOwn(planesOfPacked, format.name)) {
    return new SplittingConverter(native, visible, target.format, output);
  }
  return new ScalingConverter(native, visible, shape.meaning, target, output);
}

/** Frames for the encoder: used again once it has let go of them, and with the last column and row repeated where they are larger. */
class OutputFrames implements Disposable {
  readonly #native: Native;
  readonly #pool: FramePool;
  readonly #picture: FrameLayout;
  readonly #frame: FrameLayout;
  /** Whether the frames are as large as the picture. */
  readonly isExact: boolean;

  constructor(native: Native, visible: FrameLayout, { format, width, height }: ConverterTarget) {
    this.#native = native;
    this.#pool = new FramePool(native, format, width, height);
    this.#picture = frameLayout(native, format, visible.width, visible.height);
    this.#frame = frameLayout(native, format, width, height);
    this.isExact = visible.width === width && visible.height === height;
  }

  /** A frame that may be written over. */
  take(): Frame {
    return this.#pool.take();
  }

  /** Repeats the last column and row of the picture in a frame that is larger; returns the frame. */
  finish(frame: Frame): Frame {
    if (this.isExact) return frame;
    const { memory } = this.#native;
    for (const [index, padded] of this.#frame.planes.entries()) {
      const { rowBytes, rows } = this.#picture.planes[index]!;
      const pixelBytes = padded.rowBytes - rowBytes;
      const stride = frame.stride(index);
      const start = frame.planeAddress(index);
      const at = (offset: number): Address => address(start + BigInt(offset));
      if (pixelBytes > 0) {
        memory.copyRows(at(rowBytes), stride, at(rowBytes - pixelBytes), stride, pixelBytes, rows);
      }
      if (padded.rows > rows) {
        memory.copyRows(at(rows * stride), stride, at((rows - 1) * stride), stride, padded.rowBytes, 1);
      }
    }
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
    this.#unpacker = new Unpacker(native, source);
    this.#converter = createConverter(native, this.#unpacker.shape, target);
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
    if (pixels instanceof Frame && this.#output.isExact && this.#isAsLarge(pixels)) return pixels;
    const frame = this.#output.take();
    copyPixels(this.#native, pixels, this.#source, frame);
    return this.#output.finish(frame);
  }

  #isAsLarge(frame: Frame): boolean {
    const { width, height } = frame.shape;
    return width === this.#source.width && height === this.#source.height;
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}

/** Another format: libswscale. */
class ScalingConverter implements Converter {
  readonly #staging: Staging;
  readonly #scaler: Scaler;
  readonly #output: OutputFrames;

  constructor(
    native: Native,
    { format, width, height, ...rest }: FrameLayout,
    meaning: PixelMeaning,
    target: ConverterTarget,
    output: OutputFrames,
  ) {
    const toColor = target.format.isRgb ? meaning : target.color;
    this.#scaler = new Scaler(
      native,
      { format, width, height, matrix: scalerMatrix(meaning), isFullRange: meaning.range === "pc" },
      {
        format: target.format,
        width,
        height,
        matrix: scalerMatrix(toColor),
        isFullRange: target.color.range === "pc",
      },
    );
    this.#staging = new Staging(native, { format, width, height, ...rest });
    this.#output = output;
  }

  convert(pixels: Pixels): Frame {
    const frame = this.#output.take();
    this.#scaler.convert(this.#staging.stage(pixels), frame);
    return this.#output.finish(frame);
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#scaler[Symbol.dispose]();
  }
}

/** For each packed format with alpha, the bytes of a pixel that go to the planes of gbrap: green, blue, red, alpha. */
const planesOfPacked: Readonly<Record<string, readonly [number, number, number, number]>> = {
  rgba: [1, 2, 0, 3],
  bgra: [1, 0, 2, 3],
  argb: [2, 3, 1, 0],
  abgr: [2, 1, 3, 0],
};

/** Splits packed pixels into planes: libswscale (5.1 at least) changes half of the alpha values by one on this way. */
class SplittingConverter implements Converter {
  readonly #native: Native;
  readonly #source: FrameLayout;
  readonly #planes: FrameLayout;
  readonly #order: readonly number[];
  readonly #plane: Uint8Array<ArrayBuffer>;
  readonly #output: OutputFrames;

  constructor(native: Native, source: FrameLayout, format: PixelFormatInfo, output: OutputFrames) {
    this.#native = native;
    this.#source = source;
    this.#planes = frameLayout(native, format, source.width, source.height);
    this.#order = planesOfPacked[source.format.name]!;
    this.#plane = new Uint8Array(source.width * source.height);
    this.#output = output;
  }

  convert(pixels: Pixels): Frame {
    const frame = this.#output.take();
    const packed = pixels instanceof Frame ? this.#bytesOf(pixels) : pixels[0]!;
    for (const [index, { rowBytes, rows }] of this.#planes.planes.entries()) {
      this.#split(packed, this.#order[index]!);
      this.#native.memory.writeRows(
        frame.planeAddress(index),
        frame.stride(index),
        this.#plane,
        rowBytes,
        rowBytes,
        rows,
      );
    }
    return this.#output.finish(frame);
  }

  #bytesOf(frame: Frame): PlaneView {
    const { rowBytes, rows } = this.#source.planes[0]!;
    const bytes = new Uint8Array(rowBytes * rows);
    this.#native.memory.readRows(bytes, frame.planeAddress(0), frame.stride(0), rowBytes, rows);
    return { bytes, stride: rowBytes };
  }

  #split({ bytes, stride }: PlaneView, offset: number): void {
    const { width, height } = this.#source;
    const plane = this.#plane;
    for (let y = 0, to = 0; y < height; y++) {
      for (let from = y * stride + offset, end = y * stride + width * 4; from < end; from += 4) {
        plane[to++] = bytes[from]!;
      }
    }
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
  readonly #output: Frame;
  #count = 0n;

  constructor(native: Native, source: FrameLayout) {
    const { format, width, height } = source;
    const timeBase = { num: 1, den: 1 };
    this.#graph = new FilterGraph(native, paletteFilters, { format, width, height, timeBase });
    this.#staging = new Staging(native, source);
    this.#output = new Frame(native);
  }

  convert(pixels: Pixels): Frame {
    const staged = this.#staging.stage(pixels);
    staged.stamp(this.#count++, false, 0);
    this.#graph.send(staged);
    this.#output.unref();
    if (!this.#graph.receive(this.#output)) throw new Error("The palette filters held a frame back");
    return this.#output;
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#graph[Symbol.dispose]();
  }
}
