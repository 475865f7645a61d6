/**
 * Pixel kernels: packed 8-bit RGB and gray to 8-bit luma and chroma, and back, in SIMD WebAssembly on shared
 * memory.
 *
 * The same conversions as libswscale's, within one code value of the exact ones at every sample, in a
 * fraction of the time. Each chroma sample is the average of the pixels that it covers. On the way back each
 * pixel gets the sample that covers it, and is exact for that one; libswscale may interpolate.
 *
 * @module
 */
import type { PixelMeaning } from "../color.ts";
import { chromaFormats, pairs } from "./chroma_formats.ts";
import { KernelModule, type KernelPlane, type NamedPlane as Plane } from "./kernel_module.ts";
import { matrixWeights } from "./matrix_weights.ts";
import { colorWeights, isKnownMatrix, neutral, rgbWeights, stretchWeights } from "./weights.ts";

/** A picture in the kernels' memory: RGB or gray of full range. */
export interface KernelSource {
  /** libavutil's name of its pixel format. */
  readonly format: string;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The byte at which it begins. */
  readonly address: number;
  /** Bytes from one row to the next. The last row may end with its pixels. */
  readonly stride: number;
}

/** Where the planes of the converted picture go in the kernels' memory. */
export interface KernelTarget {
  /** libavutil's name of the pixel format. */
  readonly format: string;
  /** Width: the picture's, or more, with the last column repeated. */
  readonly width: number;
  /** The height, likewise. */
  readonly height: number;
  /** The byte at which each plane begins. */
  readonly addresses: readonly number[];
  /** Bytes from one row of each plane to the next. */
  readonly strides: readonly number[];
}

interface SourceFormat {
  /** The kernels' name for such pixels. */
  readonly pixels: "rgb32" | "rgb24" | "gray";
  readonly pixelBytes: number;
  readonly isRedFirst: boolean;
}

const sources: Readonly<Record<string, SourceFormat>> = {
  rgba: { pixels: "rgb32", pixelBytes: 4, isRedFirst: true },
  bgra: { pixels: "rgb32", pixelBytes: 4, isRedFirst: false },
  rgb0: { pixels: "rgb32", pixelBytes: 4, isRedFirst: true },
  bgr0: { pixels: "rgb32", pixelBytes: 4, isRedFirst: false },
  rgb24: { pixels: "rgb24", pixelBytes: 3, isRedFirst: true },
  bgr24: { pixels: "rgb24", pixelBytes: 3, isRedFirst: false },
  gray: { pixels: "gray", pixelBytes: 1, isRedFirst: true },
};

interface TargetFormat {
  readonly planeCount: number;
  /** Samples in a pixel of the planes of chroma. */
  readonly chromaSamples: number;
  /** Pixels that a chroma sample covers. */
  readonly pixels: 1 | 4;
}

const targets: Readonly<Record<string, TargetFormat>> = {
  yuv420p: { planeCount: 3, chromaSamples: 1, pixels: 4 },
  nv12: { planeCount: 2, chromaSamples: 2, pixels: 4 },
  yuv444p: { planeCount: 3, chromaSamples: 1, pixels: 1 },
};

/** Whether there is a kernel from luma and chroma to RGB of four bytes, with a matrix by libav's name. */
export function hasRgbKernel(from: string, to: string, matrix: string): boolean {
  return Object.hasOwn(chromaFormats, from) && sources[to]?.pixels === "rgb32" &&
    Object.hasOwn(sources, to) &&
    isKnownMatrix(matrix);
}

/** Rows that one row of chroma covers, in a format that {@linkcode hasRgbKernel} knows. */
export function rowsOfChroma(format: string): number {
  return 1 << chromaFormats[format]!.down;
}

/**
 * Whether there is a kernel that gives planes of luma and chroma another matrix than the one of a name, with
 * as many samples of chroma or fewer.
 */
export function hasMatrixKernel(from: string, to: string, matrix: string): boolean {
  const areKnown = [from, to].every((name) => Object.hasOwn(chromaFormats, name)) && isKnownMatrix(matrix);
  if (!areKnown) return false;
  const one = chromaFormats[from]!, other = chromaFormats[to]!;
  return one !== pairs && other !== pairs && one.across <= other.across && one.down <= other.down;
}

/** Whether there is a kernel from one format to another, with a matrix by libav's name. */
export function hasKernel(from: string, to: string, matrix: string): boolean {
  return Object.hasOwn(sources, from) && Object.hasOwn(targets, to) && isKnownMatrix(matrix);
}

/**
 * The kernels, at work on one memory. They keep nothing in it: several threads may share it, each with
 * kernels of its own.
 *
 * @example
 * ```ts
 * const memory = new WebAssembly.Memory({ initial: 160, maximum: 160, shared: true });
 * const kernels = new PixelKernels(memory);
 * kernels.convert(
 *   { format: "rgba", width: 1280, height: 720, address: 0, stride: 5120 },
 *   {
 *     format: "nv12",
 *     width: 1280,
 *     height: 720,
 *     addresses: [5120 * 720, 6400 * 720],
 *     strides: [1280, 1280],
 *   },
 *   { matrix: "bt709", range: "tv" },
 * );
 * ```
 */
export class PixelKernels {
  readonly #module: KernelModule;

  /** Creates kernels for a memory, which must be shared. */
  constructor(memory: WebAssembly.Memory) {
    this.#module = new KernelModule(memory);
  }

  /**
   * Converts a picture, into planes that lie elsewhere in the memory.
   *
   * Throws a `RangeError` where there is no kernel, or where a row or plane reaches too far.
   */
  convert(from: KernelSource, to: KernelTarget, color: PixelMeaning): void {
    const { format, width, height, address, stride } = from;
    if (!hasKernel(format, to.format, color.matrix)) {
      throw new RangeError(`Cannot convert ${format} to ${to.format} (${color.matrix}): there is no kernel`);
    }
    if (!(width >= 1 && height >= 1 && to.width >= width && to.height >= height)) {
      throw new RangeError(
        `Cannot convert ${width}x${height} pixels to ${to.width}x${to.height}: kernels only add to a picture`,
      );
    }
    const { pixels, pixelBytes, isRedFirst } = sources[format]!;
    const target = targets[to.format]!;
    this.#module.check({ name: format, address, stride, rowBytes: width * pixelBytes, rows: height });
    const planes = targetPlanes(to, target);
    for (const plane of planes) this.#module.check(plane);
    const [luma, ...chroma] = planes as [Plane, ...Plane[]];
    const sizes = [address, stride, width, height, to.width, to.height, luma.address, luma.stride];
    if (pixels === "gray") {
      this.#module.call(
        "stretch",
        ...sizes,
        ...stretchWeights("pc", color.range, "luma"),
      );
      for (const { address, stride, rowBytes, rows } of chroma) {
        this.#module.call(
          "fill",
          address,
          stride,
          rowBytes,
          rows,
          neutral,
        );
      }
      return;
    }
    const [u, v = { ...u, address: u.address + 1 }] = chroma as [Plane, Plane?];
    this.#module.call(
      `${pixels}_to_${to.format}`,
      ...sizes,
      ...[u.address, u.stride, v.address, v.stride],
      ...rgbWeights(color, isRedFirst, target.pixels),
    );
  }

  /**
   * Makes opaque pixels of luma and chroma, elsewhere in the memory. Each pixel gets the sample of chroma
   * that covers it. `from` has the size in pixels.
   *
   * Throws a `RangeError` where there is no kernel, or where a row or plane reaches too far.
   */
  toRgb(from: KernelTarget, to: KernelSource, color: PixelMeaning): void {
    if (!hasRgbKernel(from.format, to.format, color.matrix)) {
      throw new RangeError(
        `Cannot convert ${from.format} to ${to.format} (${color.matrix}): there is no kernel`,
      );
    }
    const { kernel, across, down } = chromaFormats[from.format]!;
    const { width, height } = from;
    const samples = (1 + Number(kernel === "pairs_to_rgb32")) * Math.ceil(width / 2 ** across);
    const planes = from.addresses.map((address, plane): Plane => ({
      name: `plane ${plane} of ${from.format}`,
      address,
      stride: from.strides[plane] ?? NaN,
      rowBytes: plane === 0 ? width : samples,
      rows: plane === 0 ? height : Math.ceil(height / 2 ** down),
    }));
    for (const plane of planes) this.#module.check(plane);
    this.#module.check({ name: to.format, ...to, rowBytes: 4 * width, rows: height });
    const [luma, u, v = { ...u!, address: u!.address + 1 }] = planes as [Plane, Plane, Plane?];
    const weights = colorWeights(color);
    const { isRedFirst } = sources[to.format]!;
    // The kernel makes the last colour of u. Where red is the last one, u and v change places.
    const [one, other] = isRedFirst ? [u, v] : [v, u];
    const [lumaScale, bias, ...tints] = weights as [number, number, ...number[]];
    this.#module.call(
      kernel,
      ...[luma.address, luma.stride, one.address, one.stride, other.address, other.stride],
      ...[width, height, to.address, to.stride, down, lumaScale, bias],
      ...(isRedFirst ? tints : tints.toReversed()),
    );
  }

  /**
   * Converts a plane of luma or chroma from one range to the other, into another plane of the same size.
   * Throws a `RangeError` where one reaches too far.
   */
  changeRange(from: KernelPlane, to: KernelPlane, part: "luma" | "chroma", range: "tv" | "pc"): void {
    const { address, stride, rowBytes, rows } = from;
    this.#module.check({ name: "the plane", ...from });
    this.#module.check({ name: "the plane in another range", ...to });
    this.#module.call(
      "stretch",
      ...[address, stride, rowBytes, rows, to.rowBytes, to.rows, to.address, to.stride],
      ...stretchWeights(range === "tv" ? "pc" : "tv", range, part),
    );
  }

  /**
   * Converts planes of luma and chroma to another matrix or range. Luma gets what the chroma around it adds,
   * interpolated; chroma, which depends on chroma alone, is made sample by sample. Where `to` has fewer
   * samples of it, these are averages. `to` has the size of `from`.
   *
   * Throws a `RangeError` where there is no kernel, or where a row or plane reaches too far.
   */
  changeMatrix(from: KernelTarget, to: KernelTarget, meaning: PixelMeaning, wanted: PixelMeaning): void {
    if (!hasMatrixKernel(from.format, to.format, meaning.matrix) || !isKnownMatrix(wanted.matrix)) {
      throw new RangeError(
        `Cannot convert ${from.format} (${meaning.matrix}) to ${to.format} (${wanted.matrix}): there is no kernel`,
      );
    }
    const [y, u, v] = this.#chromaPlanes(from, from), [toY, toU, toV] = this.#chromaPlanes(to, from);
    const { across, down } = chromaFormats[from.format]!, target = chromaFormats[to.format]!;
    const places = (...planes: Plane[]): number[] =>
      planes.flatMap(({ address, stride }) => [address, stride]);
    const { chroma, luma } = matrixWeights(meaning, wanted);
    const halvings = [target.across - across, target.down - down] as const;
    const isHalved = halvings.some((halving) => halving > 0);
    for (const [whole, half] of isHalved ? [[u, toU], [v, toV]] as const : []) {
      const sizes = [whole.rowBytes, whole.rows, ...places(half), half.rowBytes, half.rows];
      this.#module.call("halve_bytes", ...places(whole), ...sizes, ...halvings);
    }
    const given = isHalved ? places(toU, toV) : places(u, v);
    this.#module.call("change_chroma", ...given, toU.rowBytes, toU.rows, ...places(toU, toV), ...chroma);
    this.#module.call(
      across === 1 ? "change_luma_of_half" : "change_luma_of_whole",
      ...[...places(y, u, v), from.width, from.height, down, ...places(toY), ...luma],
    );
  }

  /** The planes of a format that has three, for pictures of a size. */
  #chromaPlanes({ format, addresses, strides }: KernelTarget, { width, height }: KernelTarget) {
    const { across, down } = chromaFormats[format]!;
    const planes = [0, 1, 2].map((plane) => ({
      name: `plane ${plane} of ${format}`,
      address: addresses[plane] ?? NaN,
      stride: strides[plane] ?? NaN,
      rowBytes: plane === 0 ? width : Math.ceil(width / 2 ** across),
      rows: plane === 0 ? height : Math.ceil(height / 2 ** down),
    }));
    for (const plane of planes) this.#module.check(plane);
    return planes as [Plane, Plane, Plane];
  }

  /** Whether all pixels of four bytes are opaque. `alpha` is which of the four bytes says it. */
  isOpaque(from: KernelPlane, alpha: number): boolean {
    this.#module.check({ name: "the picture", ...from });
    const { address, stride, rowBytes, rows } = from;
    return this.#module.call(
      "is_opaque",
      address,
      stride,
      rowBytes / 4,
      rows,
      alpha,
    ) === 1;
  }

  /** Lays pixels of four bytes over one colour, which has the same order of bytes. */
  layOver(from: KernelPlane, to: KernelPlane, alpha: number, color: number): void {
    this.#call("lay_over", from, to, alpha, color);
  }

  /** Divides the colours of pixels of four bytes by their alpha. */
  straighten(from: KernelPlane, to: KernelPlane, alpha: number): void {
    this.#call("straighten", from, to, alpha);
  }

  #call(name: string, from: KernelPlane, to: KernelPlane, ...values: number[]): void {
    this.#module.check({ name: "the picture", ...from });
    this.#module.check({ name: "the picture made of it", ...to });
    const { address, stride, rowBytes, rows } = from;
    this.#module.call(
      name,
      address,
      stride,
      rowBytes / 4,
      rows,
      to.address,
      to.stride,
      ...values,
    );
  }
}

/** The planes of a target, with the size that their format gives them. */
function targetPlanes(to: KernelTarget, { planeCount, chromaSamples, pixels }: TargetFormat): Plane[] {
  const columns = pixels === 4 ? Math.ceil(to.width / 2) : to.width;
  const rows = pixels === 4 ? Math.ceil(to.height / 2) : to.height;
  return Array.from({ length: planeCount }, (_, plane) => ({
    name: `plane ${plane} of ${to.format}`,
    address: to.addresses[plane] ?? NaN,
    stride: to.strides[plane] ?? NaN,
    rowBytes: plane === 0 ? to.width : columns * chromaSamples,
    rows: plane === 0 ? to.height : rows,
  }));
}
