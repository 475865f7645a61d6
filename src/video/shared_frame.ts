/**
 * Frames in memory that JavaScript and libav share: kernels read and write them, and encoders take them as they are.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { Frame } from "../libav/frame.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import type { KernelMemory, MemoryPart } from "./kernels/kernel_memory.ts";
import { frameLayout } from "./pixels.ts";
import type { FrameLayout } from "./raw_frame.ts";

/** Encoders' vector code works best on rows that begin with a cache line. */
const rowAlignment = 64;

/** Where a plane lies in a memory. */
export interface PlanePlace {
  readonly address: number;
  readonly stride: number;
}

/** A frame in a kernel memory. Its memory is not used for anything else while anybody holds its picture. */
export class SharedFrame extends Frame {
  /** Those that were disposed of while somebody held their picture. */
  static readonly #lingering = new Set<SharedFrame>();
  /** The memory that it lies in. */
  readonly memory: KernelMemory;
  /** The part of the memory that is the frame's own. */
  readonly #part: MemoryPart | null;
  #planes: readonly PlanePlace[] = [];

  private constructor(native: Native, memory: KernelMemory, part: MemoryPart | null) {
    super(native);
    this.memory = memory;
    this.#part = part;
  }

  /** A frame with memory of its own. */
  static allocate(native: Native, memory: KernelMemory, format: PixelFormatInfo, size: Size): SharedFrame {
    const { planes } = frameLayout(format, size.width, size.height);
    const strides = planes.map(({ rowBytes }) => Math.ceil(rowBytes / rowAlignment) * rowAlignment);
    const bytes = planes.reduce((sum, { rows }, index) => sum + rows * strides[index]!, rowAlignment);
    const frame = new SharedFrame(native, memory, memory.allocate(bytes));
    frame.#show(format, size, frame.#part!, placed(frame.#part!.address, planes, strides));
    return frame;
  }

  /** A frame that shows what {@linkcode show} is given. */
  static empty(native: Native, memory: KernelMemory): SharedFrame {
    return new SharedFrame(native, memory, null);
  }

  /** Where its planes lie in the memory. */
  get planes(): readonly PlanePlace[] {
    return this.#planes;
  }

  /** Shows a picture that lies in a part of the memory, planes and rows without gaps. Nobody may hold the one before. */
  show({ format, width, height, planes }: FrameLayout, part: MemoryPart): void {
    const strides = planes.map(({ rowBytes }) => rowBytes);
    this.#show(format, { width, height }, part, placed(part.address, planes, strides));
  }

  #show(
    format: PixelFormatInfo,
    { width, height }: Size,
    part: MemoryPart,
    planes: readonly PlanePlace[],
  ): void {
    this.#planes = planes;
    this.showForeign({
      ...{ format, width, height },
      bytes: this.memory.view(part.address, part.bytes),
      planes: planes.map(({ address, stride }) => ({ offset: address - part.address, stride })),
    });
  }

  /** Frees the frame, as soon as nobody holds its picture. */
  override [Symbol.dispose](): void {
    SharedFrame.#lingering.add(this);
    for (const frame of SharedFrame.#lingering) {
      if (!frame.isWritable) continue;
      SharedFrame.#lingering.delete(frame);
      frame.#free();
    }
  }

  #free(): void {
    super[Symbol.dispose]();
    if (this.#part !== null) this.memory.free(this.#part);
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Planes one after another from an address on. */
function placed(
  address: number,
  planes: FrameLayout["planes"],
  strides: readonly number[],
): readonly PlanePlace[] {
  let next = address;
  return planes.map(({ rows }, index) => {
    const place = { address: next, stride: strides[index]! };
    next += rows * strides[index]!;
    return place;
  });
}
