import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFileWriter, UnsupportedError, type VideoWriter, type WriterOptions } from "../mod.ts";
import { transcode, type TranscodeProgress } from "../recipes.ts";
import { makeClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { decode, frameTimes, lightOptions, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { isAll, isLong, test, testAll, testBoth, testLong } = testsOf(import.meta.url);

const width = 160, height = 96, fps = 25;
const threads = ["worker", "main"] as const;
const h264 = missingEncoders("libx264");

/** A picture that is easy in the first half of a second and hard in the other: a second pass sees both. */
function picture(index: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(width * height * 4).fill(255);
  let random = index + 1;
  for (let at = 0; at < data.length; at += 4) {
    const x = (at / 4) % width, y = Math.floor(at / 4 / width);
    random = (random * 1103515245 + 12345) & 0x7fffffff;
    const texture = index % 25 >= 12 ? (random >> 16) & 31 : 0;
    data[at] = (x + index * 2) & 255;
    data[at + 1] = (y * 2 + texture) & 255;
    data[at + 2] = 96 + texture;
  }
  return data;
}

async function failure(action: () => Promise<unknown>): Promise<Error> {
  const error = await rejection(action);
  assert(error instanceof Error);
  return error;
}

/** Writes frames, and tones of their time where there is audio. */
async function write(
  writer: VideoWriter,
  count: number,
  timestamp?: (index: number) => number,
): Promise<void> {
  const samples = new Float32Array(48000 / fps);
  for (let index = 0; index < count; index++) {
    const timing = timestamp === undefined ? {} : { timestamp: timestamp(index) };
    await writer.write({ data: picture(index), width, height }, timing);
    if (writer.stats.audio.length === 0) continue;
    for (let at = 0; at < samples.length; at++) {
      samples[at] = Math.sin((index * samples.length + at) / 20) / 4;
    }
    await writer.writeAudio({ data: samples, sampleRate: 48000, channels: 1 });
  }
}

/** Fails unless a file is as large as it should be, or up to 2 % smaller. */
function assertSize(path: string, targetBytes: number): void {
  const { size } = statSync(path);
  assert(size <= targetBytes && size >= targetBytes * 0.98, `${path}: ${size} bytes for ${targetBytes}`);
}

/** How alike the video of a file and what was written are, in dB. */
function likeness(path: string, count: number): number {
  const frames = Array.from({ length: count }, (_, index) => picture(index));
  const whole = new Uint8Array(frames.length * frames[0]!.length);
  for (const [index, frame] of frames.entries()) whole.set(frame, index * frame.length);
  return psnr(decode(path, "rgba"), whole);
}

interface SizeCase {
  readonly codec: string;
  readonly encoder: string;
  readonly extension: string;
  readonly bytes: number;
  readonly options?: WriterOptions;
}

const sizes: readonly SizeCase[] = [
  { codec: "h264", encoder: "libx264", extension: "mp4", bytes: 120_000 },
  { codec: "hevc", encoder: "libx265", extension: "mkv", bytes: 100_000, options: { preset: "fast" } },
  { codec: "vp9", encoder: "libvpx-vp9", extension: "webm", bytes: 90_000, options: lightOptions("vp9") },
  { codec: "h264", encoder: "libx264", extension: "ts", bytes: 150_000 },
  { codec: "h264", encoder: "libx264", extension: "mp4", bytes: 60_000, options: { crashSafe: "fragments" } },
  { codec: "h264", encoder: "libx264", extension: "mov", bytes: 70_000, options: { crashSafe: false } },
  { codec: "h264", encoder: "libx264", extension: "mkv", bytes: 500_000, options: { maxBitrate: "3M" } },
  { codec: "vp9", encoder: "libvpx-vp9", extension: "mp4", bytes: 60_000, options: lightOptions("vp9") },
  { codec: "vp8", encoder: "libvpx", extension: "webm", bytes: 150_000, options: lightOptions("vp8") },
];

/** The first in the quick run, the three codecs in the long one. */
const cases = [...sizes.entries()].slice(0, isAll ? sizes.length : isLong ? 3 : 1);

for (const [index, { codec, encoder, extension, bytes, options }] of cases) {
  const name = `targetBytes: ${codec} in ${extension}, with sound, has ${bytes} bytes (${index})`;
  testBoth(name, { skip: missingEncoders(encoder) }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(`size.${extension}`);
    const count = 3 * fps;
    const thread = threads[index % 2]!;
    const writer = await createFileWriter(codec, path, fps, {
      targetBytes: bytes,
      audio: {},
      thread,
      ...options,
    });
    await write(writer, count);
    assert(!existsSync(path), "the file is written by close");
    const summary = await writer.close();
    assertSize(path, bytes);
    assertEquals(summary.bytes, statSync(path).size);
    assertEquals([summary.frames, summary.encoder, summary.leftOut], [count, encoder, 0]);
    const { frames, codec_name } = probe(path);
    assertEquals([frames, codec_name], [count, codec]);
    const times = frameTimes(path);
    assert(times.every((time, at) => Math.abs(time - times[0]! - at / fps) < 0.0011), times.join());
    const decibels = likeness(path, count);
    assert(decibels > 22, `${decibels} dB`);
    assertEquals(readdirSync(folder.path), [`size.${extension}`]);
  });
}

testBoth("passes: 2 meets a bit rate, and gives bits to where they are needed", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  const count = 3 * fps, bitrate = 300_000;
  const path = folder.file("rate.mkv");
  const writer = await createFileWriter("h264", path, fps, { bitrate, passes: 2, thread: "main" });
  await write(writer, count);
  const { stats } = writer;
  assertEquals([stats.frames, stats.encoding], [count, 0]);
  await writer.close();
  const rate = writer.stats.bytes * 8 / (count / fps);
  assert(Math.abs(rate / bitrate - 1) < 0.05, `${rate} bits per second for ${bitrate}`);
  assertEquals(probe(path).frames, count);
});

test("passes: what takes no part in it is refused in words", async () => {
  const open = (codec: string, options: WriterOptions, path = "never.mp4"): Promise<Error> =>
    failure(() => createFileWriter(codec, path, fps, options));
  const one = await open("mpeg4", { passes: 2, bitrate: "1M" });
  assert(one instanceof UnsupportedError && one.code === "PASSES", one.message);
  assertStringIncludes(one.message, "encoder mpeg4 has only one. Use one of libx264");
  const many = await open("h264", { targetBytes: 1e6 }, "never.m3u8");
  assert(many instanceof UnsupportedError && many.code === "TARGET_BYTES", many.message);
  for (
    const [options, words] of [
      [{ passes: 2 }, "passes: 2 without bitrate or targetBytes"],
      [{ passes: 3 }, "must be 1 or 2"],
      [{ targetBytes: 0 }, "a whole number of bytes above 0"],
      [{ targetBytes: 1e6, passes: 1 }, "a size takes two"],
      [{ targetBytes: 1e6, bitrate: 1e6 }, "bitrate and targetBytes together"],
      [{ targetBytes: 1e6, quality: "high" }, "quality and targetBytes together"],
      [{ quality: "high", passes: 2 }, "passes: 2 without bitrate or targetBytes"],
    ] as readonly [WriterOptions, string][]
  ) {
    const error = await open("h264", options);
    assert(error instanceof TypeError, error.message);
    assertStringIncludes(error.message, words);
  }
  assert(!existsSync("never.mp4"));
});

for (const thread of threads) {
  testBoth(`abort (thread: ${thread}): ends either pass, and leaves nothing`, { skip: h264 }, async () => {
    using folder = new TemporaryFolder();
    for (const isClosing of [false, true]) {
      const path = folder.file("aborted.mp4");
      writeFileSync(path, "before");
      const slow = { targetBytes: 50_000, preset: isClosing ? "placebo" : "ultrafast", thread };
      const writer = await createFileWriter("h264", path, fps, slow);
      await write(writer, fps);
      const closed = isClosing ? failure(() => writer.close()) : null;
      await new Promise((resolve) => setTimeout(resolve, 20));
      await writer.abort();
      await closed;
      // What was there is only replaced by a whole file.
      assertEquals(readdirSync(folder.path).filter((name) => name !== "aborted.mp4"), []);
    }
  });
}

testLong(
  "targetBytes: a size that is too small is told, beside the smallest file",
  { skip: h264 },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("small.mp4");
    const writer = await createFileWriter("h264", path, fps, { targetBytes: 2000, audio: {} });
    await write(writer, fps);
    const error = await failure(() => writer.close());
    assert(error instanceof UnsupportedError && error.code === "TARGET_BYTES", error.message);
    assertStringIncludes(error.message, `has ${statSync(path).size}, and is in its place`);
    assertEquals(probe(path).frames, fps);
  },
);

testLong("targetBytes: subtitles are counted", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  for (const extension of ["mkv", "mp4"]) {
    const path = folder.file(`told.${extension}`);
    await using writer = await createFileWriter("libx264", path, fps, {
      ...{ targetBytes: 100_000, subtitles: {}, preset: "ultrafast" },
    });
    for (let index = 0; index < 100; index++) {
      await writer.writeSubtitle({
        text: `A line of text, ${index}`,
        start: index / 50,
        end: (index + 1) / 50,
      });
    }
    await write(writer, 50);
    await writer.close();
    const { size } = statSync(path);
    assert(size <= 100_000 && size >= 94_000, `${path}: ${size} bytes`);
  }
});

testLong("passes: an encoder that is only tried leaves the statistics alone", { skip: h264 }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("script.ts");
  const mod = JSON.stringify(new URL("../mod.ts", import.meta.url).href);
  writeFileSync(
    path,
    `import process from "node:process";
    import { createFileWriter } from ${mod};
    await using writer = await createFileWriter("libx264", process.argv.at(-1), 25, {
      ...{ bitrate: "1M", passes: 2, fieldOrder: "tff", pixelFormat: "yuv422p" },
    });
    for (let n = 0; n < 5; n++) {
      await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(n), width: 64, height: 64 });
    }`,
  );
  const { status, stderr } = runScript(path, [folder.file("fields.mkv")]);
  assertEquals([status, stderr], [0, ""]);
});

testAll("targetBytes: a size that is never needed gives a smaller file", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("large.mp4");
  const writer = await createFileWriter("h264", path, fps, { targetBytes: 20e6 });
  await write(writer, fps);
  const { bytes } = await writer.close();
  assert(bytes < 20e6 && bytes === statSync(path).size);
  assert(likeness(path, fps) > 35);
});

testLong("passes: times, key frames, filters and subtitles are as in one pass", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  const timestamp = (index: number): number =>
    index < 20 ? index / 30 : index < 40 ? 10 + index / 7 : 60 + index;
  const options: WriterOptions = {
    ...{ timing: "timestamps", bitrate: "400k", filter: "hflip", subtitles: {}, keyFrameInterval: 2 },
  };
  const files: Record<string, { times: number[]; keys: number[] }> = {};
  for (const passes of [1, 2] as const) {
    const path = folder.file(`pass${passes}.mkv`);
    const writer = await createFileWriter("h264", path, 30, { ...options, passes });
    await writer.writeSubtitle({ text: "Now", start: 1, end: 2 });
    await write(writer, 50, timestamp);
    await writer.close();
    files[passes] = { times: frameTimes(path), keys: frameTimes(path, ["-skip_frame", "nokey"]) };
    assertStringIncludes(subtitleText(path), "Now");
  }
  assertEquals(files[2]!.times, files[1]!.times);
  assertEquals(files[1]!.times.length, 50);
  // Pauses of one encoder are those of two in the recording: each begins with a key frame.
  for (const key of files[2]!.keys) assert(files[2]!.times.includes(key));
});

function subtitleText(path: string): string {
  return execFileSync("ffmpeg", ["-v", "error", "-i", path, "-map", "0:s", "-f", "srt", "-"], {
    encoding: "utf8",
  });
}

testAll("passes: alpha, depth and odd sizes go through the disk as they are", async () => {
  using folder = new TemporaryFolder();
  for (
    const [codec, encoder, extension, options] of [
      ["vp9", "libvpx-vp9", "webm", { pixelFormat: "yuva420p", ...lightOptions("vp9") }],
      ["hevc", "libx265", "mkv", { pixelFormat: "yuv420p10le" }],
      ["h264", "libx264", "mkv", { pixelFormat: "nv12" }],
      ["h264", "libx264", "mkv", { pixelFormat: "yuv444p" }],
    ] as const
  ) {
    if (missingEncoders(encoder) !== false) continue;
    const path = folder.file(`${codec}-${options.pixelFormat}.${extension}`);
    const writer = await createFileWriter(codec, path, fps, { passes: 2, bitrate: "4M", ...options });
    await write(writer, 20);
    await writer.close();
    assertEquals(probe(path).frames, 20);
    assert(likeness(path, 20) > 26, `${path}: ${likeness(path, 20)} dB`);
  }
});

testLong("close: a deadline ends the second pass with whole groups", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  for (const options of [{ bitrate: "1M", passes: 2 }, { targetBytes: 200_000 }] as const) {
    const path = folder.file("deadline.mp4");
    const writer = await createFileWriter("h264", path, fps, {
      ...{ audio: {}, preset: "placebo", encoderOptions: { threads: 1, me_range: 64 }, ...options },
    });
    await write(writer, 200);
    const { frames, leftOut } = await writer.close({ deadlineSeconds: 1 });
    assertEquals(frames + leftOut, 200);
    assert(leftOut > 0, "nothing was left to do");
    if (frames > 0) assertEquals(probe(path).frames, frames);
    assertEquals(readdirSync(folder.path).filter((name) => name.includes("avwriter")), []);
  }
});

testLong("passes: what a killed program left is replaced by the next writer", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("next.mp4");
  mkdirSync(`${path}.avwriter-passes`);
  writeFileSync(`${path}.avwriter-passes/statistics`, "old");
  const writer = await createFileWriter("h264", path, fps, { passes: 2, bitrate: "1M" });
  await write(writer, 10);
  await writer.close();
  assertEquals(readdirSync(folder.path), ["next.mp4"]);
  assertEquals(probe(path).frames, 10);
});

testAll("passes: a kill in either pass leaves what was there, and nothing in the way of the next", {
  skip: h264,
}, async () => {
  using folder = new TemporaryFolder();
  const source = makeClip(folder.file("source.mkv"), "25", 20, "-s", "640x480", "-c:v", "mpeg4");
  const path = folder.file("kept.mp4"), temporary = `${path}.avwriter.mp4`;
  writeFileSync(path, "before");
  const script = fileURLToPath(new URL("support/killed_transcode.ts", import.meta.url));
  for (const share of [0, 0.5]) {
    const { status } = runScript(script, [source, path, String(share)]);
    assert(status !== 0);
    assertEquals(readFileSync(path, "utf8"), "before");
    // The encoder has written all of its statistics once the second pass begins.
    const waiting = readdirSync(`${temporary}.avwriter-passes`);
    assertEquals(waiting.includes("statistics"), share > 0, waiting.join());
  }
  const { frames } = await transcode(source, path, "libx264", { passes: 2, bitrate: "500k" });
  assertEquals([frames, probe(path).frames], [500, 500]);
  assertEquals(readdirSync(folder.path).toSorted(), ["kept.mp4", "source.mkv"]);
});

testAll("passes: the progress of transcode goes through both passes", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  const source = makeClip(folder.file("source.mkv"), "25", 10, "-s", "640x480", "-c:v", "mpeg4");
  for (const options of [{ passes: 2, bitrate: "500k" }, { targetBytes: 1_000_000 }] as const) {
    const told: TranscodeProgress[] = [];
    await transcode(source, folder.file("out.mp4"), "libx264", {
      ...options,
      onProgress: (progress) => told.push(progress),
    });
    const shares = told.map(({ finished }) => finished!);
    assertEquals(shares, shares.toSorted((one, other) => one - other));
    assertEquals(shares.filter((share) => share === 1).length, 1);
    // While frames are read that is half of it, and the other half goes on.
    assert(shares.some((share) => share > 0 && share < 0.5), shares.join());
    assert(shares.some((share) => share > 0.5 && share < 1), shares.join());
    const whole = told.filter(({ frames }) => frames < 250).map(({ finished }) => finished!);
    assert(whole.every((share) => share <= 0.5), shares.join());
  }
});

testLong("targetBytes: transcode makes a file of a size, with its sound", { skip: h264 }, async () => {
  using folder = new TemporaryFolder();
  const source = folder.file("source.mkv"), path = folder.file("fits.mp4");
  const writer = await createFileWriter("h264", source, fps, { audio: {} });
  await write(writer, 2 * fps);
  await writer.close();
  const { bytes, frames } = await transcode(source, path, "h264", { targetBytes: 60_000 });
  assertSize(path, 60_000);
  assertEquals([bytes, frames], [statSync(path).size, 2 * fps]);
  assertEquals(readdirSync(folder.path).sort(), ["fits.mp4", "source.mkv"]);
});
