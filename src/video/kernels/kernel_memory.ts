/**
 * WebAssembly memory that kernels work in: pictures, and what they become.
 *
 * @module
 */
import { DeepKernels } from "./deep_kernels.ts";
import { PixelKernels } from "./kernels.ts";

/** WebAssembly's page. */
const pageBytes = 65_536;
/** The limit of 32-bit addresses. */
export const maxMemoryBytes: number = 2 ** 32;

/** Memory of an initial size that may grow, shared where the runtime has shared memory. */
export function sharedMemory(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({
    initial: Math.ceil(bytes / pageBytes),
    maximum: maxMemoryBytes / pageBytes,
    shared: typeof SharedArrayBuffer !== "undefined",
  });
}

/** A part of a memory. */
export interface MemoryPart {
  /** Its first byte. */
  readonly address: number;
  /** Its length. */
  readonly bytes: number;
}

/** A shared memory with its kernels, which allocates parts beyond its initial size. */
export class KernelMemory {
  /** The kernels, which work in this memory. */
  readonly kernels: PixelKernels;
  readonly #memory: WebAssembly.Memory;
  readonly #unused: MemoryPart[] = [];
  #deepKernels: DeepKernels | null = null;
  #isRetired = false;

  /** For an existing memory that may grow, or a new one. */
  constructor(memory: WebAssembly.Memory = sharedMemory(pageBytes)) {
    this.#memory = memory;
    this.kernels = new PixelKernels(memory);
  }

  /** Those for single components, and for more than 8 bits. */
  get deepKernels(): DeepKernels {
    return this.#deepKernels ??= new DeepKernels(this.#memory);
  }

  /** Whether no more pictures come in this memory. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Notes that no more pictures come in this memory: what was allocated for them is not needed. */
  retire(): void {
    this.#isRetired = true;
  }

  /** Allocates a part. Throws a `RangeError` beyond the limit of 32-bit addresses. */
  allocate(bytes: number): MemoryPart {
    const index = this.#unused.findIndex((part) => part.bytes === bytes);
    if (index >= 0) return this.#unused.splice(index, 1)[0]!;
    return { address: this.#memory.grow(Math.ceil(bytes / pageBytes)) * pageBytes, bytes };
  }

  /** Frees a part, for one of the same size. */
  free(part: MemoryPart): void {
    this.#unused.push(part);
  }

  /** A part as bytes. */
  view({ address, bytes }: MemoryPart): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, bytes);
  }
}
