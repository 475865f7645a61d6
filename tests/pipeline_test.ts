import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type AttachedTarget,
  createFileReader,
  createFileWriter,
  createFrameSource,
  type DecodedFrame,
  type FrameOptions,
  type QueueOptions,
  WriterClosedError,
} from "../mod.ts";
import { indexOf, numbered, numberedBytes, upTo, Watcher } from "./support/drawn.ts";
import { assertSameBytes, decode, frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth } = testsOf(import.meta.url);

/** A promise to be resolved from outside, and a target that waits for it with its first frame. */
function blockedTarget(): { readonly target: Watcher; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { target: new Watcher(() => promise), open: resolve };
}

/**
 * What is left of ten frames in a queue of a target that holds on to the first one until the source has
 * ended.
 */
async function leftOf(
  queue: QueueOptions,
): Promise<{ indices: number[]; marked: number[]; dropped: number }> {
  await using source = await createFrameSource(numbered(10), { frameRate: 10 });
  const { target, open } = blockedTarget();
  const attached = source.attach(target, queue);
  while (source.status !== "ended") await sleep(1);
  assertEquals(attached.received, 10);
  assertEquals(attached.written, 0);
  assertEquals(attached.state, "detaching");
  open();
  await attached.finished;
  assertEquals(attached.received, attached.written + attached.dropped);
  assertEquals(attached.queued, 0);
  assertEquals(attached.state, "ended");
  return { indices: target.indices, marked: target.marked, dropped: attached.dropped };
}

testBoth(
  "attach: on a source of 30 fps, a slow target's drops are counted, a fast one misses nothing",
  async () => {
    for (let run = 0; run < (isLong ? 50 : 1); run++) {
      const count = 20;
      await using source = await createFrameSource(numbered(count, { everyMs: 1000 / 30 }), {
        frameRate: 30,
      });
      let most = 0;
      const fast = new Watcher();
      const slow = new Watcher(async () => {
        most = Math.max(most, attached.queued);
        await sleep(100);
      });
      const broken = new Watcher((frame) => {
        if (indexOf(frame) === 5) throw new Error("no more");
      });
      const attached = source.attach(slow, { policy: "drop-oldest", frames: 3 });
      const others = [source.attach(fast), source.attach(broken)] as const;
      await assertRejects(() => others[1].finished, Error, "no more");
      assertEquals(source.status, "running");
      await Promise.all([attached.finished, others[0].finished]);

      assertEquals(fast.indices, upTo(count));
      assertEquals(fast.marked, []);
      assertEquals(broken.indices, upTo(6));
      assertEquals(others[1].state, "failed");
      assertEquals((others[1].error as Error).message, "no more");
      await assertRejects(() => source.detach(broken), Error, "no more");

      assertEquals(attached.received, count);
      assertEquals(attached.written, slow.frames.length);
      assertEquals(attached.dropped, count - slow.frames.length);
      assert(attached.dropped >= 5, `${attached.dropped} dropped`);
      assert(most <= 4, `${most} in the queue`);
      const gaps = slow.indices.filter((index, at) => at > 0 && index !== slow.indices[at - 1]! + 1);
      assertEquals(slow.marked, gaps);
      assertEquals(slow.indices.at(-1), count - 1);
    }
  },
);

test("attach: each policy leaves out what it says, and marks the frame after", async () => {
  assertEquals(await leftOf({ policy: "drop-oldest", frames: 3 }), {
    ...{ indices: [0, 7, 8, 9], marked: [7], dropped: 6 },
  });
  assertEquals(await leftOf({ policy: "drop-newest", frames: 3 }), {
    ...{ indices: [0, 1, 2, 3], marked: [], dropped: 6 },
  });
  assertEquals(await leftOf({ policy: "latest" }), { indices: [0, 9], marked: [9], dropped: 8 });
  const frameBytes = 16 * 8 * 4;
  assertEquals(await leftOf({ policy: "drop-oldest", frames: 9, bytes: frameBytes * 2.5 }), {
    ...{ indices: [0, 8, 9], marked: [8], dropped: 7 },
  });
  assertEquals(await leftOf({ policy: "drop-oldest", frames: 9, bytes: 1 }), {
    ...{ indices: [0, 9], marked: [9], dropped: 8 },
  });
  assertEquals((await leftOf({ policy: "drop-oldest", frames: 9, seconds: 0.45 })).indices, [0, 6, 7, 8, 9]);
});

test("attach: the frame after those that drop-newest left out is marked", async () => {
  await using source = await createFrameSource(numbered(12, { everyMs: 20 }), { frameRate: 50 });
  const { target, open } = blockedTarget();
  const attached = source.attach(target, { policy: "drop-newest", frames: 2 });
  while (attached.dropped < 3) await sleep(1);
  open();
  await attached.finished;
  const after = target.indices.find((index, at) => index > at)!;
  assertEquals(target.indices.slice(0, 3), [0, 1, 2]);
  assertEquals(target.marked, [after]);
  assertEquals(attached.dropped, after - 3);
});

test("attach: with block the source waits for the slowest, and draws no frame that nobody has room for", async () => {
  let drawn = 0;
  const counted = async function* () {
    for await (const frame of numbered(20)) {
      drawn++;
      yield frame;
    }
  };
  await using source = await createFrameSource(counted(), { frameRate: 25 });
  assertEquals(drawn, 1);
  const { target, open } = blockedTarget();
  const fast = new Watcher();
  const attached = [source.attach(target, { frames: 3 }), source.attach(fast)];
  await sleep(30);
  assertEquals(drawn, 4);
  assertEquals(fast.indices, upTo(4));
  open();
  await Promise.all(attached.map(({ finished }) => finished));
  assertEquals(target.indices, upTo(20));
  assertEquals(fast.indices, upTo(20));
});

test("detach: all that was sent is in the file, and attach goes on where it ended", async () => {
  using folder = new TemporaryFolder();
  await using source = await createFrameSource(numbered(40, { everyMs: 3 }), { frameRate: 25 });
  const writers = await Promise.all(
    ["a.mkv", "b.mkv"].map((name) => createFileWriter("ffv1", folder.file(name), 25)),
  );
  const first = source.attach(writers[0]!);
  while (first.received < 10) await sleep(1);
  await source.detach(writers[0]!);
  const { received, written, state } = first;
  assertEquals([written, state], [received, "detached"]);
  assertEquals(source.status, "running");
  const second = source.attach(writers[1]!);
  await second.finished;
  await source.detach(writers[1]!);
  assertEquals(received + second.received, 40);
  for (const [at, writer] of writers.entries()) {
    const { frames } = await writer.close();
    assertEquals(frames, at === 0 ? received : 40 - received);
  }
  const decoded = ["a.mkv", "b.mkv"].map((name) => decode(folder.file(name), "bgra"));
  const bgra = upTo(40).map((index) => {
    const bytes = numberedBytes(index, 16 * 8 * 4);
    return bytes.map((_, at) => bytes[at % 4 === 0 ? at + 2 : at % 4 === 2 ? at - 2 : at]!);
  });
  assertSameBytes(Buffer.concat(decoded), Buffer.concat(bgra), "both files");
});

test("attach: a writer gets times as its timing asks for", async () => {
  using folder = new TemporaryFolder();
  const given = async function* () {
    let timestamp = 0;
    for await (const frame of numbered(8)) {
      yield { ...frame, timestamp, duration: 0.04 };
      timestamp += frame.data instanceof Uint8Array && frame.data[0]! % 3 === 0 ? 0.25 : 0.04;
    }
  };
  await using source = await createFrameSource(given());
  assertEquals(source.frameRate, null);
  const timings = ["timestamps", "constant", "wallclock"] as const;
  const writers = await Promise.all(
    timings.map((timing) => {
      const thread = timing === "constant" ? "main" : "worker";
      return createFileWriter("ffv1", folder.file(`${timing}.mkv`), 25, { timing, thread });
    }),
  );
  assertEquals(writers.map(({ timing }) => timing), [...timings]);
  await Promise.all(writers.map((writer) => source.attach(writer).finished));
  for (const writer of writers) await writer.close();
  const [stamped, constant, wallclock] = timings.map((timing) => frameTimes(folder.file(`${timing}.mkv`)));
  assertEquals(stamped, [0, 0.25, 0.29, 0.33, 0.58, 0.62, 0.66, 0.91]);
  assertEquals(constant, upTo(8).map((index) => index * 0.04));
  assertEquals(wallclock!.length, 8);
  assert(wallclock!.every((time, at) => at === 0 || time > wallclock![at - 1]!), wallclock!.join(" "));
  assert(wallclock!.at(-1)! < 2, wallclock!.join(" "));
});

test("attach: a wallclock writer is told when the source had a frame, however long that waited", async () => {
  await using source = await createFrameSource(numbered(5, { everyMs: 3 }), { frameRate: 300 });
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  const written: { readonly index: number; readonly capturedAt: number | undefined }[] = [];
  const writer = {
    timing: "wallclock",
    async write(frame: { readonly data: Uint8Array }, options: FrameOptions = {}): Promise<void> {
      await isReleased;
      const index = frame.data[0]!;
      // What a container does not tell apart is refused.
      if (index === 3 && options.capturedAt !== undefined) throw new RangeError("too soon");
      written.push({ index, capturedAt: options.capturedAt });
    },
  } as const;
  const attached = source.attach(writer, { frames: 10 });
  while (source.status !== "ended") await sleep(1);
  const releasedAt = performance.now();
  release();
  await attached.finished;
  assertEquals(written.map(({ index }) => index), upTo(5));
  assertEquals(written[3]!.capturedAt, undefined);
  const times = written.flatMap(({ capturedAt }) => capturedAt ?? []);
  assertEquals(times, times.toSorted((a, b) => a - b));
  assert(times.length === 4 && times.at(-1)! < releasedAt, times.join(" "));
});

test("attach: a writer that fails is detached, and its error is told", async () => {
  using folder = new TemporaryFolder();
  await using source = await createFrameSource(numbered(20), { frameRate: 25 });
  const closed = await createFileWriter("ffv1", folder.file("closed.mkv"), 25);
  await closed.close();
  const other = new Watcher();
  const [attached, fine] = [source.attach(closed), source.attach(other)];
  await assertRejects(() => attached.finished, WriterClosedError);
  await fine.finished;
  assertEquals([attached.received, attached.written, attached.dropped, attached.queued], [1, 0, 1, 0]);
  assertEquals(other.indices, upTo(20));
});

test("attach: a writer that is aborted is detached with the reason, and the others go on", async () => {
  using folder = new TemporaryFolder();
  await using source = await createFrameSource(numbered(60, { everyMs: 2 }), { frameRate: 25 });
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = await createFileWriter("ffv1", folder.file("aborted.mkv"), 25, { signal });
  const other = await createFileWriter("ffv1", folder.file("other.mkv"), 25);
  const [attached, fine] = [source.attach(aborted), source.attach(other)];
  while (attached.written < 3) await sleep(1);
  controller.abort(new Error("not this one"));
  await assertRejects(() => attached.finished, Error, "not this one");
  await fine.finished;
  assertEquals((await other.close()).frames, 60);
  assertEquals(probe(folder.file("other.mkv")).frames, 60);
});

test("attach: what the source throws comes after the frames before", async () => {
  const failing = async function* () {
    yield* numbered(3);
    throw new Error("the camera is gone");
  };
  await using source = await createFrameSource(failing(), { frameRate: 25 });
  const target = new Watcher(() => sleep(3));
  const attached = source.attach(target);
  await assertRejects(() => attached.finished, Error, "the camera is gone");
  assertEquals(target.indices, [0, 1, 2]);
  assertEquals([attached.written, attached.state, source.status], [3, "failed", "ended"]);
  await assertRejects(() => source.attach(new Watcher()).finished, Error, "the camera is gone");
  await assertRejects(
    async () => {
      for await (const _ of source);
    },
    Error,
    "the camera is gone",
  );
});

test("attach: refuses what is no target, a second time, and limits that are none", async () => {
  await using source = await createFrameSource(numbered(2), { frameRate: 25 });
  for (const wrong of [null, 7, {}, { update: 1 }]) {
    assertThrows(() => source.attach(wrong as never), TypeError, "function update(frame)");
  }
  const target = new Watcher();
  assertThrows(() => source.attach(target, { frames: 0 }), RangeError, "queue.frames");
  assertThrows(() => source.attach(target, { frames: 1.5 }), RangeError, "queue.frames");
  assertThrows(() => source.attach(target, { seconds: -1 }), RangeError, "queue.seconds");
  assertThrows(() => source.attach(target, { policy: "drop" as never }), TypeError, "drop-oldest");
  assertThrows(() => source.attach(target, { size: 3 } as never), TypeError, "size");
  source.attach(target);
  assertThrows(() => source.attach(target), TypeError, "attached to this source already");
  await assertRejects(() => source.detach(new Watcher()), TypeError, "never attached");
});

test("for await: frames come when they are asked for, and break leaves the rest", async () => {
  await using source = await createFrameSource(numbered(6), { frameRate: 25 });
  const seen: number[] = [];
  for await (const frame of source) {
    seen.push(indexOf(frame));
    if (seen.length === 3) break;
  }
  for await (const frame of source) seen.push(indexOf(frame));
  assertEquals(seen, upTo(6));
});

test("for await: a frame can be spread, cloned and written as it is", async () => {
  using folder = new TemporaryFolder();
  await using source = await createFrameSource(numbered(2), { frameRate: 25 });
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, { timing: "timestamps" });
  for await (const frame of source) {
    const facts = { format: "rgba", width: 16, height: 8, duration: 0.04, isDiscontinuous: false, color: {} };
    assertEquals({ ...frame }, { ...facts, data: frame.data, timestamp: indexOf(frame) / 25 });
    assertEquals({ ...structuredClone(frame) }, { ...frame });
    await writer.write(frame, { timestamp: frame.timestamp });
  }
  assertEquals((await writer.close()).frames, 2);
});

test("for await: a reader and a target get the same frames, and neither changes them for the other", async () => {
  await using source = await createFrameSource(numbered(6), { frameRate: 25 });
  const target = new Watcher();
  const attached = source.attach(target);
  const seen: DecodedFrame[] = [];
  for await (const frame of source) seen.push(frame);
  await attached.finished;
  assertEquals(seen.map(({ timestamp }) => timestamp), upTo(6).map((index) => index / 25));
  assertEquals(seen.map(({ data }) => data.buffer), target.frames.map(({ data }) => data.buffer));
});

test("close: a frame is empty once all that have it are done with it, however often each says so", async () => {
  await using source = await createFrameSource(numbered(6), { frameRate: 25 });
  const closing = new Watcher((frame) => {
    frame.close();
    frame.close();
  });
  const reader = source[Symbol.asyncIterator]();
  const attached = source.attach(closing);
  for (const index of upTo(6)) {
    const { value: frame } = await reader.next();
    while (attached.written <= index) await sleep(1);
    assertEquals(frame!.data, numberedBytes(index, 16 * 8 * 4));
    frame![Symbol.dispose]();
    assertEquals(frame!.data.length, 0);
  }
  assertEquals(closing.frames.map(({ data }) => data.length), upTo(6).map(() => 0));
});

test("attach: memory that a writer is done with may be that of frames that come, and of no other", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("numbered.mkv"), copy = folder.file("copy.mkv");
  {
    await using drawn = await createFrameSource(numbered(40), { frameRate: 25 });
    await using writer = await createFileWriter("ffv1", path, 25);
    await drawn.attach(writer).finished;
  }
  await using source = await createFileReader(path, { format: "bgra" });
  await using writer = await createFileWriter("ffv1", copy, 25);
  const kept = new Watcher();
  const attached = [source.attach(writer), source.attach(kept, { policy: "drop-newest", frames: 1 })];
  await Promise.all(attached.map(({ finished }) => finished));
  await writer.close();
  await using again = await createFileReader(copy, { format: "bgra" });
  const written = await Array.fromAsync(again);
  assertEquals(written.length, 40);
  for (const { data, timestamp } of kept.frames) {
    assertEquals(data, written.find((frame) => frame.timestamp === timestamp)!.data);
  }
});

test("pipeTo: the frames of a source go into a writer at their times, which is closed at the end", async () => {
  using folder = new TemporaryFolder();
  await using source = await createFrameSource(numbered(5), { frameRate: 8 });
  const writers = await Promise.all(
    (["timestamps", "constant"] as const).map((timing) =>
      createFileWriter("ffv1", folder.file(`${timing}.mkv`), 25, { timing })
    ),
  );
  await Promise.all(writers.map((writer) => source.pipeTo(writer.writable)));
  assertEquals(frameTimes(folder.file("timestamps.mkv")), upTo(5).map((index) => index / 8));
  assertEquals(frameTimes(folder.file("constant.mkv")), upTo(5).map((index) => index / 25));
  assertEquals(probe(folder.file("constant.mkv")).frames, 5);
});

test("pipeThrough: a stream of frames becomes a stream of anything; cancel detaches it", async () => {
  await using source = await createFrameSource(numbered(50), { frameRate: 25 });
  const indices = source.pipeThrough(
    new TransformStream<DecodedFrame, number>({
      transform: (frame, controller) => controller.enqueue(indexOf(frame)),
    }),
  );
  const seen: number[] = [];
  for await (const index of indices) {
    seen.push(index);
    if (seen.length === 4) break;
  }
  assertEquals(seen, upTo(4));
  assert(source.readable === source.readable);
  const rest: number[] = [];
  for await (const frame of source.readable) rest.push(indexOf(frame));
  assertEquals(rest.at(-1), 49);
});

test("createFrameSource: timers go on while frames flow that are all there already", async () => {
  await using source = await createFrameSource(numbered(400), { frameRate: 25 });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await source.attach(new Watcher()).finished;
  clearInterval(timer);
  assert(ticks > 0, "no timer ran");
});

test("createFrameSource: takes frames as a writer does, and says what is wrong", async () => {
  const width = 2, height = 2;
  const halves = {
    ...{ data: new Uint16Array(16).fill(0x3c00), width, height, pixelFormat: "rgba-float16" },
    colorSpace: "display-p3",
  };
  const strided = { data: new Uint8Array([1, 2, 0, 3, 4]), width, height, format: "gray", strides: [3] };
  await using source = await createFrameSource([halves], { frameRate: "30000/1001" });
  assertEquals([source.width, source.height, source.format], [2, 2, "rgba64le"]);
  assertEquals(source.frameRate, { num: 30000, den: 1001 });
  for await (const { data, color, duration } of source) {
    assertEquals(new Uint16Array(data.buffer), new Uint16Array(16).fill(65535));
    assertEquals(color.primaries, "smpte432");
    assertEquals(duration, 1001 / 30000);
  }
  await using gray = await createFrameSource([{ ...strided, timestamp: 3 }]);
  for await (const { data, timestamp, duration } of gray) {
    assertEquals([...data, timestamp, duration], [1, 2, 3, 4, 3, null]);
  }
  await assertRejects(() => createFrameSource([strided]), TypeError, "no timestamp");
  await assertRejects(() => createFrameSource([], { frameRate: 25 }), RangeError, "without a frame");
  await assertRejects(() => createFrameSource(3 as never), TypeError, "iterable");
  await assertRejects(() => createFrameSource([strided], { fps: 3 } as never), TypeError, "fps");
  await assertRejects(
    () => createFrameSource([{ ...strided, width: 9 }], { frameRate: 25 }),
    RangeError,
    "bytes",
  );
  await assertRejects(() => createFrameSource([{ ...strided, timestamp: NaN }]), RangeError, "NaN");
  await assertRejects(() => createFrameSource([{ ...strided, timestmp: 1 } as never]), TypeError, "timestmp");
});

test("Symbol.asyncDispose: writes what was sent, and ends readers and the generator", async () => {
  let isEnded = false;
  const endless = async function* () {
    try {
      yield* numbered(1e6, { everyMs: 1 });
    } finally {
      isEnded = true;
    }
  };
  const source = await createFrameSource(endless(), { frameRate: 25 });
  const slow = new Watcher(() => sleep(5));
  const attached = source.attach(slow);
  const reader = source[Symbol.asyncIterator]();
  await reader.next();
  while (attached.received < 3) await reader.next();
  await source[Symbol.asyncDispose]();
  assertEquals([attached.state, attached.written], ["detached", attached.received]);
  assertEquals((await reader.next()).done, true);
  await sleep(5);
  assertEquals(isEnded, true);
  await source.attach(new Watcher()).finished;
});

test("Symbol.asyncDispose: throws what failed unless it was asked for, or the program closed the writer", async () => {
  using folder = new TemporaryFolder();
  const broken = (): Watcher =>
    new Watcher(() => {
      throw new Error("no more");
    });
  const disposed = async (ask: (attached: AttachedTarget) => void): Promise<void> => {
    await using source = await createFrameSource(numbered(3), { frameRate: 25 });
    ask(source.attach(broken()));
    await source.attach(new Watcher()).finished;
  };
  await assertRejects(() => disposed(() => {}), Error, "no more");
  await disposed(({ finished }) => void finished.catch(() => {}));
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25);
  await writer.close();
  await using source = await createFrameSource(numbered(3), { frameRate: 25 });
  source.attach(writer);
  await source.attach(new Watcher()).finished;
});
