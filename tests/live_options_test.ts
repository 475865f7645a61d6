import { execFileSync } from "node:child_process";
import process from "node:process";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  createFileReader,
  createFileWriter,
  createMemoryWriter,
  createStreamWriter,
  type RawFrame,
  type Segment,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { listen } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, decode, frameTimes, keyFrameTimes, TemporaryFolder } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";
import { readTimes } from "./support/timelines.ts";

const { some, test, testAll, testBoth, testLong } = testsOf(import.meta.url);

const fps = 30;
const width = 320;
const height = 180;

/** Noise, which takes time to encode, below lines whose gray is the frame's number. */
function numberedNoise(index: number): RawFrame & { data: Uint8Array } {
  const data = Uint8Array.from({ length: width * height }, (_, n) => (n * 2_654_435_761 >>> 7) % 251);
  data.fill(index * 4, 0, width * 32);
  return { data, width, height, format: "gray" };
}

/** The numbers of the frames in a file. */
function numbersIn(path: string): number[] {
  const pixels = decode(path, "gray");
  const bytes = width * height;
  return Array.from({ length: pixels.length / bytes }, (_, n) => Math.round(pixels[n * bytes + 8]! / 4));
}

/** How many samples the packets of a file have, whatever their times. */
function sampleCount(path: string): number {
  return execFileSync("ffmpeg", ["-v", "error", "-i", path, "-map", "0:a", "-f", "s16le", "-"]).length / 2;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const slow: WriterOptions = { preset: "veryslow", tune: "zerolatency", quality: "lossless" };

for (const extension of some(["mkv", "mp4", "ts", "flv"], 4)) {
  testBoth(
    `latePolicy: "drop" leaves frames out of ${extension}, counts them, and keeps the times of all others`,
    { skip: missingEncoders("libx264", "aac") },
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(`a.${extension}`);
      const options = {
        ...slow,
        latePolicy: "drop",
        audio: { codec: "aac" },
      } as const;
      const writer = await createFileWriter("libx264", path, fps, options);
      const frames = Array.from({ length: 60 }, (_, index) => numberedNoise(index));
      const samples = { data: new Float32Array(20 * 1600), sampleRate: 48_000, channels: 1 };
      for (let begin = 0; begin < frames.length; begin += 20) {
        await Promise.all(frames.slice(begin, begin + 20).map((frame) => writer.write(frame)));
        await writer.writeAudio(samples);
        await sleep(150);
      }
      const { dropped } = writer.stats;
      const { seconds } = await writer.close();
      const numbers = numbersIn(path);
      assert(dropped > 0, `${dropped}`);
      assertEquals(numbers.length + dropped, frames.length);
      const times = frameTimes(path);
      const begin = times[0]!;
      for (const [n, time] of times.entries()) assertAlmostEquals(time - begin, numbers[n]! / fps, 0.001);
      assertAlmostEquals(seconds, 2, 1e-6);
      // MPEG-TS has no place for how long the last frame is shown.
      if (extension !== "ts") assertAlmostEquals(readTimes(path).duration, 2, 0.05);
    },
  );
}

test("latePolicy: a key frame that is asked for while frames are dropped is the next one that is written", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("libx264", path, fps, { ...slow, latePolicy: "drop" });
  await Promise.all(Array.from({ length: 20 }, (_, n) => writer.write(numberedNoise(n))));
  const before = writer.stats.dropped;
  assert(before > 0);
  await writer.write(numberedNoise(20), { keyFrame: true });
  const isDropped = writer.stats.dropped > before;
  while (writer.stats.queued > 0) await sleep(10);
  await writer.write(numberedNoise(21));
  const { frames } = await writer.close();
  assertEquals(
    keyFrameTimes(path).length,
    2,
    `${frames} frames, asked for one that was ${isDropped ? "dropped" : "written"}`,
  );
});

for (
  const [encoder, extension, most] of some(
    [
      ["libx264", "mp4", 1],
      ["libx265", "mkv", 1],
      ["libvpx-vp9", "webm", 1],
      ["libvpx", "webm", 1],
      ["libaom-av1", "mkv", 1],
      ["libsvtav1", "mkv", 3],
      ["librav1e", "mkv", 5],
      ["mpeg4", "mkv", 1],
    ] as const,
    4,
  )
) {
  testBoth(
    `live: ${encoder} holds ${most} frames at most`,
    { skip: missingEncoders(encoder) },
    async () => {
      using folder = new TemporaryFolder();
      // libavcodec took libaom before 2.0 for experimental.
      const encoderOptions = encoder === "libaom-av1" ? { strict: "experimental" } : {};
      const options = { live: true, encoderOptions };
      const writer = await createFileWriter(encoder, folder.file(`a.${extension}`), fps, options);
      assertEquals(writer.timing, "wallclock");
      for (let n = 0; n < 12; n++) {
        await writer.write(barFrame(n, 192, 108));
        await sleep(33);
      }
      for (let n = 0; n < 100 && writer.stats.queued > 0; n++) await sleep(10);
      const { encoding, latencySeconds, fps: measured, bitrate, dropped } = writer.stats;
      assert(encoding <= most, `${encoding} frames are in the encoder`);
      assert(latencySeconds < 1, `${latencySeconds} s`);
      assert(measured > 2 && measured < 100, `${measured}`);
      assert(bitrate > 0);
      const { frames } = await writer.close();
      assertEquals(frames + dropped, 12);
    },
  );
}

for (const thread of ["worker", "main"] as const) {
  test(`live: frames at a constant rate are let in at their pace, with a key frame a second, ${thread}`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const options = { live: true, timing: "constant", thread } as const;
    const writer = await createFileWriter("mpeg4", path, 20, options);
    const times: number[] = [];
    // The clock begins in the first call.
    const begin = performance.now();
    for (let n = 0; n < 25; n++) {
      await writer.write(barFrame(n));
      times.push(performance.now());
    }
    await writer.close();
    for (const [n, ms] of times.entries()) assert(ms - begin >= n * 50 - 2, `frame ${n}: ${ms - begin} ms`);
    assert(times.at(-1)! - times[0]! < 24 * 50 + 1000, `${times.at(-1)! - times[0]!} ms`);
    assertEquals(frameTimes(path).length, 25 - writer.stats.dropped);
    assertEquals(keyFrameTimes(path), [0, 1]);
  });
}

for (const end of ["abort", "close"] as const) {
  test(`live: ${end} settles at once while a frame waits for its time`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("mpeg4", path, fps, { live: true, timing: "timestamps" });
    await writer.write(barFrame(0), { timestamp: 0 });
    const waiting = rejection(() => writer.write(barFrame(1), { timestamp: 60 })).catch(() => null);
    await sleep(20);
    const begin = performance.now();
    await writer[end]();
    await waiting;
    assert(performance.now() - begin < 1000, `${performance.now() - begin} ms`);
    if (end === "close") assertEquals(frameTimes(path), [0, 60]);
  });
}

test("live: close writes all frames that wait for their time, and drops none", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("mpeg4", path, fps, { live: true, timing: "constant" });
  const writes = Array.from({ length: 40 }, (_, n) => writer.write(barFrame(n)));
  await writer.close();
  await Promise.all(writes);
  assertEquals([writer.stats.dropped, frameTimes(path).length], [0, 40]);
});

test("live: a time that is none is refused at once, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("mpeg4", path, fps, { live: true, timing: "timestamps" });
  await writer.write(barFrame(0), { timestamp: 0 });
  for (const timestamp of [NaN, Date.now() / 1000, -1, "1" as unknown as number]) {
    const error = await rejection(() => writer.write(barFrame(1), { timestamp }));
    assert(error instanceof RangeError || error instanceof TypeError, `${timestamp}: ${error}`);
  }
  await writer.write(barFrame(1), { timestamp: 0.1 });
  await writer.close();
  assertEquals(frameTimes(path), [0, 0.1]);
});

test("live: a frame that waits for its time learns that the reader of its stream has gone", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const options = { format: "mpegts", live: true, timing: "timestamps" } as const;
  const writer = await createStreamWriter("mpeg4", writable, fps, options);
  await writer.write(barFrame(0), { timestamp: 0 });
  const waiting = rejection(() => writer.write(barFrame(1), { timestamp: 60 }));
  await readable.cancel("enough");
  const error = await waiting;
  assert(error instanceof WriterClosedError, `${error}`);
});

test('latePolicy: "drop" with timestamps keeps the end of the last frame, and copyFrom its places', {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const [clip, timed, copied] = ["clip.mkv", "a.mkv", "b.mkv"].map((name) => folder.file(name)) as [
    string,
    string,
    string,
  ];
  const writer = await createFileWriter("libx264", timed, fps, {
    ...slow,
    latePolicy: "drop",
    timing: "timestamps",
  });
  const writes = Array.from({ length: 30 }, (_, n) => writer.write(numberedNoise(n), { timestamp: n / fps }));
  await Promise.all(writes);
  assert(writer.stats.dropped > 0);
  // Matroska counts in thousandths.
  assertAlmostEquals((await writer.close()).seconds, 1, 0.001);
  assertAlmostEquals(readTimes(timed).duration, 1, 0.002);
  const source = await createFileWriter("ffv1", clip, fps);
  for (let n = 0; n < 30; n++) await source.write(numberedNoise(n));
  await source.close();
  await using reader = await createFileReader(clip);
  const options = { ...slow, latePolicy: "drop", queueSize: 1 } as const;
  const copier = await createFileWriter("libx264", copied, fps, options);
  await copier.copyFrom(reader);
  const { dropped } = copier.stats;
  const { seconds, frames } = await copier.close();
  assertEquals(frames + dropped, 30);
  assertAlmostEquals(seconds, 1, 1e-6);
});

for (const thread of ["worker", "main"] as const) {
  testLong(
    `latePolicy: "drop" in segments with audio, ${thread}: each begins in its place, with all samples`,
    {
      skip: missingEncoders("libx264", "flac"),
    },
    async () => {
      using folder = new TemporaryFolder();
      const told: Segment[] = [];
      const writer = await createFileWriter("libx264", folder.path, fps, {
        ...{ ...slow, thread, latePolicy: "drop", audio: { codec: "flac", channels: 1 } },
        segments: { name: "%s-%f.mkv", seconds: 0.5 },
        onSegment: (segment) => void told.push(segment),
      });
      const samples = { data: new Float32Array(15 * 1600).fill(0.25), sampleRate: 48_000, channels: 1 };
      for (let begin = 0; begin < 60; begin += 15) {
        const frames = Array.from({ length: 15 }, (_, n) => numberedNoise(begin + n));
        await Promise.all(frames.map((frame) => writer.write(frame)));
        await writer.writeAudio(samples);
        while (writer.stats.queued > 0) await sleep(10);
      }
      const { dropped } = writer.stats;
      await writer.close();
      // Nothing waits for an encoder in the caller's thread.
      assertEquals(dropped > 0, thread === "worker");
      assertEquals(told.reduce((sum, { frames }) => sum + frames, 0) + dropped, 60);
      for (const { path, frames } of told) {
        const numbers = numbersIn(path);
        assertEquals(numbers.length, frames);
        const times = frameTimes(path);
        for (const [n, time] of times.entries()) {
          assertAlmostEquals(time, (numbers[n]! - numbers[0]!) / fps, 0.002, path);
        }
      }
      assertEquals(told.reduce((sum, { path }) => sum + sampleCount(path), 0), 60 * 1600);
    },
  );
}

test("live: what takes a whole video, or a constant rate, is refused with the option's name", async () => {
  using folder = new TemporaryFolder();
  const live = true;
  for (
    const [options, says] of [
      [{ live, passes: 2, bitrate: "1M" }, "live and passes"],
      [{ live, targetBytes: 100_000 }, "live and targetBytes"],
      [{ live, chunk: { frames: 3 } }, "live and chunk"],
      [{ live, palette: "clip" }, "live and palette"],
      [{ live: "yes" as unknown as boolean }, "option live"],
      [{ latePolicy: "later" as "drop" }, "option latePolicy"],
      [{ latePolicy: "drop", chunk: { frames: 3 } }, "option latePolicy"],
    ] as const
  ) {
    await assertFails(() => createFileWriter("mpeg4", folder.file("a.mp4"), fps, options), {
      type: TypeError,
      says: [says],
    });
  }
  const error = await rejection(() => createMemoryWriter("mpeg4", "avi", fps, { latePolicy: "drop" }));
  assert(error instanceof Error && error.message.includes('latePolicy "drop"'), `${error}`);
});

testAll("live: ten minutes of 720p with audio keep to the clock, in level memory", {
  skip: missingEncoders("libx264", "aac"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const options = { live: true, timing: "constant", audio: { codec: "aac", channels: 1 } } as const;
  const writer = await createFileWriter("libx264", path, fps, options);
  const samples = { data: new Float32Array(1600), sampleRate: 48_000, channels: 1 };
  const minute = 60 * fps;
  const count = 10 * minute;
  const late: number[] = [];
  const resident: number[] = [];
  let beginMs = 0;
  for (let n = 0; n < count; n++) {
    await writer.write(barFrame(n, 1280, 720));
    const nowMs = performance.now();
    if (n === 0) beginMs = nowMs;
    late.push(nowMs - beginMs - n * 1000 / fps);
    await writer.writeAudio(samples);
    if (n % minute === minute - 1) resident.push(process.memoryUsage.rss());
  }
  const { dropped } = writer.stats;
  const { seconds } = await writer.close();
  // A busy machine makes frames late, and none early: a clock that drifts has them all late, or early.
  const least = (minutes: readonly number[]): number => minutes.toSorted((a, b) => a - b)[minute / 10]!;
  const [first, last] = [least(late.slice(0, minute)), least(late.slice(-minute))];
  assert(Math.abs(last - first) < 20 && Math.abs(last) < 20, `${first} ms, ${last} ms`);
  const growth = (resident.at(-1)! - resident[2]!) / 2 ** 20;
  assert(growth < 20, resident.map((bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`).join(", "));
  assertAlmostEquals(seconds, 600, 1e-6);
  assertEquals(frameTimes(path).length + dropped, count);
  assertAlmostEquals(listen(path).length / 48_000, 600, 0.05);
});
