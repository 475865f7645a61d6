/**
 * Pictures where kernels can read them.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { KernelMemory, type MemoryPart } from "../kernels/kernel_memory.ts";
import type { Pixels } from "../pixels.ts";
import { copyRows, frameBytes, type FrameLayout, placePlanes, tightPlanes } from "../raw_frame.ts";
import { SharedFrame } from "../shared_frame.ts";

/** A picture in a kernel memory: the addresses and strides of its planes. */
export interface KernelPicture {
  readonly memory: KernelMemory;
  readonly addresses: readonly number[];
  readonly strides: readonly number[];
}

/** Finds pictures in kernel memory, and copies those from elsewhere there. */
export class KernelStaging {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  #staging: { readonly memory: KernelMemory; readonly part: MemoryPart } | null = null;

  /** For pictures of a layout. */
  constructor(native: Native, picture: FrameLayout) {
    this.#native = native;
    this.#picture = picture;
  }

  /** Where a picture is. One from elsewhere is there until the next one comes. */
  locate(pixels: Pixels): KernelPicture {
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
}

function stagingOf(bytes: number): { readonly memory: KernelMemory; readonly part: MemoryPart } {
  const memory = new KernelMemory();
  return { memory, part: memory.allocate(bytes) };
}
