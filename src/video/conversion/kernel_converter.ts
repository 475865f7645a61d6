/**
 * RGB and gray to luma and chroma, and one range to the other, by SIMD kernels, which take a fraction of
 * libswscale's time.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { type PixelMeaning, scalerMatrix } from "../color.ts";
import { hasKernel, hasMatrixKernel, type KernelTarget } from "../kernels/kernels.ts";
import { isKnownMatrix } from "../kernels/weights.ts";
import type { KernelMemory } from "../kernels/kernel_memory.ts";
import { type KernelPicture, KernelStaging } from "./kernel_staging.ts";
import { frameLayout, type Pixels } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import type { SharedFrame } from "../shared_frame.ts";
import { SharedFramePools } from "../shared_frame_pools.ts";
import type { Converter, ConverterTarget } from "./converter.ts";
import { packedPlaneOrder } from "./packed_components.ts";

/** Whether a format has 8-bit planes of luma and chroma, and nothing else. */
function isBytes(format: PixelFormatInfo): boolean {
  const { isRgb, isPalette, isBitstream, hasAlpha, depths, planes } = format;
  return !isRgb && !isPalette && !isBitstream && !hasAlpha && depths.every((depth) => depth === 8) &&
    planes.length > 1 && planes[0]!.step === 1;
}

/** libavutil has separate names for some full-range formats with the same memory layout. */
function lieAlike(one: PixelFormatInfo, other: PixelFormatInfo): boolean {
  return one.name.replace(/^yuvj/, "yuv") === other.name.replace(/^yuvj/, "yuv");
}

/** What of the meaning of planes changes; `null` where nothing does, or where there is no kernel for it. */
function changeOf(
  { format, width, height }: FrameLayout,
  meaning: PixelMeaning,
  { format: to, color, ...size }: ConverterTarget,
): "range" | "matrix" | null {
  if (!isBytes(format) || width !== size.width || height !== size.height) return null;
  const isSameMatrix = scalerMatrix(meaning) === scalerMatrix(color);
  if (isSameMatrix && meaning.range === color.range) return null;
  if (isSameMatrix && lieAlike(format, to)) return "range";
  const { matrix } = color;
  return isKnownMatrix(matrix) && hasMatrixKernel(format.name, to.name, meaning.matrix) ? "matrix" : null;
}

/** The format without its plane of alpha, where pictures of a format fill that; else the format itself. */
function withoutAlpha(from: PixelFormatInfo, to: PixelFormatInfo): string {
  return Object.hasOwn(packedPlaneOrder, from.name) ? to.name.replace(/^yuva/, "yuv") : to.name;
}

/** Converts with a kernel. */
export class KernelConverter implements Converter {
  readonly #picture: FrameLayout;
  readonly #target: ConverterTarget;
  readonly #meaning: PixelMeaning;
  readonly #change: "range" | "matrix" | null;
  readonly #staging: KernelStaging;
  /** Frames for the encoder, in the memory of their pictures. */
  readonly #pools: SharedFramePools;

  /** Whether there is a kernel from a format to a target. */
  static exists(picture: FrameLayout, meaning: PixelMeaning, target: ConverterTarget): boolean {
    const { format } = picture;
    return changeOf(picture, meaning, target) !== null ||
      (format.isRgb || meaning.range === "pc") &&
        hasKernel(format.name, withoutAlpha(format, target.format), target.color.matrix);
  }

  /** For pictures, or parts of pictures, of a layout. Requires a kernel. */
  constructor(native: Native, picture: FrameLayout, meaning: PixelMeaning, target: ConverterTarget) {
    this.#staging = new KernelStaging(native, picture);
    this.#picture = picture;
    this.#target = target;
    this.#pools = new SharedFramePools(native, frameLayout(target.format, target.width, target.height));
    this.#meaning = meaning;
    this.#change = changeOf(picture, meaning, target);
  }

  convert(pixels: Pixels): NativeFrame {
    const source = this.#staging.locate(pixels);
    const frame = this.#pools.take(source.memory);
    if (this.#change === "range") this.#changeRange(source, frame);
    else if (this.#change === "matrix") this.#changeMatrix(source, frame);
    else this.#changeFormat(source, frame);
    return frame;
  }

  #changeRange({ memory, addresses, strides }: KernelPicture, frame: SharedFrame): void {
    const range = this.#target.color.range === "tv" ? "tv" : "pc";
    for (const [index, { rowBytes, rows }] of this.#picture.planes.entries()) {
      memory.kernels.changeRange(
        { address: addresses[index]!, stride: strides[index]!, rowBytes, rows },
        { address: frame.addresses[index]!, stride: frame.rowStrides[index]!, rowBytes, rows },
        index === 0 ? "luma" : "chroma",
        range,
      );
    }
  }

  #changeMatrix({ memory, addresses, strides }: KernelPicture, frame: SharedFrame): void {
    const { format: { name: format }, width, height } = this.#picture;
    const { color } = this.#target;
    memory.kernels.changeMatrix(
      { format, width, height, addresses, strides },
      this.#placesIn(frame),
      this.#meaning,
      color,
    );
  }

  #placesIn({ addresses, rowStrides: strides }: SharedFrame): KernelTarget {
    const { format: { name: format }, width, height } = this.#target;
    return { format, width, height, addresses, strides };
  }

  #changeFormat({ memory, addresses, strides }: KernelPicture, frame: SharedFrame): void {
    const { format: { name: from }, width, height } = this.#picture;
    memory.kernels.convert(
      { format: from, width, height, address: addresses[0]!, stride: strides[0]! },
      { ...this.#placesIn(frame), format: withoutAlpha(this.#picture.format, this.#target.format) },
      this.#target.color,
    );
    if (this.#target.format.hasAlpha) this.#copyAlpha(memory, addresses[0]!, strides[0]!, frame);
  }

  #copyAlpha(memory: KernelMemory, address: number, stride: number, frame: SharedFrame): void {
    const { format: { name }, width, height } = this.#picture;
    const [alpha, plane] = [packedPlaneOrder[name]![3], 3];
    memory.deepKernels.pickBytes(
      { address: address + alpha, stride, rowBytes: width * 4, rows: height },
      width,
      {
        ...{ address: frame.addresses[plane]!, stride: frame.rowStrides[plane]! },
        ...{ rowBytes: this.#target.width, rows: this.#target.height },
      },
    );
  }

  [Symbol.dispose](): void {
    this.#pools[Symbol.dispose]();
  }
}
