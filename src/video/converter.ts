/**
 * From a frame as the user gives it to one as the encoder takes it.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { FilterGraph } from "../libav/filter_graph.ts";
import { Frame, FramePool } from "../libav/frame.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { Scaler } from "../libav/scaler.ts";
import { type ColorDescription, scalerMatrix } from "./color.ts";
import type { FrameLayout, PlaneView } from "./raw_frame.ts";

/** What the encoder takes. */
export interface ConverterTarget {
  /** Its pixel format. */
  readonly format: PixelFormatInfo;
  /** Width, at most one pixel more than the source's: the edge is repeated there. */
  readonly width: number;
  /** Height, likewise. */
  readonly height: number;
  /** What its numbers mean. */
  readonly color: ColorDescription;
  /** What luma and chroma that come in mean. */
  readonly inputColor: ColorDescription;
}

/** Converts frames of one layout. The frame that comes out is valid until the next call. */
export interface Converter extends Disposable {
  /** Converts one frame. */
  convert(planes: readonly PlaneView[]): Frame;
}

/** The converter from a layout to what an encoder takes: a copy where nothing differs. */
export function createConverter(native: Native, source: FrameLayout, target: ConverterTarget): Converter {
  if (target.format.isPalette && !source.format.isPalette) return new PaletteConverter(native, source);
  if (source.format.id === target.format.id) return new CopyConverter(native, source, target);
  if (target.format.name === "gbrap" && Object.hasOwn(planesOfPacked, source.format.name)) {
    return new SplittingConverter(native, source, target);
  }
  return new ScalingConverter(native, source, target);
}

/** The planes of a frame of a format and size. */
export function frameLayout(
  native: Native,
  format: PixelFormatInfo,
  width: number,
  height: number,
): FrameLayout {
  const planes = Array.from({ length: format.planeCount }, (_, plane) => {
    // The second plane of a palette format is the palette: 256 entries of 4 bytes.
    if (format.isPalette && plane === 1) return { rowBytes: 1024, rows: 1 };
    // libavutil subsamples planes 1 and 2 (imgutils.h, av_image_get_linesize); plane 3 is alpha.
    const shift = plane === 1 || plane === 2 ? format.log2ChromaHeight : 0;
    return {
      rowBytes: native.avutil.av_image_get_linesize(format.id, width, plane),
      rows: Math.ceil(height / (1 << shift)),
    };
  });
  return { format, width, height, planes };
}

function copyIn(native: Native, planes: readonly PlaneView[], layout: FrameLayout, frame: Frame): void {
  for (const [index, { rowBytes, rows }] of layout.planes.entries()) {
    const { bytes, stride } = planes[index]!;
    native.memory.writeRows(frame.planeAddress(index), frame.stride(index), bytes, stride, rowBytes, rows);
  }
}

/** Repeats the last column and the last row of a picture where the frame is a pixel larger. */
class EdgePadder {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  readonly #frame: FrameLayout;

  constructor(native: Native, picture: FrameLayout, frame: FrameLayout) {
    this.#native = native;
    this.#picture = picture;
    this.#frame = frame;
  }

  pad(frame: Frame): void {
    const { memory } = this.#native;
    for (const [index, padded] of this.#frame.planes.entries()) {
      const { rowBytes, rows } = this.#picture.planes[index]!;
      const pixelBytes = padded.rowBytes - rowBytes;
      const stride = frame.stride(index);
      const start = frame.planeAddress(index);
      const at = (offset: number) => (start + BigInt(offset)) as typeof start;
      if (pixelBytes > 0) {
        memory.copyRows(at(rowBytes), stride, at(rowBytes - pixelBytes), stride, pixelBytes, rows);
      }
      if (padded.rows > rows) {
        memory.copyRows(at(rows * stride), stride, at((rows - 1) * stride), stride, padded.rowBytes, 1);
      }
    }
  }
}

function createPadder(native: Native, source: FrameLayout, target: ConverterTarget): EdgePadder | null {
  if (source.width === target.width && source.height === target.height) return null;
  return new EdgePadder(
    native,
    frameLayout(native, target.format, source.width, source.height),
    frameLayout(native, target.format, target.width, target.height),
  );
}

/** Same format: one copy, straight into the encoder's frame. */
class CopyConverter implements Converter {
  readonly #native: Native;
  readonly #source: FrameLayout;
  readonly #pool: FramePool;
  readonly #padder: EdgePadder | null;

  constructor(native: Native, source: FrameLayout, target: ConverterTarget) {
    this.#native = native;
    this.#source = source;
    this.#pool = new FramePool(native, target.format, target.width, target.height);
    this.#padder = createPadder(native, source, target);
  }

  convert(planes: readonly PlaneView[]): Frame {
    const frame = this.#pool.take();
    copyIn(this.#native, planes, this.#source, frame);
    this.#padder?.pad(frame);
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}

/** Another format: a copy into native memory, which libswscale reads. */
class ScalingConverter implements Converter {
  readonly #native: Native;
  readonly #source: FrameLayout;
  readonly #staging: Frame;
  readonly #scaler: Scaler;
  readonly #pool: FramePool;
  readonly #padder: EdgePadder | null;

  constructor(native: Native, source: FrameLayout, target: ConverterTarget) {
    this.#native = native;
    this.#source = source;
    const { format, color, inputColor } = target;
    this.#scaler = new Scaler(
      native,
      source.width,
      source.height,
      { format: source.format, matrix: scalerMatrix(inputColor), isFullRange: inputColor.range === "pc" },
      { format, matrix: scalerMatrix(format.isRgb ? inputColor : color), isFullRange: color.range === "pc" },
    );
    this.#staging = new Frame(native);
    this.#staging.allocatePicture(source.format, source.width, source.height);
    this.#pool = new FramePool(native, target.format, target.width, target.height);
    this.#padder = createPadder(native, source, target);
  }

  convert(planes: readonly PlaneView[]): Frame {
    copyIn(this.#native, planes, this.#source, this.#staging);
    const frame = this.#pool.take();
    this.#scaler.convert(this.#staging, frame);
    this.#padder?.pad(frame);
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
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
  readonly #pool: FramePool;
  readonly #padder: EdgePadder | null;

  constructor(native: Native, source: FrameLayout, target: ConverterTarget) {
    this.#native = native;
    this.#source = source;
    this.#planes = frameLayout(native, target.format, source.width, source.height);
    this.#order = planesOfPacked[source.format.name]!;
    this.#plane = new Uint8Array(source.width * source.height);
    this.#pool = new FramePool(native, target.format, target.width, target.height);
    this.#padder = createPadder(native, source, target);
  }

  convert([packed]: readonly PlaneView[]): Frame {
    const frame = this.#pool.take();
    for (const [index, { rowBytes, rows }] of this.#planes.planes.entries()) {
      this.#split(packed!, this.#order[index]!);
      this.#native.memory.writeRows(
        frame.planeAddress(index),
        frame.stride(index),
        this.#plane,
        rowBytes,
        rowBytes,
        rows,
      );
    }
    this.#padder?.pad(frame);
    return frame;
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
    this.#pool[Symbol.dispose]();
  }
}

/** The filters that give each frame a palette of its own. */
export const paletteFilters =
  "split[picture][sample];[sample]palettegen=stats_mode=single[palette];[picture][palette]paletteuse=new=1:dither=none";

/** 256 colours chosen for each frame, which is what keeps a GIF of real footage near its source. */
class PaletteConverter implements Converter {
  readonly #native: Native;
  readonly #source: FrameLayout;
  readonly #staging: Frame;
  readonly #graph: FilterGraph;
  readonly #output: Frame;
  #count = 0n;

  constructor(native: Native, source: FrameLayout) {
    this.#native = native;
    this.#source = source;
    const { format, width, height } = source;
    this.#graph = new FilterGraph(native, paletteFilters, {
      format,
      width,
      height,
      timeBase: { num: 1, den: 1 },
    });
    this.#staging = new Frame(native);
    this.#staging.allocatePicture(format, width, height);
    this.#output = new Frame(native);
  }

  convert(planes: readonly PlaneView[]): Frame {
    // The graph keeps a reference to what it was sent last.
    if (!this.#staging.isWritable) {
      this.#staging.unref();
      this.#staging.allocatePicture(this.#source.format, this.#source.width, this.#source.height);
    }
    copyIn(this.#native, planes, this.#source, this.#staging);
    this.#staging.stamp(this.#count++, false, 0);
    this.#graph.send(this.#staging);
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
