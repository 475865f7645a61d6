/**
 * The frames of a ring, as the thread that encodes sees them.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { KernelMemory } from "../video/kernels/kernel_memory.ts";
import type { Pixels } from "../video/pixels.ts";
import { type FrameLayout, tightPlanes } from "../video/raw_frame.ts";
import { SharedFrame } from "../video/shared_frame.ts";

/** The memory of a ring, and its slots. */
export interface RingLayout {
  readonly memory: WebAssembly.Memory;
  readonly slotBytes: number;
  readonly slots: number;
}

/** How many slots stay free for new frames, whatever encoders and filters hold. */
const reservedSlots = 2;

/** The frames of a ring, for the encoder to read in place. */
export class ReceivedFrames implements Disposable {
  readonly #native: Native;
  readonly #ring: RingLayout;
  readonly #memory: KernelMemory;
  readonly #frames = new Map<number, SharedFrame>();
  /** The layouts of the frames in slots. */
  readonly #shown = new Map<number, FrameLayout>();
  /** Slots with frames that may be referenced. */
  readonly #held = new Set<number>();

  /** For a ring. */
  constructor(native: Native, ring: RingLayout) {
    this.#native = native;
    this.#ring = ring;
    this.#memory = new KernelMemory(ring.memory);
  }

  /**
   * The frame in a slot. Encoders and filters may hold it unless too few slots would be left: then it must be
   * copied.
   */
  pixels(slot: number, layout: FrameLayout): Pixels {
    const { slotBytes, slots } = this.#ring;
    const part = { address: slot * slotBytes, bytes: slotBytes };
    if (this.#held.size + reservedSlots >= slots) {
      return tightPlanes(this.#memory.view(part), layout);
    }
    let frame = this.#frames.get(slot);
    if (frame === undefined) {
      frame = SharedFrame.empty(this.#native, this.#memory);
      this.#frames.set(slot, frame);
    }
    if (this.#shown.get(slot) !== layout) frame.show(layout, part);
    this.#shown.set(slot, layout);
    this.#held.add(slot);
    return frame;
  }

  /** The slots that are free after the frame in one of them was encoded. */
  released(slot: number): number[] {
    const free = [...this.#held].filter((held) => this.#frames.get(held)!.isWritable);
    for (const held of free) this.#held.delete(held);
    return this.#held.has(slot) || free.includes(slot) ? free : [...free, slot];
  }

  /** Frees the frames once nobody references them. */
  [Symbol.dispose](): void {
    for (const frame of this.#frames.values()) frame[Symbol.dispose]();
    this.#frames.clear();
  }
}
