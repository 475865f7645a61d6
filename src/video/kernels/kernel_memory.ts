/**
 * WebAssembly memory that kernels work in: pictures, and what they become.
 *
 * @module
 */
import { PixelKernels } from "./kernels.ts";

/** WebAssembly's page. */
const pageBytes = 65_536;
/** The most memory that 32-bit addresses reach. */
export const maxMemoryBytes: number = 2 ** 32;

/** Memory for so many bytes at first, which threads share and which may grow. */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({
    initial: Math.ceil(bytes / pageBytes),
    maximum: maxMemoryBytes / pageBytes,
    shared: true,
  });
}

/** A part of a memory. */
export interface MemoryPart {
  /** Its first byte. */
  readonly address: number;
  /** Its length. */
  readonly bytes: number;
}

/** A shared memory with its kernels; parts of it behind what it had at first are given out. */
export class KernelMemory {
  /** The kernels, which work in this memory. */
  readonly kernels: PixelKernels;
  readonly #memory: WebAssembly.Memory;
  readonly #unused: MemoryPart[] = [];

  /** For a memory that is there already and may grow, or a new one. */
  constructor(memory: WebAssembly.Memory = sharedMemory(pageBytes)) {
    this.#memory = memory;
    this.kernels = new PixelKernels(memory);
  }

  /** A part of so many bytes. Throws a `RangeError` where 32-bit addresses do not reach that far. */
  allocate(bytes: number): MemoryPart {
    const index = this.#unused.findIndex((part) => part.bytes === bytes);
    if (index >= 0) return this.#unused.splice(index, 1)[0]!;
    return { address: this.#memory.grow(Math.ceil(bytes / pageBytes)) * pageBytes, bytes };
  }

  /** Gives a part back, for one as large. */
  free(part: MemoryPart): void {
    this.#unused.push(part);
  }

  /** A part as bytes. */
  view({ address, bytes }: MemoryPart): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, bytes);
  }
}
