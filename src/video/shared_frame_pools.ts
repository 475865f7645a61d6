/**
 * Pools of frames in shared memory.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { NativeFramePool } from "../libav/conversion/native_frame_pool.ts";
import type { KernelMemory } from "./kernels/kernel_memory.ts";
import type { FrameLayout } from "./raw_frame.ts";
import { SharedFrame } from "./shared_frame.ts";

/** Frames of one layout in the memory of the pictures that they are made of. */
export class SharedFramePools implements Disposable {
  readonly #native: Native;
  readonly #layout: FrameLayout;
  readonly #pools = new Map<KernelMemory, NativeFramePool<SharedFrame>>();

  /** Creates empty pools. */
  constructor(native: Native, layout: FrameLayout) {
    this.#native = native;
    this.#layout = layout;
  }

  /** A writable frame in a memory. */
  take(memory: KernelMemory): SharedFrame {
    let pool = this.#pools.get(memory);
    if (pool === undefined) {
      this.#dropRetired();
      pool = new NativeFramePool(() => SharedFrame.allocate(this.#native, memory, this.#layout));
      this.#pools.set(memory, pool);
    }
    return pool.take();
  }

  #dropRetired(): void {
    for (const [memory, pool] of this.#pools) {
      if (!memory.isRetired) continue;
      pool[Symbol.dispose]();
      this.#pools.delete(memory);
    }
  }

  /** Frees all frames. */
  [Symbol.dispose](): void {
    for (const pool of this.#pools.values()) pool[Symbol.dispose]();
    this.#pools.clear();
  }
}
