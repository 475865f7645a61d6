/**
 * The frames of rings, as the thread that encodes sees them.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import { KernelMemory } from "../video/kernels/kernel_memory.ts";
import type { Pixels } from "../video/pixels.ts";
import { type FrameLayout, tightPlanes } from "../video/raw_frame.ts";
import { SharedFrame } from "../video/shared_frame.ts";
import type { RingEvents } from "./frame_slots.ts";
import type { FramePlace, RingLayout, SlotPlace } from "./ring.ts";

/** The frames in all rings of a session, for the encoder to read in place. */
export class ReceivedFrames implements RingEvents, Disposable {
  readonly #native: Native;
  readonly #rings = new Map<number, RingFrames>();
  /** Refers to the frame at hand, where that is lent. */
  #borrowed: NativeFrame | null = null;

  /** For a session. */
  constructor(native: Native) {
    this.#native = native;
  }

  opened(id: number, layout: RingLayout): void {
    this.#rings.set(id, new RingFrames(this.#native, layout));
  }

  /** Unless the session has ended meanwhile. */
  retired(id: number): void {
    this.#rings.get(id)?.retire();
    this.#rings.delete(id);
  }

  /**
   * The frame in a slot, or one that is lent. Encoders and filters may hold it unless they hold too many
   * slots: then it is copied.
   */
  pixels(place: FramePlace, layout: FrameLayout): Pixels {
    if (!("lent" in place)) return this.#rings.get(place.ring)!.pixels(place.slot, layout);
    const frame = this.#borrowed ??= new NativeFrame(this.#native);
    frame.referPicture(place.lent);
    return frame;
  }

  /** The slots that nobody refers to any more once a frame was encoded. */
  freed(encoded: FramePlace): SlotPlace[] {
    this.#borrowed?.unref();
    const { ring: last, slot } = "lent" in encoded ? { ring: null, slot: null } : encoded;
    return [...this.#rings].flatMap(([ring, frames]) =>
      frames.freed(ring === last ? slot : null).map((slot) => ({ ring, slot }))
    );
  }

  /** Frees the frames once nobody refers to them. */
  [Symbol.dispose](): void {
    for (const id of this.#rings.keys()) this.retired(id);
    this.#borrowed?.[Symbol.dispose]();
    this.#borrowed = null;
  }
}

/** The frames of one ring. */
class RingFrames {
  readonly #native: Native;
  readonly #ring: RingLayout;
  readonly #memory: KernelMemory;
  readonly #frames = new Map<number, SharedFrame>();
  /** The layouts of the frames in slots. */
  readonly #shown = new Map<number, FrameLayout>();
  /** Slots with frames that may be referenced. */
  readonly #held = new Set<number>();

  constructor(native: Native, ring: RingLayout) {
    this.#native = native;
    this.#ring = ring;
    this.#memory = new KernelMemory(ring.memory);
  }

  pixels(slot: number, layout: FrameLayout): Pixels {
    const { slotBytes, keptSlots } = this.#ring;
    const part = { address: slot * slotBytes, bytes: slotBytes };
    if (this.#held.size >= keptSlots) return tightPlanes(this.#memory.view(part), layout);
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

  /** The slots that are free, among them the one with a frame that was just encoded, if it is. */
  freed(encoded: number | null): number[] {
    const free = [...this.#held].filter((held) => this.#frames.get(held)!.isWritable);
    for (const held of free) this.#held.delete(held);
    return encoded === null || this.#held.has(encoded) || free.includes(encoded) ? free : [...free, encoded];
  }

  retire(): void {
    this.#memory.retire();
    for (const frame of this.#frames.values()) frame[Symbol.dispose]();
    this.#frames.clear();
  }
}
