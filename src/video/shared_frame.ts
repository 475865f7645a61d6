/**
 * Frames in memory that JavaScript and libav share: kernels read and write them, and encoders take them as
 * they are.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import type { KernelMemory, MemoryPart } from "./kernels/kernel_memory.ts";
import { type FrameLayout, placePlanes } from "./raw_frame.ts";

/** Vector code works best on rows that start at a cache line. */
const alignment = 64;

/** A frame in a kernel memory, which is not reused while the picture is referenced. */
export class SharedFrame extends NativeFrame {
  /** Disposed frames whose pictures are still referenced. */
  static readonly #lingering = new Set<SharedFrame>();
  /** The memory that it lies in. */
  readonly memory: KernelMemory;
  /** The part of the memory that is the frame's own. */
  readonly #part: MemoryPart | null;
  /** Where its planes lie in the memory. */
  #addresses: readonly number[] = [];
  #strides: readonly number[] = [];

  private constructor(native: Native, memory: KernelMemory, part: MemoryPart | null) {
    super(native);
    this.memory = memory;
    this.#part = part;
  }

  /** A frame with memory of its own. */
  static allocate(native: Native, memory: KernelMemory, layout: FrameLayout): SharedFrame {
    const strides = layout.planes.map(({ rowBytes }) => aligned(rowBytes));
    const end = placePlanes(layout, strides).at(-1)!.end;
    const part = memory.allocate(aligned(end) + alignment);
    const frame = new SharedFrame(native, memory, part);
    frame.show(layout, part, strides);
    return frame;
  }

  /** A frame that shows what {@linkcode show} is given. */
  static empty(native: Native, memory: KernelMemory): SharedFrame {
    return new SharedFrame(native, memory, null);
  }

  /** The address of each plane in the memory. */
  get addresses(): readonly number[] {
    return this.#addresses;
  }

  /** The bytes from one row of each plane to the next. */
  get rowStrides(): readonly number[] {
    return this.#strides;
  }

  /**
   * Shows a picture in a part of the memory, tightly packed unless strides are given. Nobody may reference
   * the last one.
   */
  show(layout: FrameLayout, part: MemoryPart, strides?: readonly number[]): void {
    const { format, width, height } = layout;
    const places = placePlanes(layout, strides);
    this.#addresses = places.map(({ start }) => part.address + start);
    this.#strides = places.map(({ stride }) => stride);
    this.wrapForeign({
      ...{ format, width, height },
      bytes: this.memory.view(part),
      planes: places.map(({ start, stride }) => ({ offset: start, stride })),
    });
  }

  /** Frees the frame once nobody references its picture. */
  override [Symbol.dispose](): void {
    SharedFrame.#lingering.add(this);
    SharedFrame.freeUnreferenced();
  }

  /** Frees the frames whose pictures were referenced when they were disposed of, and are not any more. */
  static freeUnreferenced(): void {
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

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
