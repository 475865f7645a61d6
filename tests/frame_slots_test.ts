import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Address } from "../ffi/mod.ts";
import { RefusedCall } from "../src/engine/refused_call.ts";
import { type AcquiredSlot, FrameSlots, type RingEvents } from "../src/thread/frame_slots.ts";
import type { SlotPlace } from "../src/thread/ring.ts";
import { frameBytes, type FrameLayout, tightPlanes } from "../src/video/raw_frame.ts";
import { seeded } from "./support/chance.ts";

/** Gray pictures, one byte a pixel. */
function layoutOf(width: number, height: number): FrameLayout {
  const format = { name: "gray" } as FrameLayout["format"];
  return { format, width, height, planes: [{ rowBytes: width, rows: height }] };
}

/** Whether a frame that was filled with a byte still is, by samples. */
function isWhole(bytes: Uint8Array, mark: number): boolean {
  return [0, bytes.length >> 1, bytes.length - 1].every((at) => bytes[at] === mark);
}

const nothing: RingEvents = { opened: () => {}, retired: () => {} };

/** What a slot's owner must not find changed. */
interface Held {
  readonly place: SlotPlace;
  readonly bytes: Uint8Array;
  readonly mark: number;
}

/** Plays the thread that encodes, whose encoder holds on to up to so many frames of each ring. */
class Encoder implements RingEvents {
  readonly rings = new Map<number, number>();
  readonly queue: Held[] = [];
  readonly kept: Held[] = [];

  opened(id: number, { keptSlots }: { readonly keptSlots: number }): void {
    this.rings.set(id, keptSlots);
  }

  retired(id: number): void {
    assert(
      [...this.queue, ...this.kept].every(({ place }) => place.ring !== id),
      "a ring in use was retired",
    );
    assert(this.rings.delete(id));
  }

  /** Encodes one frame, and may keep it, or let go of others. */
  step(slots: FrameSlots, next: () => number): void {
    const taken = this.queue.shift()!;
    for (const { bytes, mark } of [taken, ...this.kept]) {
      assert(isWhole(bytes, mark), "a frame was overwritten");
    }
    const inRing = this.kept.filter(({ place }) => place.ring === taken.place.ring).length;
    const freed: SlotPlace[] = [];
    if (inRing < this.rings.get(taken.place.ring)! && next() % 3 > 0) this.kept.push(taken);
    else freed.push(taken.place);
    while (this.kept.length > 0 && next() % 4 === 0) {
      freed.push(...this.kept.splice(next() % this.kept.length, 1).map(({ place }) => place));
    }
    slots.take(taken.place, freed);
  }
}

/** Asks for room; `"all held"` where it is refused. */
function ask(room: () => Promise<void> | null): Promise<void> | null | "all held" {
  try {
    return room();
  } catch (error) {
    assert(error instanceof RangeError, String(error));
    return "all held";
  }
}

/** One random program; returns how often it was given, had to wait for and was refused a slot. */
function play(seed: number): { given: number; waited: number; refused: number } {
  const next = seeded(seed);
  const queueSize = 1 + next() % 5;
  const encoder = new Encoder();
  const slots = new FrameSlots(queueSize, encoder);
  const held: { data: Uint8Array; layout: FrameLayout; mark: number }[] = [];
  const stale: Uint8Array[] = [];
  const count = { given: 0, waited: 0, refused: 0 };
  let side = 4, mark = 0;
  for (let step = 0; step < 300; step++) {
    if (next() % 20 === 0) side = Math.min(200, side + next() % 9);
    const layout = layoutOf(1 + next() % side, 1 + next() % side);
    const action = next() % 8;
    const free = queueSize - held.length - encoder.queue.length;
    assertEquals(slots.free, free);
    assertEquals(slots.queued, encoder.queue.length);
    if (action < 2 || action === 5) {
      const room = ask(() => action < 2 ? slots.roomToAcquire : slots.roomToWrite);
      assertEquals(room === "all held", held.length === queueSize);
      assertEquals(room === null, free > 0);
      // What is waited for must come by itself.
      if (room instanceof Promise) assert(encoder.queue.length > 0);
      if (room !== null) {
        count[room === "all held" ? "refused" : "waited"]++;
        continue;
      }
      mark = (mark + 1) & 255;
      count.given++;
      if (action < 2) {
        const data = slots.acquire(layout).fill(mark);
        held.push({ data, layout, mark });
      } else {
        const bytes = new Uint8Array(frameBytes(layout)).fill(mark);
        const place = slots.enqueueCopy(tightPlanes(bytes, layout), layout);
        encoder.queue.push({ place, bytes, mark });
      }
    } else if (action === 2 && held.length > 0) {
      const [{ data, layout, mark }] = held.splice(next() % held.length, 1) as [typeof held[number]];
      assert(isWhole(data, mark), "an acquired frame was overwritten");
      const slot = slots.offer(data)!;
      const place = slots.enqueue(slot, tightPlanes(data, layout), layout);
      slots.endOffer(slot);
      encoder.queue.push({ place, bytes: data, mark });
      stale.push(data);
    } else if (action === 3 && held.length > 0) {
      const [{ data }] = held.splice(next() % held.length, 1) as [typeof held[number]];
      assert(slots.release(data));
      stale.push(data);
    } else if (action === 4 && stale.length > 0) {
      // Frames that were written or released before change nothing, though others have their memory now.
      const data = stale[next() % stale.length]!;
      assert(slots.release(data));
      const slot = slots.offer(data)!;
      assertThrows(() => slots.enqueue(slot, tightPlanes(data, layout), layout), RefusedCall);
      slots.endOffer(slot);
    } else if (encoder.queue.length > 0) encoder.step(slots, next);
  }
  while (encoder.queue.length > 0) encoder.step(slots, next);
  for (const { data } of held) slots.release(data);
  slots.take(
    slots.enqueueCopy(tightPlanes(new Uint8Array(1), layoutOf(1, 1)), layoutOf(1, 1)),
    encoder.kept.splice(0).map(({ place }) => place),
  );
  assertEquals([...encoder.rings.keys()].length, 1, "rings that nobody uses are left");
  return count;
}

test("FrameSlots: in random programs each frame is whole, and nothing waits for what cannot come", () => {
  const total = { given: 0, waited: 0, refused: 0 };
  for (let seed = 1; seed <= 60; seed++) {
    try {
      const { given, waited, refused } = play(seed);
      total.given += given;
      total.waited += waited;
      total.refused += refused;
    } catch (error) {
      throw new Error(`With seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  assert(total.given > 3000 && total.waited > 300 && total.refused > 300, JSON.stringify(total));
});

test("FrameSlots.offer: a frame whose write waits for its turn is neither the program's nor free", () => {
  const slots = new FrameSlots(1, nothing);
  const layout = layoutOf(8, 8);
  const data = slots.acquire(layout);
  assertThrows(() => slots.roomToAcquire, RangeError, "all 1 frames");
  const slot = slots.offer(data)!;
  assert(slots.roomToAcquire instanceof Promise);
  // A write that copies comes before it in line, and so has to be told.
  assertThrows(() => slots.roomToWrite, RangeError, "all 1 frames");
  assertEquals(slots.free, 0);
  slots.endOffer(slot);
  assertThrows(() => slots.roomToAcquire, RangeError, "all 1 frames");
  // Released while its write waits: free once that is refused.
  slots.offer(data);
  assert(slots.release(data));
  assertEquals(slots.free, 0);
  slots.endOffer(slot);
  assertEquals(slots.free, 1);
});

test("FrameSlots.roomToAcquire: resolves when a frame is encoded, given back, or the session ends", async () => {
  const layout = layoutOf(8, 8);
  const planes = tightPlanes(new Uint8Array(64), layout);
  const makers: readonly ((slots: FrameSlots, place: SlotPlace, slot: AcquiredSlot) => void)[] = [
    (slots, place) => slots.take(place, [place]),
    (slots, _place, slot) => slots.release(slot.ring.bytes(slot.slot, 64)),
    (slots) => slots.end(new Error("over")),
  ];
  for (const makeRoom of makers) {
    const slots = new FrameSlots(2, nothing);
    const slot = slots.offer(slots.acquire(layout))!;
    slots.endOffer(slot);
    const place = slots.enqueueCopy(planes, layout);
    const room = slots.roomToAcquire;
    assert(room !== null);
    makeRoom(slots, place, slot);
    await room;
    assertEquals(slots.roomToAcquire, null);
  }
});

test("FrameSlots.end: later calls get its error, and nothing is held any more", () => {
  const slots = new FrameSlots(2, nothing);
  const layout = layoutOf(8, 8);
  const data = slots.acquire(layout);
  const slot = slots.offer(data)!;
  slots.end(new Error("over"));
  assertEquals([slots.queued, slots.free, slots.roomToAcquire], [0, 0, null]);
  assertThrows(() => slots.acquire(layout), Error, "over");
  assertThrows(() => slots.enqueue(slot, tightPlanes(data, layout), layout), Error, "over");
  slots.endOffer(slot);
  assert(slots.release(data));
});

test("FrameSlots.acquire: frames that grow and grow get few rings, and those of the past are retired", () => {
  let opened = 0, open = 0;
  const slots = new FrameSlots(4, { opened: () => void (opened++, open++), retired: () => void open-- });
  for (let side = 8; side < 308; side++) {
    assert(slots.release(slots.acquire(layoutOf(side, side))));
    assertEquals(open, 1);
  }
  // From 64 to 94,249 bytes, each twice as large as the one before.
  assertEquals(opened, 12);
  assert(slots.usedBytes < 2.1 * 2 ** 17, String(slots.usedBytes));
});

test("FrameSlots.enqueueLent: a frame takes a place of the queue, and is given back once it was taken, or at the end", () => {
  const slots = new FrameSlots(3, nothing);
  const holders = [0, 0, 0];
  const frames = holders.map((_, index) => ({
    address: BigInt(index + 1) as Address,
    hold: (shares: number) => void (holders[index]! += shares),
    release: () => void holders[index]!--,
  }));
  const places = frames.map((frame) => slots.enqueueLent(frame));
  assertEquals([places.map(({ lent }) => lent), slots.queued, slots.free], [[1n, 2n, 3n], 3, 0]);
  assertEquals(holders, [1, 1, 1]);
  slots.take(places[0]!, []);
  assertEquals([holders, slots.queued, slots.free], [[0, 1, 1], 2, 1]);
  slots.end(new Error("enough"));
  assertEquals([holders, slots.queued], [[0, 0, 0], 0]);
  assertThrows(() => slots.enqueueLent(frames[0]!), Error, "enough");
});
