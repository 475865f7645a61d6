import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { TurnQueue } from "../src/writer/turn_queue.ts";

/** Room that a test makes and takes away. */
class Room {
  #waiting: PromiseWithResolvers<void> | null = null;
  isFull = false;

  readonly ask = (): Promise<void> | null => {
    if (!this.isFull) return null;
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  };

  /** Has those that wait ask again. */
  change(isFull: boolean): void {
    this.isFull = isFull;
    this.#waiting?.resolve();
    this.#waiting = null;
  }
}

/** Lets all promises that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("TurnQueue.run: runs an action before run returns where there is room and no call waits", async () => {
  const queue = new TurnQueue();
  let isDone = false;
  const call = queue.run(() => null, () => {
    isDone = true;
    return 5;
  });
  assertEquals(isDone, true);
  assertEquals(await call, 5);
});

test("TurnQueue.run: runs calls in order once there is room, and asks for each", async () => {
  const room = new Room();
  const queue = new TurnQueue();
  const done: number[] = [];
  room.isFull = true;
  const calls = [1, 2, 3].map((number) =>
    queue.run(room.ask, () => {
      done.push(number);
      room.isFull = true;
    })
  );
  await settle();
  assertEquals(done, []);
  for (const expected of [[1], [1, 2], [1, 2, 3]]) {
    room.change(false);
    await settle();
    assertEquals(done, expected);
  }
  await Promise.all(calls);
});

test("TurnQueue.run: goes on waiting where room was made but is taken again", async () => {
  const room = new Room();
  const queue = new TurnQueue();
  room.isFull = true;
  let isDone = false;
  const call = queue.run(room.ask, () => void (isDone = true));
  room.change(true);
  await settle();
  assertEquals(isDone, false);
  room.change(false);
  await call;
  assertEquals(isDone, true);
});

test("TurnQueue.run: needs no room for a call that says so, but keeps its turn", async () => {
  const room = new Room();
  const queue = new TurnQueue();
  room.isFull = true;
  const done: string[] = [];
  await queue.run(null, () => done.push("first"));
  const waiting = queue.run(room.ask, () => done.push("second"));
  const last = queue.run(null, () => done.push("third"));
  await settle();
  assertEquals(done, ["first"]);
  room.change(false);
  await Promise.all([waiting, last]);
  assertEquals(done, ["first", "second", "third"]);
});

test("TurnQueue.hold: makes later calls wait, also where the call fails", async () => {
  const queue = new TurnQueue();
  const held = Promise.withResolvers<void>();
  const done: string[] = [];
  const holding = queue.hold(held.promise).catch(() => done.push("failed"));
  const later = queue.run(() => null, () => done.push("later"));
  await settle();
  assertEquals(done, []);
  held.reject(new Error("no"));
  await Promise.all([holding, later]);
  assertEquals(done.toSorted(), ["failed", "later"]);
});

test("TurnQueue.run: a call that fails rejects alone, and the next one runs", async () => {
  const room = new Room();
  const queue = new TurnQueue();
  room.isFull = true;
  const failing = queue.run(room.ask, () => Promise.reject(new RangeError("wrong")));
  const next = queue.run(room.ask, () => "done");
  room.change(false);
  await assertRejects(() => failing, RangeError, "wrong");
  assertEquals(await next, "done");
  const refuse = (): never => {
    throw new RangeError("all acquired");
  };
  await assertRejects(() => queue.run(refuse, () => {}), RangeError, "all acquired");
});

test("TurnQueue.drain: resolves once no call waits, those made in the meantime among them", async () => {
  const room = new Room();
  const queue = new TurnQueue();
  room.isFull = true;
  const done: string[] = [];
  const first = queue.run(room.ask, async () => {
    void queue.run(room.ask, () => done.push("second"));
    await settle();
    done.push("first");
  });
  assertEquals(queue.isIdle, false);
  const drained = queue.drain().then(() => done.push("drained"));
  room.change(false);
  await Promise.all([first, drained]);
  assertEquals(done, ["first", "second", "drained"]);
  assertEquals(queue.isIdle, true);
});

test("TurnQueue.runAside: waits for the calls before, and none in line waits for it", async () => {
  const room = new Room();
  const queue = new TurnQueue();
  const held = Promise.withResolvers<void>();
  const done: string[] = [];
  const calls = [queue.hold(held.promise.then(() => done.push("held")))];
  calls.push(queue.runAside(() => null, () => done.push("first aside")));
  room.isFull = true;
  calls.push(queue.runAside(room.ask, () => done.push("second aside")));
  calls.push(queue.runAside(() => null, () => done.push("third aside")));
  await settle();
  assertEquals(done, []);
  held.resolve();
  await settle();
  assertEquals(done, ["held", "first aside"]);
  calls.push(queue.run(() => null, () => done.push("in line")));
  assertEquals(done, ["held", "first aside", "in line"]);
  assertEquals([queue.isIdle, queue.isFree, queue.waiting], [false, true, 0]);
  const drained = queue.drain().then(() => done.push("drained"));
  room.change(false);
  await Promise.all([...calls, drained]);
  assertEquals(done.slice(3), ["second aside", "third aside", "drained"]);
  assertEquals(queue.isIdle, true);
});

test("TurnQueue.runAside: runs an action before runAside returns where there is room and no call waits", async () => {
  const queue = new TurnQueue();
  let isDone = false;
  const call = queue.runAside(() => null, () => void (isDone = true));
  assertEquals(isDone, true);
  await call;
});

test("TurnQueue.waiting: counts calls in line from their beginning to their turn", async () => {
  const room = new Room();
  const queue = new TurnQueue();
  room.isFull = true;
  const calls = [1, 2, 3].map(() => queue.run(room.ask, () => void (room.isFull = true)));
  calls.push(queue.runAside(room.ask, () => undefined));
  for (const expected of [3, 2, 1, 0]) {
    assertEquals(queue.waiting, expected);
    room.change(false);
    await settle();
  }
  await Promise.all(calls);
  const refused = new TurnQueue();
  const held = refused.hold(settle());
  const refuse = (): never => {
    throw new RangeError("no");
  };
  const call = refused.run(refuse, () => {});
  assertEquals(refused.waiting, 1);
  await assertRejects(() => call, RangeError, "no");
  await held;
  assertEquals(refused.waiting, 0);
});

test("TurnQueue.hold: in the turn of a call, it lets no later call pass those that wait already", async () => {
  const queue = new TurnQueue();
  const done: string[] = [];
  const held = Promise.withResolvers<void>();
  const first = queue.hold(held.promise);
  const second = queue.run(null, () => queue.hold(settle().then(() => void done.push("second"))));
  const third = queue.run(null, () => settle().then(() => void done.push("third")));
  held.resolve();
  await first;
  // The second call has its turn now.
  await Promise.resolve().then(() => {});
  const fourth = queue.run(null, () => void done.push("fourth"));
  await Promise.all([second, third, fourth]);
  assertEquals(done, ["second", "third", "fourth"]);
});
