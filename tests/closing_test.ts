import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createAudioWriter,
  createFileWriter,
  type VideoWriter,
  WriteError,
  WriterClosedError,
} from "../mod.ts";
import { nextTurn } from "../src/next_turn.ts";
import { noise } from "./support/chance.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails, assertSame, rejection } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth, testLong } = testsOf(import.meta.url);
const threads = ["worker", "main"] as const;

/** The time that an abort may take, in milliseconds. */
const abortMs = 200;

const png = new Uint8Array(
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90", "-frames:v", "1"],
    ...["-c:v", "png", "-f", "image2pipe", "-"],
  ]),
);

const tone = { data: new Float32Array(4800).fill(0.1), sampleRate: 48000, channels: 1 };

/** Waits until a condition holds; fails after ten seconds. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not happen`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs what measures milliseconds up to three times: other programs only ever make it slower. */
async function best(measure: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 3 && least > abortMs; round++) least = Math.min(least, await measure());
  return least;
}

// The first of all: where another test has been, a thread may wait that needs no start.
test("signal: one that is aborted before a thread has started leaves the disk alone", async () => {
  for (const isEarly of [true, false]) {
    using folder = new TemporaryFolder();
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("changed my mind");
    if (isEarly) controller.abort(reason);
    const openings = [
      rejection(() => createFileWriter("mpeg4", folder.file("a.mp4"), 25, { signal })),
      rejection(() => createAudioWriter("aac", folder.file("a.m4a"), { signal })),
    ];
    if (!isEarly) controller.abort(reason);
    for (const error of await Promise.all(openings)) assertSame(error, reason);
    // Longer than a thread takes to start and to open its libraries.
    const end = performance.now() + 600;
    while (performance.now() < end) {
      assertEquals(readdirSync(folder.path), []);
      await nextTurn();
    }
  }
});

for (const thread of threads) {
  test(`close: calls made after it are refused, also while the queue is busy (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const options = { thread, queueSize: 2, audio: {}, subtitles: {} } as const;
    const writer: VideoWriter = await createFileWriter("ffv1", path, 25, options);
    const before = [writer.writeAudio(tone)];
    for (let index = 0; index < 12; index++) {
      before.push(writer.write(index % 3 === 2 ? { image: png } : barFrame(index)));
    }
    let isClosed = false;
    const closing = writer.close().finally(() => isClosed = true);
    const later = [
      ["write a frame", () => writer.write(barFrame(0))],
      ["acquire a frame", () => writer.acquire(160, 90)],
      ["write samples", () => writer.writeAudio(tone)],
      ["write a subtitle", () => writer.writeSubtitle({ text: "late", start: 0, end: 1 })],
    ] as const;
    for (const [operation, call] of later) {
      await assertFails(call, {
        type: WriterClosedError,
        code: "CLOSED",
        operation,
        says: [`Cannot ${operation}: the writer was closed`],
      });
    }
    // In the caller's thread, nothing comes between.
    assert(thread === "main" || !isClosed, "the refusals waited for the queue");
    // A timer that goes on writing does not keep it open.
    const timer = setInterval(() => void writer.write(barFrame(0)).catch(() => {}), 1);
    try {
      assertEquals((await closing).frames, 12);
    } finally {
      clearInterval(timer);
    }
    await Promise.all(before);
    assertEquals(probe(path).frames, 12);
  });
}

test("close: a frame that is being acquired is refused, so that close settles", async () => {
  using folder = new TemporaryFolder();
  const options = { queueSize: 2 } as const;
  const writer = await createFileWriter("png", folder.file("a.mkv"), 25, options);
  const first = await writer.acquire(160, 90);
  const held = await writer.acquire(160, 90);
  first.data.fill(100);
  const written = writer.write(first);
  const waiting = writer.acquire(160, 90).then(() => null, (error: unknown) => error);
  const another = writer.acquire(160, 90).then(() => null, (error: unknown) => error);
  const { frames } = await writer.close();
  assertEquals(frames, 1);
  await written;
  for (const error of [await waiting, await another]) {
    assert(error === null || error instanceof Error, String(error));
  }
  await assertRejects(() => writer.write(held), WriterClosedError, "was closed");
});

testBoth("signal: one that is aborted while a writer opens is seen after every step", async () => {
  for (const thread of threads) {
    for (let turns = 0; turns < 12; turns += isLong ? 1 : 3) {
      using folder = new TemporaryFolder();
      const controller = new AbortController();
      const reason = new Error("changed my mind");
      const options = { thread, signal: controller.signal } as const;
      const opens = [
        () => createFileWriter("mpeg4", folder.file("a.mp4"), 25, options),
        () => createAudioWriter("aac", folder.file("a.m4a"), options),
      ];
      for (const open of turns % 2 === 0 ? opens : opens.toReversed()) {
        const opening = open().then((writer) => ({ writer }), (error: unknown) => ({ error }));
        for (let turn = 0; turn < turns; turn++) await (turn % 3 === 0 ? nextTurn() : null);
        controller.abort(reason);
        const result = await opening;
        if ("error" in result) assertSame(result.error, reason);
        else {
          assertSame(await rejection(() => result.writer.close()), reason);
        }
      }
      // A thread that was left while it opened still removes what it tried.
      await until(() => readdirSync(folder.path).length === 0, "the removal of what was tried");
    }
  }
});

test("signal: ends an open that waits for the network at once", async () => {
  using folder = new TemporaryFolder();
  // Accepts, and never answers.
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { port: number };
    const ms = await best(async () => {
      const controller = new AbortController();
      const options = {
        signal: controller.signal,
        audio: { from: new URL(`http://127.0.0.1:${port}/a.mp3`) },
        logLevel: "quiet",
      } as const;
      const opening = rejection(() => createFileWriter("mpeg4", folder.file("a.mp4"), 25, options));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const reason = new Error("enough");
      const start = performance.now();
      controller.abort(reason);
      assertSame(await opening, reason);
      return performance.now() - start;
    });
    assert(ms < abortMs, `${ms} ms`);
    assertEquals(readdirSync(folder.path), []);
  } finally {
    server.close();
  }
});

test("abort: ends a million seconds of silence at once", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const ms = await best(async () => {
    const options = { timing: "timestamps", audio: { from: { silence: true } } } as const;
    const writer = await createFileWriter("mpeg4", path, 25, options);
    await writer.write(barFrame(0), { timestamp: 0 });
    await writer.write(barFrame(1), { timestamp: 1e6 });
    const waiting = writer.write(barFrame(2), { timestamp: 1e6 + 1 }).catch(() => {});
    const closing = rejection(() => writer.close());
    await new Promise((resolve) => setTimeout(resolve, 300));
    const start = performance.now();
    await writer.abort(new Error("enough"));
    const ms = performance.now() - start;
    assertEquals(existsSync(path), false);
    const error = await closing;
    assert(error instanceof WriterClosedError && error.code === "ABORTED", String(error));
    await waiting;
    return ms;
  });
  assert(ms < abortMs, `${ms} ms`);
});

test("abort: ends the copying at close at once, and leaves nothing", async () => {
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mov");
    const width = 1280, height = 720;
    const frames = [1, 2].map((seed) => ({ data: noise(width * height * 4, seed), width, height }));
    const ms = await best(async () => {
      const writer = await createFileWriter("rawvideo", path, 25, { thread });
      for (let index = 0; index < 60; index++) await writer.write(frames[index % 2]!);
      const closing = rejection(() => writer.close());
      await until(() => readdirSync(folder.path).length > 1, "copying");
      const start = performance.now();
      await writer.abort(new Error("enough"));
      const ms = performance.now() - start;
      const error = await closing;
      assert(error instanceof WriterClosedError && error.code === "ABORTED", String(error));
      assertEquals(readdirSync(folder.path), []);
      return ms;
    });
    assert(ms < abortMs, `${thread}: ${ms} ms`);
  }
});

test("abort: ends an encoder that takes seconds for a frame at once", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const ms = await best(async () => {
    const writer = await createFileWriter("libx264", path, 25, { preset: "placebo" });
    const frame = { data: noise(1920 * 1080 * 4, 1), width: 1920, height: 1080 };
    for (let index = 0; index < 3; index++) await writer.write(frame);
    const closing = rejection(() => writer.close());
    await new Promise((resolve) => setTimeout(resolve, 200));
    const start = performance.now();
    await writer.abort();
    const ms = performance.now() - start;
    // Windows removes no open file: it goes when the encoder's call has ended.
    if (process.platform === "win32") await until(() => !existsSync(path), "the removal");
    assertEquals(existsSync(path), false);
    await closing;
    return ms;
  });
  assert(ms < abortMs, `${ms} ms`);
  // A file of that name that another writer makes meanwhile stays.
  const next = await createFileWriter("mpeg4", path, 25);
  await next.write(barFrame(0));
  await next.close();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  assertEquals(probe(path).frames, 1);
});

for (const thread of threads) {
  test(`await using: an error in the block comes out as it is (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const own = new Error("the caller's own");
    const warnings: string[] = [];
    const { warn } = console;
    console.warn = (text: string) => void warnings.push(text);
    try {
      for (const isEarly of [true, false]) {
        const path = folder.file(`${isEarly}.mp4`);
        const error = await rejection(async () => {
          await using writer = await createFileWriter("mpeg4", path, 25, { thread, audio: {} });
          await writer.writeAudio(tone);
          if (!isEarly) await writer.write(barFrame(0));
          throw own;
        });
        assertSame(error, own);
        // What was written is kept.
        if (isEarly) assertEquals(existsSync(path), false);
        else assertEquals(probe(path).frames, 1);
      }
    } finally {
      console.warn = warn;
    }
    assertEquals(warnings.length, 1);
    assert(warnings[0]!.includes("no frame was written"), warnings[0]);
  });

  test(`await using: an error that a call threw is not thrown again (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const error = await rejection(async () => {
      await using writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25, { thread });
      // MPEG-4 has no such size.
      await writer.write({ data: new Uint8Array(9000 * 16 * 4), width: 9000, height: 16 });
    });
    assert(error instanceof Error && error.name !== "SuppressedError", String(error));
    assertEquals(readdirSync(folder.path), []);
  });
}

test("await using: waits for a close that is under way", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  let closing;
  {
    await using writer = await createFileWriter("mpeg4", path, 25);
    for (let index = 0; index < 20; index++) await writer.write(barFrame(index));
    closing = writer.close();
  }
  assertEquals(probe(path).frames, 20);
  assertEquals((await closing).frames, 20);
});

for (const thread of threads) {
  test(`onProgress: one that throws or rejects disturbs no call, and is told once (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const printed: unknown[][] = [];
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    const { error: print } = console;
    process.on("unhandledRejection", note);
    console.error = (...values) => void printed.push(values);
    try {
      for (const isAsync of [false, true]) {
        const path = folder.file(`${isAsync}.mp4`);
        let calls = 0;
        const fail = (): void => {
          calls++;
          throw new Error("progress bar broke");
        };
        const onProgress = isAsync
          ? async (): Promise<void> => {
            await null;
            fail();
          }
          : fail;
        const writer = await createFileWriter("mpeg4", path, 25, { thread, onProgress });
        for (let index = 0; index < 3; index++) await writer.write(barFrame(index));
        assertEquals((await writer.close()).frames, 3);
        assertEquals(probe(path).frames, 3);
        await nextTurn();
        assert(calls >= 2, `${calls} calls`);
      }
      const audio = await createAudioWriter("flac", folder.file("a.flac"), {
        thread,
        logLevel: "quiet",
        onProgress: () => {
          throw new Error("progress bar broke");
        },
      });
      await audio.write(tone);
      assertEquals((await audio.close()).seconds, 0.1);
    } finally {
      console.error = print;
      process.off("unhandledRejection", note);
    }
    assertEquals(printed.length, 2);
    assertEquals(unhandled, []);
  });

  testLong(
    `writeAudio: too much that waits is refused, and the writer goes on (thread: ${thread})`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mkv");
      const audio = { codec: "pcm_f32le", sampleRate: 48000, channels: 8 } as const;
      const writer = await createFileWriter("mpeg4", path, 25, { thread, audio });
      const piece = { data: new Float32Array(12 * 2 ** 20), sampleRate: 48000, channels: 8 };
      const seconds = piece.data.length / 8 / 48000;
      let taken = 0;
      const error = await assertFails<WriteError>(
        async () => {
          for (; taken < 9; taken++) await writer.writeAudio(piece);
        },
        {
          type: WriteError,
          code: "NO_FRAME",
          operation: "write samples",
          says: ["256 MiB of them wait for frames", "and then the same once more"],
        },
      );
      assertEquals(taken, 6);
      // It is that call alone.
      assert(await rejection(() => writer.writeAudio(piece)) !== error);
      await writer.write(barFrame(0));
      await writer.write(barFrame(1));
      await writer.writeAudio({ ...piece, data: piece.data.subarray(0, 8 * 48000) });
      assertEquals((await writer.close()).frames, 2);
      const text = execFileSync("ffprobe", [
        ...["-v", "error", "-select_streams", "a", "-show_entries", "packet=pts_time,duration_time"],
        ...["-of", "csv=p=0", path],
      ], { encoding: "utf8", maxBuffer: 2 ** 28 });
      const [start, length] = text.trim().split("\n").at(-1)!.split(",").map(Number);
      const end = start! + length!;
      assert(Math.abs(end - (6 * seconds + 1)) < 0.05, `${end} instead of ${6 * seconds + 1}`);
    },
  );
}

testLong("writeSubtitle: too many that wait are refused, and the writer goes on", async () => {
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("mpeg4", path, 25, { thread, subtitles: {} });
    const text = "x".repeat(16000);
    let taken = 0;
    await assertFails<WriteError>(
      async () => {
        for (; taken < 10_000; taken++) {
          await writer.writeSubtitle({ text, start: taken, end: taken + 1 });
        }
      },
      {
        type: WriteError,
        code: "NO_FRAME",
        operation: "write a subtitle",
        says: ["64 MiB of them wait for frames"],
      },
    );
    assert(taken > 4000 && taken < 4300, `${taken}`);
    await writer.write(barFrame(0));
    assertEquals((await writer.close()).frames, 1);
    assertEquals(probe(path).frames, 1);
  }
});
