/**
 * The ring: a few frames in shared memory, on their way from the thread that draws them to the one that
 * encodes them.
 *
 * @module
 */
import type { Address } from "../../ffi/mod.ts";
import { maxMemoryBytes, sharedMemory } from "../video/kernels/kernel_memory.ts";
import { copyRows, frameBytes, type FrameLayout, type PlaneView, tightPlanes } from "../video/raw_frame.ts";

/**
 * Libraries may read a few bytes beyond a plane (AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h), and whole
 * cache lines are copied faster.
 */
const paddingBytes = 64;

/** Slots that encoders and filters may hold, however short the queue is. Only used ones take memory. */
const minKeptSlots = 4;

/** The other half of a memory is for what the frames become. */
const ringBytes = maxMemoryBytes / 2;

/** Who has a slot: nobody, the program, the queue, or an encoder or filter that refers to it. */
export type SlotOwner = "nobody" | "program" | "queue" | "encoder";

/** Where a frame is. */
export interface SlotPlace {
  /** The ring's number. */
  readonly ring: number;
  readonly slot: number;
}

/** A frame that the thread of a decoder lends until it was encoded. */
export interface LentPlace {
  /** The AVFrame. */
  readonly lent: Address;
}

/** Where the pixels of a frame are. */
export type FramePlace = SlotPlace | LentPlace;

/** What the thread that encodes must know of a ring. */
export interface RingLayout {
  readonly memory: WebAssembly.Memory;
  readonly slotBytes: number;
  /** How many slots encoders and filters may hold. */
  readonly keptSlots: number;
}

function slotBytesFor(bytes: number): number {
  return (Math.ceil(bytes / paddingBytes) + 1) * paddingBytes;
}

function keptSlotsFor(queueSize: number): number {
  return Math.max(minKeptSlots, queueSize);
}

/**
 * Frames of up to a size in shared memory. It is WebAssembly memory, so that kernels read it in place; it
 * takes room only where it is written to.
 *
 * A ring has slots for the program and the queue (`limit`), and more for what encoders hold, so that neither
 * ever waits for the other.
 */
export class FrameRing {
  /** Its number. */
  readonly id: number;
  /** The largest frame in bytes. */
  readonly frameBytes: number;
  /** How many frames program and queue may have. */
  readonly limit: number;
  /** What the other thread must know. */
  readonly layout: RingLayout;
  /** The memory's bytes. `memory.buffer` is replaced when the reader grows the memory. */
  readonly buffer: ArrayBufferLike;
  readonly #owners: SlotOwner[];
  #usedSlots = 0;

  /**
   * Creates a ring with fewer slots where 32-bit addresses do not reach further. Throws a `RangeError` where
   * even one is too large, or there is no memory.
   */
  constructor(id: number, bytes: number, queueSize: number) {
    this.id = id;
    this.frameBytes = bytes;
    const slotBytes = slotBytesFor(bytes);
    if (slotBytes > maxMemoryBytes) {
      throw new RangeError(
        `Cannot write a frame of ${bytes} bytes: FFmpeg takes pictures of at most 2 GiB; scale it first`,
      );
    }
    const possible = Math.max(1, Math.floor(ringBytes / slotBytes));
    this.limit = Math.min(queueSize, possible);
    const keptSlots = Math.min(keptSlotsFor(queueSize), possible - this.limit);
    const slots = this.limit + keptSlots;
    const memory = sharedMemory(slots * slotBytes);
    this.layout = { memory, slotBytes, keptSlots };
    this.buffer = memory.buffer;
    this.#owners = new Array<SlotOwner>(slots).fill("nobody");
  }

  /**
   * The size of the next ring's frames, where `bytes` are too many for this one: twice this one's, so that
   * frames that grow and grow need few rings, unless there would be fewer slots.
   */
  nextFrameBytes(bytes: number, queueSize: number): number {
    const roomy = Math.max(bytes, 2 * this.frameBytes);
    const slots = queueSize + keptSlotsFor(queueSize);
    return slots * slotBytesFor(roomy) <= ringBytes ? roomy : bytes;
  }

  /** Bytes that were written to at some time. */
  get usedBytes(): number {
    return this.#usedSlots * this.layout.slotBytes;
  }

  /** Whether nobody has a slot. */
  get isUnused(): boolean {
    return this.#owners.every((owner) => owner === "nobody");
  }

  /** Gives the first slot that nobody has to an owner; returns its number. */
  take(owner: SlotOwner): number {
    const slot = this.#owners.indexOf("nobody");
    if (slot < 0) throw new Error("The ring is full");
    this.#owners[slot] = owner;
    this.#usedSlots = Math.max(this.#usedSlots, slot + 1);
    return slot;
  }

  /** Gives a slot to another owner. */
  give(slot: number, owner: SlotOwner): void {
    this.#owners[slot] = owner;
  }

  /** A slot's bytes, from the first on. */
  bytes(slot: number, length: number): Uint8Array {
    return new Uint8Array(this.buffer, slot * this.layout.slotBytes, length);
  }

  /** Whether planes are those of a whole frame in a slot. */
  isWhole(slot: number, planes: readonly PlaneView[], layout: FrameLayout): boolean {
    const length = frameBytes(layout);
    if (length > this.frameBytes) return false;
    return tightPlanes(this.bytes(slot, length), layout).every(({ bytes, stride }, index) => {
      const plane = planes[index]!;
      return plane.bytes.buffer === this.buffer && plane.bytes.byteOffset === bytes.byteOffset &&
        plane.stride === stride;
    });
  }

  /** Copies a frame into a slot. */
  fill(slot: number, planes: readonly PlaneView[], layout: FrameLayout): void {
    const to = tightPlanes(this.bytes(slot, frameBytes(layout)), layout);
    for (const [index, { bytes }] of to.entries()) {
      const { rowBytes, rows } = layout.planes[index]!;
      copyRows(planes[index]!.bytes, planes[index]!.stride, bytes, rowBytes, rows);
    }
  }
}
