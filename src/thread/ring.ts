/**
 * The ring: a few frames in shared memory, on their way from the thread that draws them to the one that
 * encodes them.
 *
 * @module
 */
import { maxMemoryBytes, sharedMemory } from "../video/kernels/kernel_memory.ts";
import { copyRows, frameBytes, type FrameLayout, type PlaneView, tightPlanes } from "../video/raw_frame.ts";
import { RefusedCall } from "../engine/refused_call.ts";

/**
 * Libraries may read a few bytes beyond a plane (AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h), and whole
 * cache lines are copied faster.
 */
const paddingBytes = 64;

type SlotState = "free" | "acquired" | "taken";

/** Frames in shared memory. It is WebAssembly memory, so that kernels read it in place. */
export class FrameRing {
  /** The memory: slots from its first byte on, followed by the reader's own part. */
  readonly memory: WebAssembly.Memory;
  /** The largest frame in bytes. */
  readonly frameBytes: number;
  /** Bytes from one slot to the next. */
  readonly slotBytes: number;
  /** The memory's bytes. `memory.buffer` is replaced when the reader grows the memory. */
  readonly #buffer: ArrayBufferLike;
  readonly #slots: SlotState[];

  /**
   * Creates a ring of frames of a size, with fewer slots where 32-bit addresses do not reach further. Throws
   * a `RangeError` where even one is too large.
   */
  constructor(bytes: number, count: number) {
    this.frameBytes = bytes;
    this.slotBytes = (Math.ceil(bytes / paddingBytes) + 1) * paddingBytes;
    const possible = Math.floor(maxMemoryBytes / 2 / this.slotBytes);
    const slots = Math.max(1, Math.min(count, possible));
    if (slots * this.slotBytes > maxMemoryBytes) {
      throw new RangeError(
        `Cannot write a frame of ${bytes} bytes: FFmpeg takes pictures of at most 2 GiB; scale it first`,
      );
    }
    this.memory = sharedMemory(slots * this.slotBytes);
    this.#buffer = this.memory.buffer;
    this.#slots = new Array<SlotState>(slots).fill("free");
  }

  /** How many slots there are. */
  get slots(): number {
    return this.#slots.length;
  }

  /** Whether a slot is free. */
  get hasRoom(): boolean {
    return this.#slots.includes("free");
  }

  /**
   * Throws a `RangeError` where the program holds all slots: none becomes free before it writes one of them.
   */
  requireNotHeld(): void {
    if (this.#slots.some((state) => state !== "acquired")) return;
    throw new RangeError(
      `Cannot take another frame: all ${this.#slots.length} frames of this writer's queue are acquired; write one of them first, or make the writer with a larger queueSize`,
    );
  }

  /** Acquires a free slot for a program to draw in. Requires one. */
  acquire(bytes: number): Uint8Array {
    const slot = this.#take("acquired");
    return new Uint8Array(this.#buffer, slot * this.slotBytes, bytes);
  }

  /**
   * Takes back an acquired slot with the program's frame; returns its number, or `null` for planes in other
   * memory. Throws a {@linkcode RefusedCall} where the slot is not acquired, or the planes have another
   * layout.
   */
  claim(planes: readonly PlaneView[], layout: FrameLayout): number | null {
    const inside = planes.find(({ bytes }) => bytes.buffer === this.#buffer);
    if (inside === undefined) return null;
    const slot = Math.floor(inside.bytes.byteOffset / this.slotBytes);
    if (this.#slots[slot] !== "acquired") {
      throw refused(
        "Cannot write the frame: it was acquired, and written already; acquire another one for each write",
      );
    }
    const expected = tightPlanes(new Uint8Array(this.#buffer, slot * this.slotBytes), layout);
    const isWhole = expected.every(({ bytes, stride }, index) => {
      const plane = planes[index]!;
      return plane.bytes.buffer === this.#buffer && plane.bytes.byteOffset === bytes.byteOffset &&
        plane.stride === stride;
    });
    if (!isWhole) {
      throw refused(
        "Cannot write the frame: it lies in a part of an acquired one; write the frame as acquire gave it",
      );
    }
    this.#slots[slot] = "taken";
    return slot;
  }

  /** Copies planes into a free slot; returns its number. Requires one. */
  fill(planes: readonly PlaneView[], layout: FrameLayout): number {
    const slot = this.#take("taken");
    const ring = new Uint8Array(this.#buffer, slot * this.slotBytes, frameBytes(layout));
    for (const [index, { bytes }] of tightPlanes(ring, layout).entries()) {
      const { rowBytes, rows } = layout.planes[index]!;
      copyRows(planes[index]!.bytes, planes[index]!.stride, bytes, rowBytes, rows);
    }
    return slot;
  }

  /** Frees a slot. */
  free(slot: number): void {
    this.#slots[slot] = "free";
  }

  #take(state: SlotState): number {
    const slot = this.#slots.indexOf("free");
    if (slot < 0) throw new Error("The ring is full");
    this.#slots[slot] = state;
    return slot;
  }
}

function refused(message: string): RefusedCall {
  return new RefusedCall(new TypeError(message));
}
