/**
 * RGB and gray to luma and chroma by SIMD kernels, which take a fraction of libswscale's time.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { Frame, FramePool } from "../libav/frame.ts";
import type { PixelMeaning } from "./color.ts";
import type { Converter, ConverterTarget } from "./converter.ts";
import { KernelMemory, type MemoryPart } from "./kernels/kernel_memory.ts";
import { hasKernel } from "./kernels/kernels.ts";
import { frameLayout, type Pixels } from "./pixels.ts";
import { copyRows, type FrameLayout } from "./raw_frame.ts";
import { SharedFrame } from "./shared_frame.ts";

/** A picture in a kernel memory. */
interface Source {
  readonly memory: KernelMemory;
  readonly address: number;
  readonly stride: number;
}

/** Converts with a kernel. */
export class KernelConverter implements Converter {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  readonly #target: ConverterTarget;
  /** Memory for pictures that do not lie in a kernel memory yet, and where in it they are copied to. */
  #staging: { readonly memory: KernelMemory; readonly part: MemoryPart } | null = null;
  /** Frames for the encoder, in the memory that their pictures come from. */
  readonly #pools = new Map<KernelMemory, FramePool<SharedFrame>>();

  /** Whether there is a kernel from a format to a target. */
  static exists({ format }: FrameLayout, meaning: PixelMeaning, target: ConverterTarget): boolean {
    return (format.isRgb || meaning.range === "pc") &&
      hasKernel(format.name, target.format.name, target.color.matrix);
  }

  /** For pictures, or parts of pictures, of a layout. */
  constructor(native: Native, picture: FrameLayout, target: ConverterTarget) {
    this.#native = native;
    this.#picture = picture;
    this.#target = target;
  }

  convert(pixels: Pixels): Frame {
    const { memory, ...source } = this.#locate(pixels);
    const { format: { name: from }, width, height } = this.#picture;
    const { format, color } = this.#target;
    const frame = this.#poolIn(memory).take();
    memory.kernels.convert(
      { format: from, width, height, ...source },
      {
        format: format.name,
        width: this.#target.width,
        height: this.#target.height,
        addresses: frame.addresses,
        strides: frame.rowStrides,
      },
      color,
    );
    return frame;
  }

  #locate(pixels: Pixels): Source {
    if (pixels instanceof SharedFrame) {
      return { memory: pixels.memory, address: pixels.addresses[0]!, stride: pixels.rowStrides[0]! };
    }
    const { rowBytes, rows } = this.#picture.planes[0]!;
    const { memory, part } = this.#staging ??= stagingOf(rowBytes * rows);
    const staged = memory.view(part);
    if (pixels instanceof Frame) {
      this.#native.memory.readRows(staged, pixels.planeAddress(0), pixels.stride(0), rowBytes, rows);
    } else copyRows(pixels[0]!.bytes, pixels[0]!.stride, staged, rowBytes, rows);
    return { memory, address: part.address, stride: rowBytes };
  }

  #poolIn(memory: KernelMemory): FramePool<SharedFrame> {
    let pool = this.#pools.get(memory);
    if (pool === undefined) {
      const { format, width, height } = this.#target;
      const layout = frameLayout(format, width, height);
      pool = new FramePool(() => SharedFrame.allocate(this.#native, memory, layout));
      this.#pools.set(memory, pool);
    }
    return pool;
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
