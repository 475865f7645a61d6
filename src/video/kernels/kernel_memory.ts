/**
 * WebAssembly memory that kernels work in: pictures, and what they become.
 *
 * @module
 */
import { PixelKernels } from "./kernels.ts";

/** WebAssembly's page. */
const pageBytes = 65_536;
/** The most memory that 32-bit addresses reach. */
const maxPages = 65_536;

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
  constructor(
    memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1, maximum: maxPages, shared: true }),
  ) {
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
  view(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, bytes);
  }
}
