import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import {
  type AcquiredFrame,
  createFileWriter,
  type Frame,
  type RawFrame,
  type VideoWriter,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, decode, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { noisyFrame } from "./support/record.ts";
import { type RegisterTest, testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const threads = ["worker", "main"] as const;

/** Registers a test for each thread. */
function testThreads(
  name: string,
  body: (thread: "worker" | "main", folder: TemporaryFolder) => Promise<void>,
  skip: string | false = false,
  register: RegisterTest = test,
): void {
  for (const thread of threads) {
    register(`${name} (thread: ${thread})`, { skip }, async () => {
      using folder = new TemporaryFolder();
      await body(thread, folder);
    });
  }
}

/** What a promise resolves to; fails where that takes 10 s, where nothing here takes one. */
async function soon<Value>(promise: PromiseLike<Value>, what: string): Promise<Value> {
  const stop = new AbortController();
  const late = sleep(10_000, "late", { signal: stop.signal }).then(() => {
    throw new Error(`${what} did not settle`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

/** The bytes of one frame whose pixels are all the same, the frame's number. */
const level = (index: number): number => 16 + index * 3;

/** Acquires a frame and fills it with a level. */
async function drawn(
  writer: VideoWriter,
  index: number,
  [width, height] = [64, 48],
  format = "yuv420p",
): Promise<AcquiredFrame> {
  const frame = await soon(writer.acquire(width!, height!, format), `acquire of frame ${index}`);
  frame.data.fill(level(index));
  return frame;
}

/** The level of each frame in a file, by its first byte. */
function levels(path: string, bytes: number, format: string): number[] {
  const all = decode(path, format);
  return Array.from({ length: all.length / bytes }, (_, index) => all[index * bytes]!);
}

testThreads(
  "acquire: does not wait for a frame that the encoder holds until the next one",
  async (thread, folder) => {
    const path = folder.file("a.mkv");
    const options: WriterOptions = { timing: "wallclock", queueSize: 3, thread, quality: "lossless" };
    const writer = await createFileWriter("h264", path, 30, options);
    await writer.write(await drawn(writer, 0));
    const frames = [await drawn(writer, 1), await drawn(writer, 2), await drawn(writer, 3)];
    for (const frame of frames) await writer.write(frame);
    assertEquals((await soon(writer.close(), "close")).frames, 4);
    assertEquals(levels(path, 64 * 48 * 3 / 2, "yuv420p"), [0, 1, 2, 3].map(level));
  },
);

testThreads("acquire: there are always queueSize frames, and one more is refused", async (thread, folder) => {
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("png", path, 30, { thread });
  for (let index = 0; index < 8; index++) await writer.write(await drawn(writer, index, [64, 48], "rgba"));
  const frames: AcquiredFrame[] = [];
  for (let index = 8; index < 12; index++) frames.push(await drawn(writer, index, [64, 48], "rgba"));
  await assertFails(() => writer.acquire(64, 48), {
    type: RangeError,
    says: ["all 4 frames", "write or release one", "queueSize"],
  });
  for (const frame of frames) await writer.write(frame);
  assertEquals((await soon(writer.close(), "close")).frames, 12);
  assertEquals(levels(path, 64 * 48 * 4, "rgba"), Array.from({ length: 12 }, (_, index) => level(index)));
}, missingEncoders("png"));

testThreads("acquire: frames of before keep their place where larger ones follow", async (thread, folder) => {
  const path = folder.file("a.mkv");
  const options = { resize: "fill", width: 64, height: 64, queueSize: 2, thread } as const;
  const writer = await createFileWriter("ffv1", path, 30, { ...options, pixelFormat: "bgra" });
  const first = await drawn(writer, 0, [64, 64], "rgba");
  const larger = [1, 2].map((index) => {
    const data = new Uint8Array(128 * 128 * index * 4).fill(level(index));
    return writer.write({ data, width: 128, height: 128 * index });
  });
  await soon(writer.write(first), "write");
  await Promise.all(larger);
  const second = await drawn(writer, 3, [64, 64], "rgba");
  await writer.write(second);
  assertEquals((await soon(writer.close(), "close")).frames, 4);
  assertEquals(levels(path, 64 * 64 * 4, "rgba"), [1, 2, 0, 3].map(level));
});

testThreads("write: an acquired frame does not wait for an acquire", async (thread, folder) => {
  const writer = await createFileWriter("h264", folder.file("a.mp4"), 30, { thread, queueSize: 2 });
  const size = [320, 180] as const;
  await writer.write(noisyFrame(0, ...size));
  const held = await writer.acquire(...size);
  held.data.fill(9);
  void writer.write(noisyFrame(1, ...size));
  // Neither is awaited: the acquire is first in line, and the write gives it its memory.
  const acquired = writer.acquire(...size);
  const more = writer.write(held);
  await soon(Promise.all([acquired, more]), "acquire and write");
  writer.release(await acquired);
  assertEquals((await writer.close()).frames, 3);
});

testThreads(
  "acquire: counts a frame as written while its write waits for an image",
  async (thread, folder) => {
    const image = new Uint8Array(execFileSync("ffmpeg", [
      ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1"],
      ...["-c:v", "png", "-pix_fmt", "rgba", "-f", "image2pipe", "-"],
    ]));
    const path = folder.file("a.mkv");
    const options = { thread, queueSize: 1, pixelFormat: "bgra" } as const;
    const writer = await createFileWriter("ffv1", path, 30, options);
    const first = await drawn(writer, 1, [64, 48], "rgba");
    const calls = [writer.write({ image }), writer.write(first)];
    calls.push(writer.write(await drawn(writer, 2, [64, 48], "rgba")));
    await soon(Promise.all(calls), "write");
    assertEquals((await writer.close()).frames, 3);
    assertEquals(levels(path, 64 * 48 * 4, "rgba").slice(1), [1, 2].map(level));
  },
);

testThreads("write: an image needs no frame of the queue", async (thread, folder) => {
  const png = execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48", "-frames:v", "1"],
    ...["-c:v", "png", "-f", "image2pipe", "-"],
  ]);
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 30, { thread, queueSize: 1 });
  const held = await writer.acquire(64, 48);
  await soon(writer.write({ image: png }), "write");
  await assertFails(() => writer.write(barFrame(0, 64, 48)), { type: RangeError, says: ["all 1 frames"] });
  await writer.write(held);
  assertEquals((await writer.close()).frames, 2);
});

testThreads("release: gives a frame back, once, and only that", async (thread, folder) => {
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("ffv1", path, 30, { thread, queueSize: 1, pixelFormat: "bgra" });
  const first = await drawn(writer, 0, [64, 48], "rgba");
  writer.release(first);
  const second = await drawn(writer, 1, [64, 48], "rgba");
  // The second has the same memory now.
  writer.release(first);
  await assertFails(() => writer.write(first), { type: TypeError, says: ["released already"] });
  await assertFails(() => writer.acquire(64, 48), { type: RangeError, says: ["all 1 frames"] });
  await writer.write(second);
  writer.release(second);
  await assertFails(() => writer.write(second), { type: TypeError, says: ["written already"] });
  const third = await drawn(writer, 2, [64, 48], "rgba");
  await assertFails(() => writer.write(second), { type: TypeError, says: ["written already"] });
  // A refused frame is still the program's.
  await assertFails(() => writer.write(third, { timestamp: 5 }), { type: TypeError, says: ["timestamp"] });
  await writer.write(third);
  const last = await writer.acquire(64, 48);
  assertEquals((await writer.close()).frames, 2);
  for (const frame of [first, second, last]) writer.release(frame);
  assertEquals(levels(path, 64 * 48 * 4, "rgba"), [1, 2].map(level));
});

testThreads("release: what is no frame of the writer is refused", async (thread, folder) => {
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 30, { thread });
  const other = await createFileWriter("ffv1", folder.file("b.mkv"), 30, { thread });
  const foreign = await other.acquire(64, 48);
  const wrong = [foreign, barFrame(0), {}, null, undefined, 5, "frame"];
  for (const frame of wrong) {
    await assertFails(() => Promise.try(() => writer.release(frame as RawFrame)), {
      type: TypeError,
      says: ["Cannot release the frame", "acquire"],
    });
  }
  await writer.abort();
  await other.abort();
  for (const frame of wrong) writer.release(frame as RawFrame);
});

testThreads(
  "acquire: a frame can be written to several writers, and is then released",
  async (thread, folder) => {
    const paths = [folder.file("a.mkv"), folder.file("b.mkv")] as const;
    const options = { thread, queueSize: 1, pixelFormat: "bgra" } as const;
    const one = await createFileWriter("ffv1", paths[0], 30, options);
    const other = await createFileWriter("ffv1", paths[1], 30, options);
    for (let index = 0; index < 8; index++) {
      const frame = await drawn(one, index, [64, 48], "rgba");
      await other.write(frame);
      if (index % 2 === 0) await one.write(frame);
      else one.release(frame);
    }
    assertEquals([(await one.close()).frames, (await other.close()).frames], [4, 8]);
    assertEquals(levels(paths[0], 64 * 48 * 4, "rgba"), [0, 2, 4, 6].map(level));
    assertEquals(levels(paths[1], 64 * 48 * 4, "rgba"), [0, 1, 2, 3, 4, 5, 6, 7].map(level));
  },
);

testThreads("write: views of an acquired frame's memory are that frame", async (thread, folder) => {
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("ffv1", path, 30, { thread, queueSize: 2 });
  const views: readonly ((frame: AcquiredFrame) => RawFrame["data"])[] = [
    ({ data }) => new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength),
    ({ data }) => new DataView(data.buffer, data.byteOffset, data.byteLength),
    ({ data }) => [data.subarray(0, 3072), data.subarray(3072, 3840), data.subarray(3840)],
    ({ data }) => data.subarray(),
  ];
  for (const [index, view] of views.entries()) {
    // Both of the queue's frames are the program's: a copy would be refused.
    const [frame, held] = [await drawn(writer, index), await writer.acquire(64, 48, "yuv420p")];
    await writer.write({ ...frame, data: view(frame) });
    await assertFails(() => writer.write({ ...frame, data: frame.data }), {
      type: TypeError,
      says: ["written already"],
    });
    writer.release({ ...held, data: view(held) });
  }
  assertEquals((await writer.close()).frames, 4);
  assertEquals(levels(path, 64 * 48 * 3 / 2, "yuv420p"), [0, 1, 2, 3].map(level));
});

testThreads(
  "write: a getter that gives other memory each time is read once",
  async (thread, folder) => {
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("ffv1", path, 30, { thread, queueSize: 1 });
    const frame = await drawn(writer, 0);
    const own = new Uint8Array(frame.data.length).fill(level(7));
    for (const given of [[frame.data, own], [own, frame.data]]) {
      let reads = 0;
      const changing: RawFrame = {
        ...{ width: 64, height: 48, format: "yuv420p" },
        get data() {
          return given[Math.min(reads++, 1)]!;
        },
      };
      await soon(writer.write(changing), "write");
      assertEquals(reads, 1);
    }
    assertEquals((await soon(writer.close(), "close")).frames, 2);
    assertEquals(levels(path, 64 * 48 * 3 / 2, "yuv420p"), [level(0), level(7)]);
  },
);

for (const end of ["abort", "signal", "close", "dispose"] as const) {
  testThreads(`${end}: settles calls that wait, with acquired frames about`, async (thread, folder) => {
    const path = folder.file("a.mkv");
    const controller = new AbortController();
    const options = { thread, queueSize: 2, preset: "veryslow", signal: controller.signal } as const;
    const writer = await createFileWriter("h264", path, 30, options);
    const size = [640, 360] as const;
    await writer.write(noisyFrame(0, ...size));
    const held = await writer.acquire(...size);
    const calls = [writer.write(noisyFrame(1, ...size)), writer.acquire(...size)];
    const settled = Promise.allSettled(calls);
    const isEnd = (error: unknown): boolean =>
      end === "signal" ? error === controller.signal.reason : error instanceof WriterClosedError;
    if (end === "abort") await soon(writer.abort(), "abort");
    if (end === "signal") controller.abort();
    if (end === "close") await soon(writer.close(), "close");
    if (end === "dispose") await soon(writer[Symbol.asyncDispose](), "dispose");
    for (const result of await soon(settled, "the calls")) {
      if (result.status === "fulfilled") continue;
      assert(isEnd(result.reason), String(result.reason));
    }
    held.data.fill(5);
    writer.release(held);
    for (const call of [() => writer.write(held), () => writer.acquire(...size)]) {
      assert(isEnd(await soon(rejection(call), "a later call")));
    }
    assertEquals(writer.desiredSize, 0);
    await writer.abort();
    assertEquals(existsSync(path), end === "close" || end === "dispose");
    if (end === "close" || end === "dispose") assertEquals(probe(path).frames, 2);
  });
}

// Encoders and filters that hold frames, in many ways, while the program has the whole queue to itself.
const holding: readonly (readonly [codec: string, file: string, options: WriterOptions])[] = [
  ["libx264", "a.mkv", { quality: "lossless", encoderOptions: { "x264-params": "asm=0", bf: 3 } }],
  ["mpeg4", "b.mkv", { encoderOptions: { bf: 3, threads: 1 } }],
  ["mjpeg", "c.mkv", { encoderOptions: { threads: 4 } }],
  ["ffv1", "d.mkv", { filter: "reverse" }],
  ["ffv1", "e.mkv", { timing: "timestamps" }],
  ["ffv1", "f.mkv", { filter: "tmix=frames=5", pixelFormat: "yuv420p" }],
];
for (const [codec, file, options] of some(holding, 3)) {
  for (const queueSize of some([1, 2, 5], 2)) {
    testThreads(
      `acquire: ${codec} in ${file} holds what it likes beside ${queueSize} acquired frames`,
      async (thread, folder) => {
        const paths = [folder.file(file), folder.file(`copied-${file}`)] as const;
        const [lending, copying] = [
          await createFileWriter(codec, paths[0], 25, { ...options, queueSize, thread }),
          await createFileWriter(codec, paths[1], 25, { ...options, queueSize, thread: "main" }),
        ];
        const times = (index: number) =>
          options.timing === undefined ? undefined : { timestamp: index * 0.05 };
        const held: AcquiredFrame[] = [];
        for (let index = 0; index < 24; index++) {
          held.push(await drawn(lending, index));
          const { data, ...shape } = held.at(-1)!;
          data.forEach((_, at) => data[at] = (at * 7 + index * 31) & 255);
          await copying.write({ ...shape, data: data.slice() }, times(index));
          if (held.length < queueSize) continue;
          await soon(lending.write(held.shift()!, times(index - queueSize + 1)), "write");
        }
        for (const [index, frame] of held.entries()) {
          await lending.write(frame, times(24 - held.length + index));
        }
        await soon(lending.close(), "close");
        await copying.close();
        assertSameBytes(readFileSync(paths[0]), readFileSync(paths[1]), file);
      },
      missingEncoders(codec),
      testBoth,
    );
  }
}

testThreads(
  "desiredSize: so many writes do not wait, and acquired frames have their place",
  async (thread, folder) => {
    const options = { preset: "veryslow", tune: "zerolatency", queueSize: 3, thread } as const;
    const writer = await createFileWriter("h264", folder.file("a.mp4"), 25, options);
    assertEquals(writer.desiredSize, 3);
    await writer.write(noisyFrame(0, 640, 360));
    assertEquals(writer.desiredSize, 3);
    const held = await writer.acquire(640, 360);
    assertEquals(writer.desiredSize, 2);
    const written: number[] = [];
    for (const index of [1, 2, 3]) {
      void writer.write(noisyFrame(index, 640, 360)).then(() => written.push(index));
    }
    if (thread === "worker") {
      assertEquals(writer.desiredSize, 0);
      // The third waits for its place.
      assertEquals(writer.stats.queued, 3);
    } else assertEquals([writer.desiredSize, writer.stats.queued], [2, 0]);
    writer.release(held);
    await writer.write(noisyFrame(4, 640, 360));
    assertEquals(written, [1, 2, 3]);
    while (writer.stats.queued > 0) await sleep(2);
    assertEquals(writer.desiredSize, 3);
    assertEquals((await writer.close()).frames, 5);
    assertEquals(writer.desiredSize, 0);
  },
);

testThreads(
  "stats.queued: a recorder that drops by it keeps what the encoder looks ahead at",
  async (thread, folder) => {
    const path = folder.file("a.mp4");
    const writer = await createFileWriter("h264", path, 100, { timing: "wallclock", thread });
    let kept = 0, ahead = 0;
    for (let index = 0; index < 120; index++) {
      if (writer.stats.queued < 2 && writer.desiredSize > 0) {
        await writer.write(barFrame(index));
        kept++;
      }
      ahead = Math.max(ahead, writer.stats.encoding);
      await sleep(5);
    }
    assert(ahead > 10, `the encoder looked ahead at ${ahead} frames`);
    assert(kept > 60, `${kept} of 120 frames were kept`);
    assertEquals((await writer.close()).frames, kept);
    assertEquals(probe(path).frames, kept);
  },
);

testThreads(
  "onProgress: sees the numbers as they are, and may acquire and release",
  async (thread, folder) => {
    let calls = 0;
    const writer: VideoWriter = await createFileWriter("ffv1", folder.file("a.mkv"), 25, {
      thread,
      queueSize: 2,
      onProgress: ({ queued, encoding }) => {
        calls++;
        assert(queued >= 0 && queued <= 2 && encoding >= 0, `${queued} ${encoding}`);
        void writer.acquire(160, 90).then((frame) => writer.release(frame), () => {});
      },
    });
    const frames: Frame[] = Array.from({ length: 30 }, (_, index) => barFrame(index));
    for (const frame of frames) {
      await soon(writer.write(frame), "write");
      await sleep(10);
    }
    assertEquals((await soon(writer.close(), "close")).frames, 30);
    assert(calls > 1);
  },
);

test("acquire: a frame that is too large for a queue is refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const options = { resize: "fill", width: 64, height: 48 } as const;
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, options);
  await writer.write(barFrame(0, 64, 48));
  const error = await rejection(() => writer.acquire(100_000, 100_000));
  assert(error instanceof RangeError && error.message.includes("2 GiB"), String(error));
  await writer.write(barFrame(1, 64, 48));
  assertEquals((await writer.close()).frames, 2);
});
