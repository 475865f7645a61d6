import { existsSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { createFileWriter, OptionError, UnsupportedError, type WriterOptions } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import {
  barFrame,
  decode,
  frameTimes,
  keyFrameTimes,
  probe,
  psnr,
  TemporaryFolder,
} from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const width = 160, height = 90, frameBytes = width * height * 4;

/** Seconds, unevenly apart: from a hundredth to a good half of one. */
const times = [0, 0.1, 0.15, 0.4, 1, 1.01, 1.5, 1.52, 1.6, 2, 2.5, 2.6];
const lastDuration = 0.7;

/** Fails unless every decoded frame shows the bar of its index. */
function assertOrder(path: string, indices: readonly number[]): void {
  const decoded = decode(path, "rgba");
  assertEquals(decoded.length, indices.length * frameBytes);
  for (const [place, index] of indices.entries()) {
    const frame = decoded.subarray(place * frameBytes, (place + 1) * frameBytes);
    const ratio = psnr(frame, barFrame(index).data);
    assert(ratio > 28, `frame ${place} has ${ratio} dB beside bar ${index}`);
  }
}

/** Codecs with and without frames out of order, and what each container counts in. */
const cases = [
  { codec: "h264", encoder: "libx264", file: "a.mp4", tick: 1 / 90_000 },
  { codec: "h264", encoder: "libx264", file: "a.mov", tick: 1 / 90_000 },
  { codec: "hevc", encoder: "libx265", file: "b.mp4", tick: 1 / 90_000 },
  { codec: "mpeg4", encoder: "mpeg4", file: "c.mp4", tick: 1 / 90_000 },
  { codec: "av1", encoder: "libsvtav1", file: "d.mp4", tick: 1 / 90_000 },
  { codec: "h264", encoder: "libx264", file: "e.mkv", tick: 1 / 1000 },
  { codec: "vp9", encoder: "libvpx-vp9", file: "f.webm", tick: 1 / 1000 },
] as const;

for (const { codec, encoder, file, tick } of some(cases, 5)) {
  const name = `timestamp: ${codec} in ${file}: every frame keeps its timestamp, and the last its duration`;
  testBoth(name, { skip: missingEncoders(encoder) }, async () => {
    using folder = new TemporaryFolder();
    for (const crashSafe of [true, false]) {
      const path = folder.file(`${crashSafe}-${file}`);
      const writer = await createFileWriter(codec, path, 30, { timing: "timestamps", crashSafe });
      for (const [index, timestamp] of times.entries()) {
        const last = index === times.length - 1 ? { duration: lastDuration } : {};
        await writer.write(barFrame(index), { timestamp, ...last });
      }
      assertAlmostEquals(writer.stats.seconds, times.at(-1)! + lastDuration, 1e-6);
      const summary = await writer.close();
      assertAlmostEquals(summary.seconds, times.at(-1)! + lastDuration, 1e-6);
      const read = frameTimes(path);
      assertEquals(read.length, times.length);
      // ffprobe prints six decimals.
      for (const [index, time] of read.entries()) assertAlmostEquals(time, times[index]!, tick / 2 + 1e-6);
      // Without the second pass of a crash-safe file, decode times of reordered frames do not add up to the
      // whole.
      if (crashSafe || tick === 1 / 1000) {
        assertAlmostEquals(probe(path).duration, times.at(-1)! + lastDuration, tick + 1e-6);
      }
      assertOrder(path, [...times.keys()]);
    }
  });
}

/** Before FFmpeg 4.4, mp4's edit lists, which tell where a video starts, count in thousandths of a second. */
const startTick = loadNative().avcodecMajor === 58 ? 1 / 1000 : 1 / 90_000;

testBoth("timestamp: any rate is kept to half a tick of 1/90000, from a start other than 0", async () => {
  using folder = new TemporaryFolder();
  for (const rate of some(["30000/1001", 24, 59.94, "90001/1"] as const, 3)) {
    const path = folder.file("random.mp4");
    const writer = await createFileWriter("h264", path, rate, { timing: "timestamps" });
    const wanted: number[] = [];
    let time = 5.000_123_4;
    for (let index = 0; index < 40; index++) {
      wanted.push(time);
      await writer.write(barFrame(index), { timestamp: time });
      time += 0.000_2 + ((index * 7919) % 101) / 1000;
    }
    await writer.close();
    for (const [index, read] of frameTimes(path).entries()) {
      assertAlmostEquals(read, wanted[index]!, startTick / 2 + 1e-6);
    }
  }
});

test("duration: a last frame without one is 1/fps long, and a lone frame is as long as it says", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const two = await createFileWriter("h264", path, 25, { timing: "timestamps" });
  await two.write(barFrame(0), { timestamp: 0 });
  await two.write(barFrame(1), { timestamp: 1 });
  assertAlmostEquals((await two.close()).seconds, 1.04, 1e-9);
  assertAlmostEquals(probe(path).duration, 1.04, 1e-4);
  const one = await createFileWriter("h264", path, 25, { timing: "timestamps" });
  await one.write(barFrame(0), { timestamp: 0, duration: 2.5 });
  await one.close();
  assertEquals([probe(path).frames, probe(path).duration], [1, 2.5]);
});

test("timestamp: a nominal rate of years does not move the begin beyond where the clock of MPEG-TS goes round", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.ts");
  const writer = await createFileWriter("h264", path, "1/1000000", { timing: "timestamps" });
  for (let index = 0; index < 12; index++) await writer.write(barFrame(index), { timestamp: index / 10 });
  await writer.close();
  const [first = NaN, ...later] = frameTimes(path);
  assert(first < 20, `the first frame is shown at ${first} s`);
  for (const [index, time] of later.entries()) assertAlmostEquals(time - first, (index + 1) / 10, 1e-4);
  assertEquals(later.length, 11);
});

const refusals = [
  { first: 1, second: 1, says: ["frame 1 is at 1 s and frame 0 at 1 s", "later"], type: RangeError },
  { first: 1, second: 0.5, says: ["frame 1 is at 0.5 s and frame 0 at 1 s", "later"], type: RangeError },
  { first: 1, second: 1.000_001, says: ["frame 1 is at 1.000001 s", "1/90000"], type: RangeError },
  { first: 0, second: -1, says: ["timestamp", "-1", "from 0"], type: RangeError },
  { first: 0, second: NaN, says: ["timestamp", "NaN"], type: RangeError },
  { first: 0, second: "1" as unknown as number, says: ["timestamp", '"1"', "seconds"], type: TypeError },
  { first: 0, second: undefined, says: ["no timestamp", "give { timestamp }"], type: TypeError },
] as const;

testBoth(
  "timestamp: equal, falling and impossible ones are refused with both values and the frame's index; the writer goes on",
  async () => {
    using folder = new TemporaryFolder();
    for (const { first, second, says, type } of some(refusals, 2)) {
      const path = folder.file("a.mp4");
      const writer = await createFileWriter("h264", path, 30, { timing: "timestamps" });
      await writer.write(barFrame(0), { timestamp: first });
      await assertFails(() => writer.write(barFrame(1), { timestamp: second as number }), { type, says });
      await writer.write(barFrame(1), { timestamp: 3 });
      await writer.close();
      assertEquals(frameTimes(path), [first, 3]);
    }
  },
);

test("timestamp: frames that a container cannot tell apart are refused, not merged", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("h264", folder.file("a.mkv"), 30, { timing: "timestamps" });
  await writer.write(barFrame(0), { timestamp: 0 });
  await assertFails(() => writer.write(barFrame(1), { timestamp: 0.0004 }), {
    type: RangeError,
    says: ["0.0004 s", "matroska counts in 1/1000 s"],
  });
  await writer.write(barFrame(1), { timestamp: 0.001 });
  await writer.close();
});

test("timestamp: a pause that is longer than GIF can show a frame is refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  const writer = await createFileWriter("gif", path, 10, { timing: "timestamps" });
  await writer.write(barFrame(0), { timestamp: 0 });
  await assertFails(() => writer.write(barFrame(1), { timestamp: 656 }), {
    type: RangeError,
    says: ["656 s", "gif shows a frame for 655.35 s at most"],
  });
  await writer.write(barFrame(1), { timestamp: 655 });
  await writer.close();
  assertEquals(frameTimes(path), [0, 655]);
});

test("timestamp: timestamps and durations belong to timing timestamps alone", async () => {
  using folder = new TemporaryFolder();
  for (const timing of ["constant", "wallclock"] as const) {
    await using writer = await createFileWriter("h264", folder.file("a.mp4"), 30, { timing });
    for (const given of [{ timestamp: 1 }, { duration: 1 }]) {
      await assertFails(() => writer.write(barFrame(0), given), {
        type: TypeError,
        says: [Object.keys(given)[0]!, timing, 'timing "timestamps"'],
      });
    }
  }
});

test("timestamp: steps that mp4 has no number for are refused, and the largest that it has are kept", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  // Counts in 1/90000 s: 2 ** 31 - 1 of these are one too many.
  const writer = await createFileWriter("mjpeg", path, 30, { timing: "timestamps" });
  await writer.write(barFrame(0), { timestamp: 0 });
  await assertFails(() => writer.write(barFrame(1), { timestamp: (2 ** 31 - 1) / 90_000 }), {
    type: RangeError,
    says: ["23860.929411 s", "mp4 shows a frame for"],
  });
  await writer.write(barFrame(1), { timestamp: (2 ** 31 - 2) / 90_000 });
  await writer.close();
  assertAlmostEquals(frameTimes(path)[1]!, (2 ** 31 - 2) / 90_000, 1e-6);
  await assertFails(() => createFileWriter("mjpeg", path, "1/2147483647"), {
    type: UnsupportedError,
    code: "RATE_NOT_FOR_CONTAINER",
    says: ["1/2147483647", "mp4"],
  });
});

test("timing: containers of a constant rate refuse others when they are opened", async () => {
  using folder = new TemporaryFolder();
  for (const [codec, file] of [["mpeg4", "a.avi"], ["rawvideo", "a.y4m"], ["mpeg2video", "a.mxf"]] as const) {
    for (const timing of ["timestamps", "wallclock"] as const) {
      await assertFails(() => createFileWriter(codec, folder.file(file), 25, { timing }), {
        type: UnsupportedError,
        code: "RATE_NOT_FOR_CONTAINER",
        says: [timing, "constant rate", "mp4"],
      });
    }
  }
});

test("timing: with wallclock, frames are where they were written, and the last lasts until close", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 30, { timing: "wallclock", preset: "ultrafast" });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const written: number[] = [];
  let start = 0;
  for (const [index, ms] of [0, 120, 40, 300, 200].entries()) {
    await pause(ms);
    const before = performance.now();
    if (index === 0) start = before;
    written.push((before - start) / 1000);
    await writer.write(barFrame(index));
  }
  await pause(500);
  const end = (performance.now() - start) / 1000;
  await writer.close();
  const read = frameTimes(path);
  assertEquals(read.length, written.length);
  // Between the clock's reading here and that in the writer the first frame's encoder is found out, or the
  // system is busy.
  for (const [index, time] of read.entries()) assertAlmostEquals(time, written[index]!, 0.15);
  assertAlmostEquals(probe(path).duration, end, 0.2);
  assertOrder(path, [0, 1, 2, 3, 4]);
});

test("timing: with wallclock, frames written at once are kept all the same, each with a time of its own", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("mpeg4", path, 30, { timing: "wallclock" });
  const small = { data: new Uint8Array(16 * 16 * 4), width: 16, height: 16 };
  for (let index = 0; index < 200; index++) await writer.write(small);
  await writer.close();
  const read = frameTimes(path);
  assertEquals(read.length, 200);
  for (let index = 1; index < read.length; index++) assert(read[index]! > read[index - 1]!);
});

test("keyFrameInterval: key frames come where they are asked for, and as often as it says, whatever the timing", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 30, { timing: "timestamps", keyFrameInterval: 1 });
  for (let index = 0; index < 30; index++) {
    await writer.write(barFrame(index), { timestamp: index / 5, keyFrame: index === 7 });
  }
  await writer.close();
  const keys = keyFrameTimes(path);
  assert(keys.includes(1.4), `${keys}`);
  for (let index = 1; index < keys.length; index++) {
    assert(keys[index]! - keys[index - 1]! <= 1.001, `${keys}`);
  }
});

interface FilterCase {
  readonly filter: string;
  readonly file: string;
  readonly frames: number;
  readonly duration: number;
  readonly size?: readonly [number, number];
  readonly options?: WriterOptions;
}

const filterCases: readonly FilterCase[] = [
  { filter: "hflip", file: "a.mp4", frames: 30, duration: 1 },
  { filter: "fps=15", file: "a.mp4", frames: 15, duration: 1 },
  { filter: "fps=60", file: "a.mkv", frames: 60, duration: 1 },
  { filter: "setpts=2*PTS", file: "a.mp4", frames: 30, duration: 2 - 1 / 30 },
  { filter: "setpts=0.5*PTS", file: "a.mp4", frames: 30, duration: 29 / 60 + 1 / 30 },
  { filter: "select='not(mod(n,3))'", file: "a.mp4", frames: 10, duration: 27 / 30 + 1 / 30 },
  { filter: "scale=320:180,format=yuv444p", file: "a.mp4", frames: 30, duration: 1, size: [320, 180] },
  { filter: "fps=10", file: "a.avi", frames: 10, duration: 1 },
  { filter: "reverse", file: "a.mp4", frames: 30, duration: 1 },
];

for (const { filter, file, frames, duration, size = [width, height], options } of some(filterCases, 3)) {
  testBoth(
    `filter: ${filter} before ${file} gives ${frames} frames in ${duration.toFixed(3)} s`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(file);
      const codec = file.endsWith("avi") ? "mpeg4" : "h264";
      const writer = await createFileWriter(codec, path, 30, { filter, ...options });
      for (let index = 0; index < 30; index++) await writer.write(barFrame(index));
      const summary = await writer.close();
      const stream = probe(path);
      assertEquals([stream.frames, summary.frames], [frames, frames]);
      assertAlmostEquals(stream.duration, duration, 0.002);
      assertEquals([stream.width, stream.height, summary.width, summary.height], [...size, ...size]);
    },
  );
}

test("filter: a flipped picture is flipped, and colours are as before", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("ffv1", path, 30, { filter: "hflip" });
  const frame = barFrame(3);
  await writer.write(frame);
  await writer.close();
  const back = decode(path, "rgba", "hflip");
  assertEquals(psnr(back, frame.data), Infinity);
});

test("filter: filters that change what luma and chroma mean are followed", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const filter =
    "scale=out_color_matrix=bt709:out_range=pc,format=yuv444p,setparams=colorspace=bt709:range=pc";
  const writer = await createFileWriter("h264", path, 30, { filter, quality: 1, pixelFormat: "yuv444p" });
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < data.length; at += 4) data.set([200, 30, 90, 255], at);
  await writer.write({ data, width, height });
  await writer.close();
  const { color_space, color_range } = probe(path);
  assertEquals([color_space, color_range], ["smpte170m", "tv"]);
  const [red, green, blue] = decode(path, "rgb24", "scale=in_color_matrix=bt601:in_range=tv");
  for (const [value, wanted] of [[red, 200], [green, 30], [blue, 90]]) assertAlmostEquals(value!, wanted!, 3);
});

test("filter: an invalid one is refused when the writer opens, and one that does not take the frames when they come", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const open = (filter: string, options: WriterOptions = {}) =>
    createFileWriter("h264", path, 30, { filter, logLevel: "quiet", ...options });
  for (const filter of ["nosuchfilter", "hflip,,", "scale=w=", "[in]hflip[x]"]) {
    await assertFails(() => open(filter), { type: OptionError, says: ["filter", filter] });
  }
  const crop = "crop=5000:4000";
  for (const size of [{}, { width: 160, height: 90 }]) {
    const writer = await open(crop, size);
    await assertFails(() => writer.write(barFrame(0)), { type: OptionError, says: [crop] });
  }
});

test("filter: one that has no clock for so high a frame rate is refused in words", async () => {
  using folder = new TemporaryFolder();
  const filter = "framerate=50";
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), "2147483647/1", {
    filter,
    timing: "timestamps",
  });
  await assertFails(() => writer.write(barFrame(0), { timestamp: 0 }), {
    type: OptionError,
    says: [filter, "frame rate"],
  });
});

test("filter: one that lets no frame through makes no file", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 30, { filter: "select=0" });
  await writer.write(barFrame(0));
  assertEquals((await writer.close()).frames, 0);
  assertEquals(existsSync(path), false);
});

test("timestamp: single frames with long pauses do not hide by how much later ones are reordered", {
  skip: missingEncoders("libx265"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mov");
  const wanted = [0, 40, 80, 80.04, 80.08, 80.12, 80.16, 80.2, 80.24];
  const writer = await createFileWriter("hevc", path, 25, { timing: "timestamps" });
  for (const [index, timestamp] of wanted.entries()) await writer.write(barFrame(index), { timestamp });
  await writer.close();
  assertEquals(frameTimes(path), wanted);
});

test("timestamp: a frame that comes sooner than the duration of one before which the recording rested is at its time", async () => {
  using folder = new TemporaryFolder();
  for (const bf of [0, 3]) {
    const path = folder.file(`${bf}.mp4`);
    const writer = await createFileWriter("h264", path, 25, { timing: "timestamps", encoderOptions: { bf } });
    await writer.write(barFrame(0), { timestamp: 0 });
    await writer.write(barFrame(1), { timestamp: 1, duration: 7.5 });
    // Where no frame comes for a second, those that wait are written.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    await writer.write(barFrame(2), { timestamp: 2 });
    await writer.write(barFrame(3), { timestamp: 3 });
    await writer.close();
    assertEquals(frameTimes(path), [0, 1, 2, 3]);
  }
});
