/**
 * The memory of a writer's frames: who has which slot, and who may have one.
 *
 * @module
 */
import { Gate } from "../gate.ts";
import type { CheckedPixels, LentFrame } from "../engine/checked_frame.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import { frameBytes, type FrameLayout, type PlaneView } from "../video/raw_frame.ts";
import { type FramePlace, FrameRing, type LentPlace, type RingLayout, type SlotPlace } from "./ring.ts";

/** A slot that a program acquired. */
export interface AcquiredSlot {
  readonly ring: FrameRing;
  readonly slot: number;
  /** Calls of `write` that wait for their turn with this frame. */
  offers: number;
  /** Whether the program gave it back. Where its `write` waits, it is free only if that refuses it. */
  isReleased: boolean;
}

/** Where rings come and go. */
export interface RingEvents {
  /** Frames may be in this ring from now on. */
  opened(id: number, layout: RingLayout): void;
  /** No frame is in this ring any more. */
  retired(id: number): void;
}

/**
 * The one owner of all slots.
 *
 * A slot belongs to the program (acquired), to the queue (written, not yet encoded), to the encoder (encoded,
 * and still referred to), or to nobody. Program and queue together have at most `queueSize`; what the encoder
 * holds lies beyond that. So a call that needs a slot waits for the queue alone, which always moves on. Where
 * the queue is empty, the program has all slots itself, and the call is refused.
 */
export class FrameSlots {
  readonly #queueSize: number;
  readonly #events: RingEvents;
  /** All rings with frames; new frames go into the last. */
  readonly #rings = new Map<number, FrameRing>();
  #current: FrameRing | null = null;
  readonly #acquired = new Set<AcquiredSlot>();
  /** The slots of memory that was acquired at any time. */
  readonly #known = new WeakMap<Uint8Array, AcquiredSlot>();
  #queued = 0;
  /** Frames in the queue that are lent, in order. */
  readonly #lent: LentFrame[] = [];
  readonly #room = new Gate();
  /** Bytes that were used in rings that are retired. */
  #retiredBytes = 0;
  /** Why there are no more slots. */
  #end: { readonly error: unknown } | null = null;

  /** For a queue of so many frames. */
  constructor(queueSize: number, events: RingEvents) {
    this.#queueSize = queueSize;
    this.#events = events;
  }

  /** How many frames wait to be encoded. */
  get queued(): number {
    return this.#queued;
  }

  /** How many more frames there is room for. */
  get free(): number {
    if (this.#end !== null) return 0;
    return Math.max(0, this.limit - this.#acquired.size - this.#queued);
  }

  /** Bytes of all the memory that frames were in. */
  get usedBytes(): number {
    return this.#rings.values().reduce((bytes, ring) => bytes + ring.usedBytes, this.#retiredBytes);
  }

  /**
   * What a `write` that copies waits for; `null` where there is room. Acquired frames are written only after
   * it. Throws a `RangeError` where the program has all slots.
   */
  get roomToWrite(): Promise<void> | null {
    return this.#roomBeside(this.#acquired.size);
  }

  /** What somebody waits for who needs room for so many frames; `null` where there is, or will never be. */
  roomFor(frames: number): Promise<void> | null {
    return this.#end !== null || this.free >= frames ? null : this.#room.opened;
  }

  /** What an `acquire` waits for, likewise. Frames whose `write` waits for its turn go on without it. */
  get roomToAcquire(): Promise<void> | null {
    return this.#roomBeside([...this.#acquired].filter(({ offers }) => offers === 0).length);
  }

  /** Memory for a program to draw a frame in. Requires room. */
  acquire(layout: FrameLayout): Uint8Array {
    if (this.#end !== null) throw this.#end.error;
    const bytes = frameBytes(layout);
    const ring = this.#ringFor(bytes);
    const acquired = { ring, slot: ring.take("program"), offers: 0, isReleased: false };
    const data = ring.bytes(acquired.slot, bytes);
    this.#acquired.add(acquired);
    this.#known.set(data, acquired);
    return data;
  }

  /**
   * The slot of a frame that is to be written when its turn comes; `null` where its memory is the program's
   * own.
   */
  offer(data: unknown): AcquiredSlot | null {
    const found = this.#find(data);
    if (found !== null) found.offers++;
    return found;
  }

  /** The `write` that offered a slot has ended. */
  endOffer(acquired: AcquiredSlot): void {
    acquired.offers--;
    if (acquired.offers === 0 && acquired.isReleased) this.#giveBack(acquired);
    else this.tellRoom();
  }

  /**
   * Gives an acquired frame back; does nothing where it was written or released already. Returns `false`
   * where the memory is not this writer's.
   */
  release(data: unknown): boolean {
    const found = this.#find(data);
    if (found === null) return false;
    if (!this.#acquired.has(found)) return true;
    found.isReleased = true;
    if (found.offers === 0) this.#giveBack(found);
    return true;
  }

  /** Puts a frame into the queue: one that is lent, an acquired one, or (`null`) a copy of any other. */
  put(picture: CheckedPixels, slot: AcquiredSlot | null): FramePlace {
    if (picture.kind === "lent") return this.enqueueLent(picture.frame);
    const { planes, layout } = picture;
    return slot === null ? this.enqueueCopy(planes, layout) : this.enqueue(slot, planes, layout);
  }

  /**
   * Puts an acquired frame into the queue. Throws a {@linkcode RefusedCall} where it is no longer acquired,
   * or its planes have another layout.
   */
  enqueue(slot: AcquiredSlot, planes: readonly PlaneView[], layout: FrameLayout): SlotPlace {
    if (this.#end !== null) throw this.#end.error;
    if (!this.#acquired.has(slot)) {
      throw refused(
        `Cannot write the frame: it was acquired, and ${
          slot.isReleased ? "released" : "written"
        } already; acquire another one for each write`,
      );
    }
    if (!slot.ring.isWhole(slot.slot, planes, layout)) {
      throw refused(
        "Cannot write the frame: it lies in a part of an acquired one; write the frame as acquire gave it",
      );
    }
    this.#acquired.delete(slot);
    slot.ring.give(slot.slot, "queue");
    this.#queued++;
    return { ring: slot.ring.id, slot: slot.slot };
  }

  /**
   * Copies a frame into the queue. Throws a {@linkcode RefusedCall} where it is too large, or there is no
   * room: `offer` found an acquired frame in it, and now it is another one.
   */
  enqueueCopy(planes: readonly PlaneView[], layout: FrameLayout): SlotPlace {
    if (this.#end !== null) throw this.#end.error;
    if (this.free === 0) throw refused("Cannot write the frame: its data changed while write waited");
    const ring = this.#ringFor(frameBytes(layout));
    const slot = ring.take("queue");
    ring.fill(slot, planes, layout);
    this.#queued++;
    return { ring: ring.id, slot };
  }

  /** Puts a frame that is lent into the queue, where it takes a place, but no memory. Takes a share of it. */
  enqueueLent(frame: LentFrame): LentPlace {
    if (this.#end !== null) throw this.#end.error;
    frame.hold(1);
    this.#lent.push(frame);
    this.#queued++;
    return { lent: frame.address };
  }

  /** A frame of the queue was encoded. Nobody refers to these slots any more, that frame's or others. */
  take(encoded: FramePlace, freed: readonly SlotPlace[]): void {
    if (this.#end !== null) return;
    this.#queued--;
    if ("lent" in encoded) this.#lent.shift()!.release();
    else this.#rings.get(encoded.ring)!.give(encoded.slot, "encoder");
    for (const { ring, slot } of freed) this.#rings.get(ring)!.give(slot, "nobody");
    this.#retire();
    this.tellRoom();
  }

  /**
   * Ends all: there is no room any more, and who asks for a slot gets this error. Drops the memory. No frame
   * must be read from now on.
   */
  end(error: unknown): void {
    this.#end ??= { error };
    this.#queued = 0;
    for (const frame of this.#lent.splice(0)) frame.release();
    this.#acquired.clear();
    this.#current = null;
    for (const ring of this.#rings.values()) this.#drop(ring);
    this.tellRoom();
  }

  /** Has those that wait for room look again. */
  tellRoom(): void {
    this.#room.open();
  }

  /** How many frames there is room for at most. */
  get limit(): number {
    return this.#current?.limit ?? this.#queueSize;
  }

  #roomBeside(held: number): Promise<void> | null {
    if (this.#end !== null) return null;
    if (held >= this.limit) {
      throw new RangeError(
        `Cannot take another frame: all ${this.limit} frames of this writer's queue are acquired; write or release one of them first, or make the writer with a larger queueSize`,
      );
    }
    if (this.free > 0) return null;
    return this.#room.opened;
  }

  /** The slot that a program's memory is in, or was: by the very view, or else by its place. */
  #find(data: unknown): AcquiredSlot | null {
    const view = Array.isArray(data) ? data[0] : data;
    if (!ArrayBuffer.isView(view)) return null;
    const known = this.#known.get(view as Uint8Array);
    if (known !== undefined) return known;
    const ring = this.#rings.values().find(({ buffer }) => buffer === view.buffer);
    if (ring === undefined) return null;
    const slot = Math.floor(view.byteOffset / ring.layout.slotBytes);
    const found = [...this.#acquired].find((acquired) => acquired.ring === ring && acquired.slot === slot);
    return found ?? { ring, slot, offers: 0, isReleased: false };
  }

  #giveBack(acquired: AcquiredSlot): void {
    if (!this.#acquired.delete(acquired)) return;
    acquired.ring.give(acquired.slot, "nobody");
    this.#retire();
    this.tellRoom();
  }

  #ringFor(bytes: number): FrameRing {
    if (this.#current !== null && bytes <= this.#current.frameBytes) return this.#current;
    const ring = this.#createRing(bytes);
    this.#current = ring;
    this.#rings.set(ring.id, ring);
    this.#events.opened(ring.id, ring.layout);
    this.#retire();
    return ring;
  }

  #createRing(bytes: number): FrameRing {
    const current = this.#current;
    try {
      if (current === null) return new FrameRing(1, bytes, this.#queueSize);
      return new FrameRing(
        current.id + 1,
        current.nextFrameBytes(bytes, this.#queueSize),
        this.#queueSize,
      );
    } catch (error) {
      throw new RefusedCall(error);
    }
  }

  /** Drops the rings that no frame is in, and that get no new ones. */
  #retire(): void {
    for (const [id, ring] of this.#rings) {
      if (ring === this.#current || !ring.isUnused) continue;
      this.#drop(ring);
      this.#events.retired(id);
    }
  }

  #drop(ring: FrameRing): void {
    this.#rings.delete(ring.id);
    this.#retiredBytes += ring.usedBytes;
  }
}

function refused(message: string): RefusedCall {
  return new RefusedCall(new TypeError(message));
}
