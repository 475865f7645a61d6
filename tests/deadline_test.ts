import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFileWriter, type RawFrame, type VideoWriter, type WriterOptions } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, decode, frameTimes, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { noisyFrame } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const threads = ["worker", "main"] as const;
const frames = 60;
/** So many that nothing of it is taken for a live recording, whose encoder is emptied now and then. */
const fps = 100;
const width = 320, height = 180;

/** An encoder that has everything still to do when the writer closes, and needs seconds for it. */
const slow = {
  preset: "placebo",
  encoderOptions: { threads: 1, "rc-lookahead": 250, b_strategy: 1 },
} as const;

/** A frame that encoders with and without alpha show alike. */
function opaqueFrame(index: number): RawFrame & { data: Uint8Array } {
  const frame = noisyFrame(index, width, height);
  for (let at = 3; at < frame.data.length; at += 4) frame.data[at] = 255;
  return frame;
}

/** Writes frames, and samples and cues of their time. */
async function write(path: string, codec: string, options: WriterOptions): Promise<VideoWriter> {
  const writer = await createFileWriter(codec, path, fps, { audio: {}, logLevel: "quiet", ...options });
  const samples = { data: new Float32Array(48000 / fps).fill(0.1), sampleRate: 48000, channels: 1 };
  for (let index = 0; index < frames; index++) {
    await writer.write(opaqueFrame(index));
    await writer.writeAudio(samples);
  }
  return writer;
}

/** Where the audio of a file ends, in seconds. */
function audioEnd(path: string): number {
  const text = execFileSync("ffprobe", [
    ...["-v", "error", "-select_streams", "a", "-show_entries", "packet=pts_time,duration_time"],
    ...["-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  const [start, length] = text.trim().split("\n").at(-1)!.split(",").map(Number);
  return start! + length!;
}

/** Checks a file that ends early: its frames are the first ones, and its audio ends with them. */
function assertWhole(path: string, count: number): void {
  assertEquals(probe(path).frames, count);
  const times = frameTimes(path);
  const first = times[0]!;
  for (const [index, time] of times.entries()) {
    assert(Math.abs(time - first - index / fps) < 0.0011, `frame ${index} of ${path} is at ${time}`);
  }
  const pictures = decode(path, "gray");
  const size = width * height;
  for (let index = 0; index < count; index++) {
    const { data } = opaqueFrame(index);
    const gray = Uint8Array.from(
      { length: size },
      (_, at) => data[at * 4]! * 0.299 + data[at * 4 + 1]! * 0.587 + data[at * 4 + 2]! * 0.114,
    );
    const quality = psnr(pictures.subarray(index * size, (index + 1) * size), gray);
    assert(quality > 18, `picture ${index} of ${path} is another one: ${quality} dB`);
  }
  const end = audioEnd(path);
  assert(
    Math.abs(end - first - count / fps) < 0.05,
    `the audio of ${path} ends at ${end}, after ${count} frames`,
  );
}

for (const thread of threads) {
  for (const [name, crashSafe] of some([["a.mp4", true], ["b.mkv", true], ["c.mp4", false]] as const, 3)) {
    testBoth(
      `close: a deadline ends the file whole (${name}, crashSafe ${crashSafe}, thread: ${thread})`,
      async () => {
        using folder = new TemporaryFolder();
        const path = folder.file(name);
        const writer = await write(path, "libx264", { ...slow, thread, crashSafe });
        const start = performance.now();
        const summary = await writer.close({ deadlineSeconds: 1 });
        const seconds = (performance.now() - start) / 1000;
        assertEquals(summary.frames + summary.leftOut, frames);
        assert(summary.leftOut > 0 && summary.frames > 0, `${summary.frames} frames after ${seconds} s`);
        assert(seconds < 5, `${seconds} s`);
        assert(Math.abs(summary.seconds - summary.frames / fps) < 1e-9, `${summary.seconds} s`);
        assertWhole(path, summary.frames);
        assertEquals(readdirSync(folder.path), [name]);
        assertEquals(await writer.close(), summary);
        assertEquals(writer.stats.frames, summary.frames);
      },
    );
  }

  testBoth(
    `close: with a deadline of 0, what came out of the encoder is the file (thread: ${thread})`,
    async () => {
      using folder = new TemporaryFolder();
      for (
        const [name, encoderOptions] of [["some.mp4", { "rc-lookahead": 20 }], ["none.mp4", {}]] as const
      ) {
        const path = folder.file(name);
        writeFileSync(path, "there before");
        const options = { ...slow.encoderOptions, ...encoderOptions };
        const writer = await write(path, "libx264", { preset: "fast", encoderOptions: options, thread });
        const { frames: count, leftOut, width } = await writer.close({ deadlineSeconds: 0 });
        assertEquals(count + leftOut, frames);
        if (name === "none.mp4") {
          assertEquals([count, width, existsSync(path)], [0, 0, false]);
        } else {
          assert(count > 0 && leftOut > 0, `${count} frames`);
          assertWhole(path, count);
        }
      }
    },
  );
}

for (const thread of some(threads, 2)) {
  for (const [name, crashSafe] of [["a.mkv", true], ["b.mp4", "fragments"]] as const) {
    testBoth(`close: after a deadline the path is free at once (${name}, thread: ${thread})`, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const encoderOptions = { ...slow.encoderOptions, "rc-lookahead": 10, bf: 8, b_strategy: 0 };
      const writer = await createFileWriter("libx264", path, fps, {
        ...{ preset: "fast", encoderOptions, thread, crashSafe },
      });
      for (let index = 0; index < frames + 2; index++) await writer.write(noisyFrame(index, width, height));
      const { leftOut } = await writer.close({ deadlineSeconds: 0 });
      assert(leftOut > 0);
      const next = await createFileWriter("mpeg4", path, 25, { thread });
      await next.write(barFrame(0));
      assertEquals((await next.close()).frames, 1);
      assertEquals(probe(path).frames, 1);
    });
  }

  testBoth(`stats: after a deadline no frame is encoding (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const encoderOptions = { ...slow.encoderOptions, "rc-lookahead": 10, bf: 8, b_strategy: 0 };
    for (let count = 56; count < 64; count++) {
      const path = folder.file("a.mp4");
      const writer = await createFileWriter("libx264", path, fps, { encoderOptions, thread });
      for (let index = 0; index < count; index++) await writer.write(noisyFrame(index, 64, 48));
      const { frames, leftOut } = await writer.close({ deadlineSeconds: 0 });
      assertEquals(frames + leftOut, count);
      const { stats, desiredSize } = writer;
      assertEquals([stats.frames, stats.encoding, stats.queued, desiredSize], [frames, 0, 0, 0]);
    }
  });

  testBoth(`close: a deadline counts the frames of a clip with one palette (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.gif");
    for (const deadlineSeconds of [0, 0.2, 60]) {
      const writer = await createFileWriter("gif", path, 25, { palette: "clip", thread });
      for (let index = 0; index < frames; index++) await writer.write(noisyFrame(index, width, height));
      const { frames: count, leftOut } = await writer.close({ deadlineSeconds });
      assertEquals(count + leftOut, frames);
      if (deadlineSeconds === 0) assertEquals(count, 0);
      if (deadlineSeconds === 60) assertEquals(count, frames);
      assertEquals(readdirSync(folder.path), count > 0 ? ["a.gif"] : []);
      if (count > 0) assertEquals(probe(path).frames, count);
    }
  });
}

test("close: a deadline that is not needed changes nothing", async () => {
  using folder = new TemporaryFolder();
  for (const [codec, name, thread] of [["libx264", "a.mp4", "worker"], ["ffv1", "b.mkv", "main"]] as const) {
    const path = folder.file(name);
    const writer = await write(path, codec, {
      ...(codec === "libx264" ? { preset: "ultrafast" } : {}),
      thread,
    });
    const { frames: count, leftOut } = await writer.close({ deadlineSeconds: 60 });
    assertEquals([count, leftOut], [frames, 0]);
    assertWhole(path, frames);
  }
});

test("close: called again with a deadline, it ends the close that is under way", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await write(path, "libx264", slow);
  const start = performance.now();
  const first = writer.close();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [summary, same] = await Promise.all([first, writer.close({ deadlineSeconds: 0 })]);
  const seconds = (performance.now() - start) / 1000;
  assert(seconds < 6, `${seconds} s`);
  assertEquals(summary, same);
  assertEquals(summary.frames + summary.leftOut, frames);
  assertWhole(path, summary.frames);
});

test("close: frames that wait for the encoder are left out after the deadline, each counted", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("libx264", path, 25, {
    preset: "placebo",
    encoderOptions: { threads: 1, "rc-lookahead": 5, b_strategy: 1 },
    queueSize: 2,
  });
  const writes = Array.from({ length: frames }, (_, index) => writer.write(noisyFrame(index, 640, 360)));
  const summary = await writer.close({ deadlineSeconds: 0.5 });
  await Promise.all(writes);
  assertEquals(summary.frames + summary.leftOut, frames);
  assert(summary.leftOut > 20, `${summary.leftOut} left out`);
  if (summary.frames > 0) assertEquals(probe(path).frames, summary.frames);
});

test("close: a deadline ends variable rates, filters and subtitles where the video ends", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("libx264", path, 25, {
    ...slow,
    timing: "timestamps",
    filter: "hflip",
    subtitles: {},
    logLevel: "quiet",
  });
  await writer.writeSubtitle({ text: "long", start: 0, end: 10 });
  for (let index = 0; index < 40; index++) {
    await writer.write(noisyFrame(index, width, height), { timestamp: index / 25 + (index % 2) * 0.01 });
  }
  const { frames: count, seconds, leftOut } = await writer.close({ deadlineSeconds: 1 });
  assert(count > 0 && leftOut > 0, `${count} frames`);
  const { frames: found, duration } = probe(path);
  assertEquals(found, count);
  assert(Math.abs(duration - seconds) < 0.001, `${duration} s instead of ${seconds}`);
  const text = execFileSync("ffmpeg", ["-v", "error", "-i", path, "-map", "0:s", "-f", "srt", "-"], {
    encoding: "utf8",
  });
  const [, end] = /--> 00:00:(\d\d,\d{3})/.exec(text)!;
  assert(Math.abs(Number(end!.replace(",", ".")) - seconds) < 0.05, `the text ends at ${end}`);
});

for (const codec of some(["libx265", "libvpx-vp9", "libaom-av1", "libsvtav1"] as const, 3)) {
  testBoth(`close: a deadline ends ${codec}`, { skip: missingEncoders(codec) }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const options = codec === "libx265" ? { preset: "slower" } : {};
    const writer = await createFileWriter(codec, path, 25, { ...options, logLevel: "quiet" });
    for (let index = 0; index < 24; index++) await writer.write(noisyFrame(index, width, height));
    const start = performance.now();
    const summary = await writer.close({ deadlineSeconds: 0.2 });
    const seconds = (performance.now() - start) / 1000;
    assertEquals(summary.frames + summary.leftOut, 24);
    assert(seconds < 5, `${seconds} s`);
    if (summary.frames > 0) assertEquals(probe(path).frames, summary.frames);
    // The next writer does not wait for the encoder to be freed.
    const next = await createFileWriter("mpeg4", folder.file("b.mp4"), 25);
    await next.write(barFrame(0));
    assertEquals((await next.close()).leftOut, 0);
  });
}

test("close: options that make no sense are refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("mpeg4", path, 25);
  await writer.write(barFrame(0));
  for (const deadlineSeconds of [-1, NaN, Infinity]) {
    await assertRejects(() => writer.close({ deadlineSeconds }), RangeError, "must be 0 or more");
  }
  for (const options of [{ deadlineSeconds: "2" }, { deadline: 2 }, null, 2]) {
    const error = await rejection(() => writer.close(options as never));
    assert(error instanceof TypeError && error.message.startsWith("Cannot close: "), String(error));
  }
  await writer.write(barFrame(1));
  assertEquals((await writer.close()).frames, 2);
});
