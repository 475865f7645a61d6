import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  AvError,
  createFileWriter,
  type Frame,
  type RawFrame,
  type VideoWriter,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { nextTurn } from "../src/next_turn.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, decode, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { hasRealTimeThread, isDeno, runScript } from "./support/processes.ts";
import { noisyFrame } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const threads = ["worker", "main"] as const;

/** Writes the same frames in both threads; returns what was written by each. */
async function writeInBoth(
  codec: string,
  name: string,
  options: WriterOptions,
  frames: readonly Frame[],
  timestamps?: readonly number[],
): Promise<[Uint8Array, Uint8Array]> {
  const files = [];
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const writer = await createFileWriter(codec, path, 25, { ...options, thread });
    for (const [index, frame] of frames.entries()) {
      await writer.write(frame, timestamps && { timestamp: timestamps[index]! });
    }
    assert((await writer.close()).frames > 0);
    files.push(new Uint8Array(readFileSync(path)));
  }
  return files as [Uint8Array, Uint8Array];
}

/** A picture of a format whose every byte is another than in the frames around it. */
function patterned(index: number, width: number, height: number, format: string, bytes: number): RawFrame {
  const data = Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + index * 31) & 255);
  return { data, width, height, format };
}

const i420Bytes = (width: number, height: number): number =>
  width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);

const rgba = Array.from({ length: 20 }, (_, index) => barFrame(index));
const oddRgba = Array.from({ length: 12 }, (_, index) => patterned(index, 61, 37, "rgba", 61 * 37 * 4));
const i420 = Array.from(
  { length: 20 },
  (_, index) => patterned(index, 160, 90, "yuv420p", i420Bytes(160, 90)),
);

// x264's vector code is not exact to the bit for small pictures.
const scalar = { "x264-params": "asm=0" };

// Frames that an encoder holds on to lie in the ring: none may be filled again before it lets go.
const jobs:
  readonly (readonly [codec: string, file: string, options: WriterOptions, frames: readonly Frame[]])[] = [
    ["libx264", "a.mkv", { encoderOptions: { ...scalar, threads: 2 } }, i420],
    ["libx264", "odd.mkv", { quality: "lossless", encoderOptions: scalar }, oddRgba],
    ["libx264rgb", "rgb.mkv", { quality: "lossless", encoderOptions: scalar }, rgba],
    ["mpeg4", "held.mkv", { encoderOptions: { bf: 3, threads: 1 } }, i420],
    ["mpeg2video", "held.ts", { encoderOptions: { bf: 2, threads: 2 } }, i420],
    ["mjpeg", "threads.mkv", { encoderOptions: { threads: 4 } }, i420],
    ["ffv1", "a.mkv", { encoderOptions: { threads: 4 } }, rgba],
    ["ffv1", "i420.mkv", { encoderOptions: { threads: 4 } }, i420],
    ["png", "a.mkv", { encoderOptions: { threads: 4 } }, rgba],
    ["ffv1", "all.mkv", { filter: "reverse" }, i420],
    ["ffv1", "two.mkv", { filter: "tinterlace=merge", pixelFormat: "yuv420p" }, i420],
    ["gif", "a.gif", {}, rgba.slice(0, 6)],
  ];

for (const [codec, file, options, frames] of some(jobs, 3)) {
  for (const queueSize of [1, 4]) {
    testBoth(`thread: ${codec} in ${file} is the same from both, with ${queueSize} in the queue`, {
      skip: missingEncoders(codec),
    }, async () => {
      const [fromWorker, fromMain] = await writeInBoth(codec, file, { ...options, queueSize }, frames);
      assertSameBytes(fromWorker, fromMain, "the file");
    });
  }
}

for (const thread of threads) {
  test(`write: events get their turn between two frames (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const writer = await createFileWriter("mjpeg", folder.file("out.mov"), 25, { thread });
    for (const [index, frame] of rgba.entries()) {
      let isServed = false;
      void nextTurn().then(() => isServed = true);
      await writer.write(frame);
      assert(isServed, `not with frame ${index}`);
    }
    await writer.close();
  });
}

test("thread: frames that wait for their length are the same from both", async () => {
  const timestamps = i420.map((_, index) => index * 0.04 + (index % 3) * 0.01);
  for (const queueSize of [1, 2, 4]) {
    const options = { timing: "timestamps", queueSize } as const;
    const [fromWorker, fromMain] = await writeInBoth("ffv1", "a.mkv", options, i420, timestamps);
    assertSameBytes(fromWorker, fromMain, `the file, with ${queueSize} in the queue`);
  }
});

test("thread: frames of growing and shrinking sizes go through rings of their own", async () => {
  const sides = [[64, 48], [320, 180], [16, 16], [640, 360], [64, 48], [639, 361], [8, 200]] as const;
  const frames = sides.map(([width, height], index) =>
    patterned(index, width, height, "rgba", width * height * 4)
  );
  const options = { width: 128, height: 96, resize: "contain", queueSize: 2 } as const;
  const [fromWorker, fromMain] = await writeInBoth("ffv1", "a.mkv", options, frames);
  assertSameBytes(fromWorker, fromMain, "the file");
});

test("write: images and frames alternate in the order in which they were written", async () => {
  const image = new Uint8Array(execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90", "-frames:v", "1"],
    ...["-c:v", "png", "-pix_fmt", "rgba", "-f", "image2pipe", "-"],
  ]));
  const memoryUse = new Uint8Array(160 * 90 * 4);
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("ffv1", path, 25, { pixelFormat: "bgra", thread });
    const promises = [];
    for (let index = 0; index < 9; index++) {
      promises.push(writer.write(index % 3 === 1 ? { image } : barFrame(index)));
    }
    await Promise.all(promises);
    await writer.close();
    const decoded = decode(path, "rgba");
    for (let index = 0; index < 9; index++) {
      if (index % 3 === 1) continue;
      const part = decoded.subarray(index * memoryUse.length, (index + 1) * memoryUse.length);
      assertSameBytes(part, barFrame(index).data, `frame ${index}, ${thread}`);
    }
  }
});

test("queueSize: a frame waits where the queue is full, and not before", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("h264", folder.file("a.mp4"), 25, {
    preset: "veryslow",
    tune: "zerolatency",
    queueSize: 3,
  });
  await writer.write(noisyFrame(0, 640, 360));
  const taken: number[] = [];
  const writes = [1, 2, 3, 4, 5].map((index) =>
    writer.write(noisyFrame(index, 640, 360)).then(() => void taken.push(index))
  );
  // Each call ends in the next turn, once it has a place in the queue. This encoder takes longer for a frame.
  await nextTurn();
  await nextTurn();
  assertEquals(taken, [1, 2, 3]);
  assert(writer.stats.queued >= 3, `${writer.stats.queued} queued`);
  await Promise.all(writes);
  assertEquals(taken, [1, 2, 3, 4, 5]);
  assertEquals((await writer.close()).frames, 6);
});

test("thread: the caller's goes on while frames are encoded", async () => {
  using folder = new TemporaryFolder();
  const share = async (thread: "worker" | "main"): Promise<number> => {
    const options = { preset: "slower", thread, encoderOptions: { threads: 1 } } as const;
    const writer = await createFileWriter("libx264", folder.file(`${thread}.mkv`), 25, options);
    await writer.write(noisyFrame(0, 640, 360));
    const frames = Array.from({ length: 12 }, (_, index) => noisyFrame(index + 1, 640, 360));
    // Events that come late: at each of them, the thread was busy since the one before.
    const lateMs = 20;
    const start = performance.now();
    let [busy, last] = [0, start];
    const look = (): void => {
      const now = performance.now();
      if (now - last > lateMs) busy += now - last;
      last = now;
    };
    const timer = setInterval(look, 5);
    for (const frame of frames) await writer.write(frame);
    await writer.close();
    look();
    clearInterval(timer);
    return busy / (performance.now() - start);
  };
  const [worker, main] = [await share("worker"), await share("main")];
  assert(main > 0.8, `the main thread is busy for ${main} of the time`);
  assert(worker < 0.3, `the caller is busy for ${worker} of the time`);
});

test("acquire: an acquired frame is written from where it is, in both threads", async () => {
  for (const thread of threads) {
    for (const frames of [rgba, i420, oddRgba] as readonly RawFrame[][]) {
      using folder = new TemporaryFolder();
      const [path, copied] = [folder.file("a.mkv"), folder.file("b.mkv")];
      const lending = await createFileWriter("ffv1", path, 25, { thread });
      const copying = await createFileWriter("ffv1", copied, 25, { thread });
      for (const { data, width, height, format } of frames) {
        const frame = await lending.acquire(width, height, format);
        assertEquals([frame.width, frame.height, frame.format], [width, height, format ?? "rgba"]);
        assertEquals(frame.data.length, (data as Uint8Array).length);
        frame.data.set(data as Uint8Array);
        await lending.write(frame);
        await copying.write({ data, width, height, ...(format && { format }) });
      }
      await lending.close();
      await copying.close();
      assertSameBytes(readFileSync(path), readFileSync(copied), `${thread}, ${frames[0]!.format}`);
    }
  }
});

test("acquire: an acquired frame is written once and whole, and there are as many as the queue is long", async () => {
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const options = { thread, queueSize: 2 } as const;
    await using writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25, options);
    const first = await writer.acquire(64, 48);
    const second = await writer.acquire(64, 48);
    await assertFails(() => writer.acquire(64, 48), {
      type: RangeError,
      says: ["all 2 frames", "acquired", "queueSize"],
    });
    await assertFails(() => writer.write(barFrame(0, 64, 48)), { type: RangeError, says: ["acquired"] });
    const part = { ...first, data: first.data.subarray(64 * 4), height: 47 };
    const refused = await rejection(() => writer.write(part), "a part of it");
    assert(refused instanceof RangeError || refused instanceof TypeError, String(refused));
    await writer.write(second);
    await assertFails(() => writer.write(second), { type: TypeError, says: ["written already"] });
    await writer.write(first);
    await writer.write(barFrame(0, 64, 48));
    await assertRejects(() => writer.acquire(65, 48), RangeError, "64x48");
    await assertRejects(() => writer.acquire(64, 48, "nv12"), TypeError, "rgba");
    assertEquals((await writer.close()).frames, 3);
    await assertRejects(() => writer.acquire(64, 48), WriterClosedError);
  }
});

test("thread: errors are the same from both", async () => {
  using folder = new TemporaryFolder();
  const failing: readonly (readonly [codec: string, path: string, options: WriterOptions])[] = [
    ["h264", folder.file("none/a.mp4"), {}],
    ["nonesuch", folder.file("a.mp4"), {}],
    ["h264", folder.file("a.mp4"), { encoderOptions: { nonesuch: 1 } }],
    ["h264", folder.file("a.mp4"), { preset: "warp" }],
    ["vp9", folder.file("a.avi"), { format: "gif" }],
    ["h264", folder.file("a.nonesuch"), {}],
  ];
  for (const [codec, path, options] of failing) {
    // One after the other: both look whether the same file can be written.
    const fails = (thread: "worker" | "main"): Promise<unknown> =>
      rejection(() => createFileWriter(codec, path, 25, { ...options, thread }));
    const one = await fails("worker") as AvError;
    const other = await fails("main") as AvError;
    assertEquals(one.constructor, other.constructor);
    assert(one instanceof AvError && other instanceof AvError);
    const told = ({ name, message, code, operation, hint, cause }: AvError): unknown[] => [
      ...[name, message, code, operation, hint],
      ...(cause instanceof Error ? [cause.name, cause.message] : [cause]),
    ];
    assertEquals(told(one), told(other));
    assertStringIncludes(one.stack ?? "", "session.ts");
  }
});

test("abort: a writer that is aborted while frames wait or while it closes leaves no file", async () => {
  for (const isClosing of [false, true]) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const writer: VideoWriter = await createFileWriter("h264", path, 25, { preset: "veryslow" });
    await writer.write(noisyFrame(0, 640, 360));
    const writes = [1, 2, 3].map((index) => writer.write(noisyFrame(index, 640, 360)));
    await Promise.all(writes);
    const waiting = [4, 5, 6].map((index) =>
      writer.write(noisyFrame(index, 640, 360)).then(() => null, (error) => error)
    );
    const closed = isClosing ? rejection(() => writer.close(), "close") : null;
    await writer.abort(new Error("enough"));
    assertEquals(existsSync(path), false);
    for (const error of [...await Promise.all(waiting), await closed]) {
      if (error === null) continue;
      assert(error instanceof WriterClosedError && error.code === "ABORTED", String(error));
    }
  }
});

test("close: one that an abort overtakes rejects, and leaves no file", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 25, { preset: "veryslow" });
  for (let index = 0; index < 8; index++) await writer.write(noisyFrame(index, 640, 360));
  const closed = rejection(() => writer.close(), "close");
  await null;
  await writer.abort(new Error("enough"));
  const error = await closed;
  assert(error instanceof WriterClosedError && error.code === "ABORTED", String(error));
  assertEquals(existsSync(path), false);
});

const unclosed = fileURLToPath(new URL("support/unclosed.ts", import.meta.url));

test("thread: a program ends by itself though a writer is open, at whatever moment", () => {
  for (const [end, status] of [["return", 0], ["exit", 3], ["throw", 1], ["queue", 0]] as const) {
    using folder = new TemporaryFolder();
    const started = performance.now();
    const ended = runScript(unclosed, [folder.file("a.mkv"), end]);
    assertEquals([ended.status, ended.signal], [status, null], `${end}: ${ended.stderr}`);
    const seconds = (performance.now() - started) / 1000;
    assert(seconds < 30, `${end} took ${seconds} s`);
  }
});

test("close: a program that does not wait for it has its file all the same", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const ended = runScript(unclosed, [path, "close"]);
  assertEquals(ended.status, 0, ended.stderr);
  assertEquals(probe(path).frames, 12);
});

test("thread: where none can be started, one warning says so, and the file is written", {
  skip: !isDeno && "only Deno has such permissions",
}, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const permissions = ["--allow-ffi", "--allow-env", "--allow-write"];
  const ended = runScript(unclosed, [path, "twice"], { permissions });
  assertEquals(ended.status, 0, ended.stderr);
  assertEquals(ended.stderr.split("avwriter:").length, 2, ended.stderr);
  assertStringIncludes(ended.stderr, "--allow-read");
  assertEquals(probe(path).frames, 12);
});

for (const thread of threads) {
  test(`thread ${thread}: no thread gets real-time priority from its encoder`, {
    skip: process.platform !== "linux" && "only Linux tells a thread's policy" ||
      missingEncoders("libsvtav1"),
  }, async () => {
    using folder = new TemporaryFolder();
    const writer = await createFileWriter("libsvtav1", folder.file("a.mkv"), 25, { thread });
    for (let index = 0; index < 3; index++) await writer.write(barFrame(index));
    assertEquals(hasRealTimeThread(process.pid), false);
    await writer.close();
  });
}
