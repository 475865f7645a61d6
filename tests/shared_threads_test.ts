/**
 * Writers that share threads: none disturbs another.
 *
 * @module
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, type VideoWriter, type WriterOptions } from "../mod.ts";
import { SessionControl } from "../src/engine/ending/session_control.ts";
import { EncodingThread } from "../src/thread/encoding_thread.ts";
import { mayBlock } from "../src/thread/sharing/blocking.ts";
import { type SessionTurns, ThreadTurns } from "../src/thread/sharing/session_turns.ts";
import { workerModule } from "../src/worker/worker_module.ts";
import { sine } from "./support/audio.ts";
import { CountedThreads } from "./support/counted_threads.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, lightOptions, probe, TemporaryFolder } from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { test, testBoth, testAll, isAll } = testsOf(import.meta.url);

/** Threads that sessions share, at the most. */
const threads = Math.max(2, navigator.hardwareConcurrency);
/** So many writers that each thread has two at least. */
const manyWriters = threads * 2 + 1;

const quick: WriterOptions = { encoderOptions: { threads: 1 }, crashSafe: false };

async function write(writer: VideoWriter, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index++) await writer.write(barFrame(index));
}

/** Ends what stands in a list, whatever happens. */
async function abortAll(writers: readonly VideoWriter[]): Promise<void> {
  await Promise.all(writers.map((writer) => writer.abort()));
}

test("createFileWriter: threads are shared by as many sessions as there are, and end for all of them", async () => {
  const ended: number[] = [];
  const sessions = Array.from(
    { length: threads * 2 },
    (_, index) =>
      EncodingThread.take({ workerModule: workerModule(), libraryPath: undefined }, {
        message: () => {},
        ended: () => void ended.push(index),
      }, true),
  );
  const own = EncodingThread.take({ workerModule: workerModule(), libraryPath: undefined }, {
    message: () => {},
    ended: () => void ended.push(-1),
  });
  // A message that it cannot read.
  sessions[0]!.post(null as never, []);
  while (ended.length < 2) await delay(5);
  await delay(50);
  assertEquals(ended, [0, threads]);
  for (const session of [...sessions, own]) session.leave();
});

test("createFileWriter: what may wait for others, or takes long, has a thread of its own", () => {
  using folder = new TemporaryFolder();
  const none = { audio: [], subtitles: [], cover: null, attachments: [] };
  const request = (path: string, codec = "h264", options: object = {}, outputs: unknown[] = []) =>
    ({
      kind: "video",
      codec,
      path,
      outputs,
      frameRate: { num: 30, den: 1 },
      options: { ...none, ...options },
    }) as unknown as Parameters<typeof mayBlock>[0];
  const file = folder.file("a.mp4");
  assertEquals(mayBlock(request(file)), false);
  assertEquals(mayBlock(request(file, "vp9", { filter: "" })), false);
  assertEquals(mayBlock(request("")), false, "bytes for the program");
  assertEquals(mayBlock(request(folder.path)), false, "a folder of segments");
  const network = { kind: "file", address: { url: "http://localhost/a.mp3", path: null } };
  const waiting = [
    request(file, "av1"),
    request(file, "libsvtav1"),
    request(file, "libvvenc"),
    request(file, "vp9", { encoderOptions: { deadline: "best" } }),
    request(file, "libvpx-vp9", { encoderOptions: { "cpu-used": 0 } }),
    request(file, "vp9", { preset: "0" }),
    request(file, "h264", { passes: 2 }),
    request(file, "h264", { filter: "realtime" }),
    request(file, "h264", { preset: "veryslow" }),
    request(file, "h264", { encoderOptions: { preset: "slower" } }),
    request(file, "h264", { live: true }),
    request(file, "gif", { palette: "clip" }),
    request(file, "h264", { audio: [{ source: network }] }),
    request(file, "h264", {}, [{}]),
  ];
  for (const each of waiting) assertEquals(mayBlock(each), true, JSON.stringify(each));
  if (process.platform === "win32") return;
  execFileSync("mkfifo", [folder.file("pipe")]);
  assertEquals(mayBlock(request(folder.file("pipe"))), true, "a pipe");
  assertEquals(mayBlock(request("/dev/full")), true, "a device");
});

/** Keeps the thread busy. */
function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

test("close, deadlineSeconds: in a shared thread the session comes first, and waiting does not count", async () => {
  const turns = new ThreadTurns();
  const controls = [new SessionControl(), new SessionControl(), new SessionControl()] as const;
  const [large, small, late] = controls.map((control) => turns.join(() => control)) as [
    SessionTurns,
    SessionTurns,
    SessionTurns,
  ];
  const done: string[] = [];
  small.take(() => work(40));
  late.take(() => work(40));
  await delay(200);
  // It has worked least, so it would be next.
  large.take(() => {
    controls[1].endWithin(0.02);
    controls[2].endWithin(0);
    work(30);
  });
  await delay(100);
  large.take(() => void done.push("large"));
  assertEquals([controls[1].isExpired, controls[2].isExpired], [true, true]);
  small.take(() => {
    done.push(`small ${controls[1].isExpired}`);
    work(30);
    done.push(`small ${controls[1].isExpired}`);
  });
  late.take(() => void done.push(`late ${controls[2].isExpired}`));
  await delay(150);
  assertEquals(done.toSorted(), ["large", "late true", "small false", "small true"]);
  assertEquals(done.at(-1), "large");
});

test("createFileWriter: a session whose work is long lets the messages of new ones in", async () => {
  const turns = new ThreadTurns();
  const control = new SessionControl();
  const first = turns.join(() => control);
  const done: string[] = [];
  first.take(() => void done.push("quick"));
  assertEquals(done, ["quick"]);
  first.take(() => work(10));
  for (const name of ["long 1", "long 2"]) first.take(() => void done.push(name));
  turns.join(() => control).take(() => void done.push("new"));
  await delay(100);
  assertEquals(done, ["quick", "new", "long 1", "long 2"]);
});

test("createFileWriter: a thread is shared on, however much memory those used that have left", () => {
  const places = { workerModule: workerModule(), libraryPath: undefined };
  const take = (): EncodingThread => EncodingThread.take(places, { message() {}, ended() {} }, true);
  const sessions = Array.from({ length: threads }, take);
  using counted = new CountedThreads();
  for (let index = 0; index < 4; index++) take().leave(2 ** 27);
  assertEquals(counted.started, 0);
  for (const session of sessions) session.leave();
  // All of these threads but those without such a session have ended.
  const later = Array.from({ length: threads }, take);
  assert(counted.started > 0);
  for (const session of later) session.leave();
});

const codecs: readonly (readonly [string, WriterOptions])[] = [
  // With AVX-512, x264's macroblock tree reads memory that was never set.
  ["libx264", { encoderOptions: { mbtree: 0 } }],
  ...(isAll ? [["libvpx-vp9", lightOptions("libvpx-vp9")], ["mpeg4", {}]] as const : []),
];
for (const [codec, options] of codecs) {
  testBoth(`createFileWriter, ${codec}: a file is the same, whether one writer or many are at work`, {
    skip: missingEncoders(codec),
  }, async () => {
    using folder = new TemporaryFolder();
    const record = async (name: string): Promise<Uint8Array> => {
      const path = folder.file(`${name}.mp4`);
      await using writer = await createFileWriter(codec, path, 30, { ...options, audio: { codec: "aac" } });
      for (let index = 0; index < 8; index++) {
        await writer.writeAudio(sine({ from: index * 1600, count: 1600, sampleRate: 48_000 }));
        await writer.write(barFrame(index));
      }
      await writer.close();
      return readFileSync(path);
    };
    const alone = await record("alone");
    assertEquals(probe(folder.file("alone.mp4")).frames, 8);
    const names = Array.from({ length: manyWriters }, (_, index) => `${index}`);
    const together = await Promise.all(names.map(record));
    for (const [index, bytes] of together.entries()) assertSameBytes(bytes, alone, `writer ${index}`);
  });
}

test("createFileWriter: a session that fails, one that is aborted and one in this thread disturb no other", async () => {
  using folder = new TemporaryFolder();
  const segments = folder.file("segments");
  mkdirSync(segments);
  const failing = await createFileWriter("mpeg4", segments, 10, {
    ...quick,
    segments: { name: "%f.mkv", seconds: 0.5 },
  });
  const path = (index: number): string => folder.file(`${index}.mkv`);
  const writers = await Promise.all(
    Array.from(
      { length: manyWriters },
      (_, index) =>
        createFileWriter("mpeg4", path(index), 10, { ...quick, ...(index === 1 ? { thread: "main" } : {}) }),
    ),
  );
  const [aborted, ...others] = writers as [VideoWriter, ...VideoWriter[]];
  await Promise.all([failing, ...writers].map((writer) => write(writer, 0, 4)));
  rmSync(segments, { recursive: true });
  writeFileSync(segments, "no folder");
  const failed = rejection(async () => {
    await write(failing, 4, 12);
    await failing.close();
  }, "segments without a folder");
  const goOn = others.map((writer) => write(writer, 4, 12));
  await aborted.abort();
  await Promise.all([failed, ...goOn]);
  await failing.abort();
  const summaries = await Promise.all(others.map((writer) => writer.close()));
  assertEquals(summaries.map(({ frames }) => frames), others.map(() => 16));
  assert(!existsSync(path(0)));
  for (const index of [1, manyWriters - 1]) assertEquals(probe(path(index)).frames, 16);
});

testAll(
  "createFileWriter: where one session hangs, later ones get another thread, and abort returns",
  { skip: process.platform === "win32" && "there are no named pipes here" },
  async () => {
    using folder = new TemporaryFolder();
    const pictures = (index: number): string => folder.file(`hangs-${index}`);
    for (let index = 0; index < manyWriters; index++) {
      mkdirSync(pictures(index));
      // Nobody reads the second picture: to open it waits for ever.
      execFileSync("mkfifo", [`${pictures(index)}/2.png`]);
    }
    const hanging = await Promise.all(
      Array.from(
        { length: manyWriters },
        (_, index) =>
          createFileWriter("png", `${pictures(index)}/%d.png`, 30, {
            encoderOptions: { threads: 1 },
            format: "image2",
          }),
      ),
    );
    try {
      for (const writer of hanging) {
        writer.write(barFrame(0)).catch(() => {});
        writer.write(barFrame(1)).catch(() => {});
        writer.write(barFrame(2)).catch(() => {});
      }
      await delay(2000);
      const path = folder.file("later.mkv");
      const later = await createFileWriter("mpeg4", path, 30, quick);
      await write(later, 0, 10);
      await later.close();
      assertEquals(probe(path).frames, 10);
    } finally {
      const beganMs = performance.now();
      await abortAll(hanging);
      const tookMs = performance.now() - beganMs;
      assert(tookMs < 1000, `abort took ${tookMs} ms`);
    }
  },
);

testAll("close, deadlineSeconds: beside large writers there is a file with what was encoded by then", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const large = await Promise.all(
    Array.from(
      { length: threads },
      (_, index) =>
        createFileWriter("libx264", folder.file(`large-${index}.mkv`), 30, {
          preset: "medium",
          encoderOptions: { threads: 1, "rc-lookahead": 0, bf: 0 },
        }),
    ),
  );
  const path = folder.file("small.mp4");
  const small = await createFileWriter("libx264", path, 30);
  try {
    const picture = barFrame(0, 3840, 2160);
    await Promise.all(large.map((writer) => writer.write(picture)));
    await write(small, 0, 30);
    for (const writer of large) {
      for (let index = 0; index < 4; index++) writer.write(picture).catch(() => {});
    }
    await delay(100);
    const { frames, leftOut } = await small.close({ deadlineSeconds: 0.2 });
    assert(frames > 0);
    assertEquals([frames + leftOut, probe(path).frames], [30, frames]);
  } finally {
    await abortAll([small, ...large]);
  }
});

testAll("createFileWriter: a pipe without a reader holds up no other writer", {
  skip: process.platform === "win32" && "there are no named pipes here",
}, async () => {
  using folder = new TemporaryFolder();
  const readers: ReturnType<typeof spawn>[] = [];
  const blocked: VideoWriter[] = [];
  try {
    for (let index = 0; index < manyWriters; index++) {
      const pipe = folder.file(`pipe-${index}`);
      execFileSync("mkfifo", [pipe]);
      // It opens the pipe, and never reads.
      readers.push(spawn("sh", ["-c", 'exec sleep 60 <"$1"', "sh", pipe], { stdio: "ignore" }));
      await delay(100);
      blocked.push(await createFileWriter("ffv1", pipe, 30, { ...quick, format: "matroska" }));
    }
    for (const writer of blocked) {
      for (let index = 0; index < 30; index++) {
        const data = crypto.getRandomValues(new Uint8Array(2 ** 16));
        writer.write({
          data: new Uint8Array(128 * 128 * 4).map((_, at) => data[at % 2 ** 16]!),
          width: 128,
          height: 128,
        })
          .catch(() => {});
      }
    }
    await delay(500);
    const paths = Array.from({ length: manyWriters }, (_, index) => folder.file(`${index}.mkv`));
    await Promise.all(paths.map(async (path) => {
      const writer = await createFileWriter("mpeg4", path, 30, quick);
      await write(writer, 0, 10);
      await writer.close();
    }));
    for (const path of paths) assertEquals(probe(path).frames, 10);
  } finally {
    await abortAll(blocked);
    for (const reader of readers) reader.kill("SIGKILL");
  }
});

testAll("createFileWriter: one that closes for long lets those in its thread write", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const open = (name: string, options: WriterOptions): Promise<VideoWriter> =>
    createFileWriter("libx264", folder.file(name), 30, { crashSafe: false, ...options });
  const slow = await Promise.all(
    Array.from(
      { length: threads },
      (_, index) => open(`slow-${index}.mkv`, { preset: "medium", encoderOptions: { "rc-lookahead": 60 } }),
    ),
  );
  const light = await Promise.all(
    Array.from({ length: threads }, (_, index) => open(`light-${index}.mkv`, { preset: "ultrafast" })),
  );
  const large = (index: number) => barFrame(index, 1280, 720);
  await Promise.all([
    ...slow.map(async (writer) => {
      for (let index = 0; index < 60; index++) await writer.write(large(index));
    }),
    ...light.map((writer) => write(writer, 0, 2)),
  ]);
  let isClosed = false;
  const closed = Promise.all(slow.map((writer) => writer.close())).then(() => void (isClosed = true));
  let count = 0;
  while (!isClosed) {
    await Promise.all(light.map((writer) => write(writer, 2 + count, 1)));
    count++;
    await delay(1);
  }
  await closed;
  await Promise.all(light.map((writer) => writer.close()));
  // The queue alone takes 4.
  assert(count > 10, `only ${count} frames were written meanwhile`);
  for (const index of light.keys()) assertEquals(probe(folder.file(`light-${index}.mkv`)).frames, 2 + count);
});
