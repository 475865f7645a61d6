/**
 * RGB and gray to luma and chroma, and one range to the other, by SIMD kernels, which take a fraction of
 * libswscale's time.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame, NativeFramePool } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { type PixelMeaning, scalerMatrix } from "../color.ts";
import { KernelMemory, type MemoryPart } from "../kernels/kernel_memory.ts";
import { hasKernel } from "../kernels/kernels.ts";
import { frameLayout, type Pixels } from "../pixels.ts";
import { copyRows, frameBytes, type FrameLayout, placePlanes, tightPlanes } from "../raw_frame.ts";
import { SharedFrame } from "../shared_frame.ts";
import type { Converter, ConverterTarget } from "./converter.ts";

/** A picture in a kernel memory: the addresses and strides of its planes. */
interface Source {
  readonly memory: KernelMemory;
  readonly addresses: readonly number[];
  readonly strides: readonly number[];
}

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

/** Whether only the range differs. */
function needsRangeOnly(
  { format, width, height }: FrameLayout,
  meaning: PixelMeaning,
  target: ConverterTarget,
): boolean {
  return isBytes(format) && lieAlike(format, target.format) && width === target.width &&
    height === target.height &&
    meaning.range !== target.color.range && scalerMatrix(meaning) === scalerMatrix(target.color);
}

/** Converts with a kernel. */
export class KernelConverter implements Converter {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  readonly #target: ConverterTarget;
  readonly #changesRange: boolean;
  /** Kernel memory for pictures from elsewhere, and the part that they are copied to. */
  #staging: { readonly memory: KernelMemory; readonly part: MemoryPart } | null = null;
  /** Frames for the encoder, in the memory of their pictures. */
  readonly #pools = new Map<KernelMemory, NativeFramePool<SharedFrame>>();

  /** Whether there is a kernel from a format to a target. */
  static exists(picture: FrameLayout, meaning: PixelMeaning, target: ConverterTarget): boolean {
    const { format } = picture;
    return needsRangeOnly(picture, meaning, target) ||
      (format.isRgb || meaning.range === "pc") &&
        hasKernel(format.name, target.format.name, target.color.matrix);
  }

  /** For pictures, or parts of pictures, of a layout. Requires a kernel. */
  constructor(native: Native, picture: FrameLayout, target: ConverterTarget) {
    this.#native = native;
    this.#picture = picture;
    this.#target = target;
    this.#changesRange = lieAlike(picture.format, target.format);
  }

  convert(pixels: Pixels): NativeFrame {
    const source = this.#locate(pixels);
    const frame = this.#poolIn(source.memory).take();
    if (this.#changesRange) this.#changeRange(source, frame);
    else this.#changeFormat(source, frame);
    return frame;
  }

  #changeRange({ memory, addresses, strides }: Source, frame: SharedFrame): void {
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

  #changeFormat({ memory, addresses, strides }: Source, frame: SharedFrame): void {
    const { format: { name: from }, width, height } = this.#picture;
    const { format, color } = this.#target;
    memory.kernels.convert(
      { format: from, width, height, address: addresses[0]!, stride: strides[0]! },
      {
        format: format.name,
        width: this.#target.width,
        height: this.#target.height,
        addresses: frame.addresses,
        strides: frame.rowStrides,
      },
      color,
    );
  }

  #locate(pixels: Pixels): Source {
    if (pixels instanceof SharedFrame) {
      return { memory: pixels.memory, addresses: pixels.addresses, strides: pixels.rowStrides };
    }
    const { memory, part } = this.#staging ??= stagingOf(frameBytes(this.#picture));
    const staged = tightPlanes(memory.view(part), this.#picture);
    for (const [index, { rowBytes, rows }] of this.#picture.planes.entries()) {
      const { bytes } = staged[index]!;
      if (pixels instanceof NativeFrame) {
        this.#native.memory.readRows(bytes, pixels.planeAddress(index), pixels.stride(index), rowBytes, rows);
      } else copyRows(pixels[index]!.bytes, pixels[index]!.stride, bytes, rowBytes, rows);
    }
    const places = placePlanes(this.#picture);
    return {
      memory,
      addresses: places.map(({ start }) => part.address + start),
      strides: places.map(({ stride }) => stride),
    };
  }

  #poolIn(memory: KernelMemory): NativeFramePool<SharedFrame> {
    let pool = this.#pools.get(memory);
    if (pool === undefined) {
      this.#dropRetired();
      const { format, width, height } = this.#target;
      const layout = frameLayout(format, width, height);
      pool = new NativeFramePool(() => SharedFrame.allocate(this.#native, memory, layout));
      this.#pools.set(memory, pool);
    }
    return pool;
  }

  #dropRetired(): void {
    for (const [memory, pool] of this.#pools) {
      if (!memory.isRetired) continue;
      pool[Symbol.dispose]();
      this.#pools.delete(memory);
    }
  }

  [Symbol.dispose](): void {
    for (const pool of this.#pools.values()) pool[Symbol.dispose]();
    this.#pools.clear();
  }
}

function stagingOf(bytes: number): { readonly memory: KernelMemory; readonly part: MemoryPart } {
  const memory = new KernelMemory();
  return { memory, part: memory.allocate(bytes) };
}
