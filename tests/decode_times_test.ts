import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { DecodeTimes } from "../src/engine/decode_times.ts";
import { seeded } from "./support/chance.ts";

/** Decodes frames, given by their times, in an order; returns when, and until when. */
function decode(
  times: readonly number[],
  order: readonly number[],
  { step = 10, depth = 2, tick = 1, end = times.at(-1)! + step }: {
    readonly step?: number;
    readonly depth?: number;
    readonly tick?: number;
    readonly end?: number;
  } = {},
): { time: number; duration: number }[] {
  const decodeTimes = new DecodeTimes(BigInt(step));
  decodeTimes.noteDelay(depth);
  decodeTimes.tick = BigInt(tick);
  for (const [index, time] of times.entries()) {
    decodeTimes.take(BigInt(time), BigInt(times[index + 1] ?? end));
  }
  return order.map((frame, index) => {
    const { time, duration } = decodeTimes.place(frame, index === order.length - 1 ? "none" : "sure");
    return { time: Number(time), duration: Number(duration) };
  });
}

test("DecodeTimes: frames at a constant rate are decoded as encoders say, D frames ahead", () => {
  const decoded = decode([0, 10, 20, 30, 40], [0, 4, 2, 1, 3]);
  assertEquals(decoded.map(({ time }) => time), [-20, -10, 0, 10, 20]);
  // The steps add up to the length of the video.
  assertEquals(decoded.map(({ duration }) => duration), [10, 10, 10, 10, 10]);
});

test("DecodeTimes: a pause in the video is a pause in decoding", () => {
  const decoded = decode([0, 10, 20, 5000, 5010, 5020], [0, 2, 1, 3, 5, 4]);
  assertEquals(decoded.map(({ time }) => time), [-20, -10, 0, 4980, 4990, 5000]);
});

test("DecodeTimes: without reordering, frames are decoded when they are shown", () => {
  const decoded = decode([3, 5, 100], [0, 1, 2], { depth: 0 });
  assertEquals(decoded, [{ time: 3, duration: 2 }, { time: 5, duration: 95 }, { time: 100, duration: 10 }]);
});

test("DecodeTimes: a frame that the encoder leaves out holds nothing up", () => {
  const decoded = decode([0, 10, 20, 30, 40, 50, 60], [0, 2, 3, 4, 5, 6], { depth: 1 });
  for (const [index, { time }] of decoded.entries()) {
    assert(index === 0 || time > decoded[index - 1]!.time, `${time} after ${decoded[index - 1]?.time}`);
    assert(time <= [0, 20, 30, 40, 50, 60][index]!);
  }
});

/** The order in which a group of frames is coded: a later one first, then those before it, by chance. */
function codingOrder(count: number, depth: number, random: () => number): number[] {
  const order: number[] = [];
  for (let next = 0; next < count;) {
    const size = Math.min(count - next, 1 + random() % (depth + 1));
    const group = Array.from({ length: size }, (_, index) => next + index);
    // The last one first: each other frame has at most `depth` before it that are shown later.
    order.push(...(size === 1 ? group : [group.at(-1)!, ...group.slice(0, -1)]));
    next += size;
  }
  return order;
}

test("DecodeTimes: on any timeline each is later than the last, none after its frame, and steps add up", () => {
  const random = seeded(3);
  for (let round = 0; round < 2000; round++) {
    const depth = random() % 4;
    const tick = 1 + random() % 90;
    const step = tick * (1 + random() % 40);
    const times: number[] = [];
    let time = random() % 3 === 0 ? random() % 1_000_000 : 0;
    for (let index = 0; index < 1 + random() % 30; index++) {
      times.push(time);
      time += tick + (random() % 5 === 0 ? random() % (200 * step) : random() % (2 * step));
    }
    const end = times.at(-1)! + tick + random() % (3 * step);
    const order = codingOrder(times.length, depth, random);
    const decoded = decode(times, order, { step, depth, tick, end });
    const context = JSON.stringify({ round, depth, tick, step, times, order, decoded });
    for (const [index, { time, duration }] of decoded.entries()) {
      assert(time <= times[order[index]!]!, `decoded after it is shown: ${context}`);
      assert(duration >= 1, `a step of ${duration}: ${context}`);
      const next = decoded[index + 1];
      if (next === undefined) continue;
      assert(next.time - time >= tick, `two decode times are too close: ${context}`);
      assertEquals(duration, next.time - time, context);
    }
    const sum = decoded.at(-1)!.time + decoded.at(-1)!.duration - decoded[0]!.time;
    assert(sum >= end - times[0]!, `the steps add up to ${sum}: ${context}`);
  }
});
