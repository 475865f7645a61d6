import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  type ColorDescription,
  createFileReader,
  createFileWriter,
  type DecodedFrame,
  type ReaderInput,
  type ReaderOptions,
  ReadError,
} from "../mod.ts";
import { convertClip, frameHashes, hashOf, makeClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { realClip } from "./support/footage.ts";
import { assertSameBytes, decode, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264");

const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "24", "-pix_fmt", "yuv420p"];
const openGroups = [...x264, "-x264-params", "open-gop=1:keyint=24:bframes=3:scenecut=0"];

let made = 0;
function clip(extension: string, rate = "25", seconds = 2, ...options: string[]): string {
  const codec = options.length > 0 ? options : extension === "avi" ? ["-c:v", "mpeg4", "-bf", "2"] : x264;
  return makeClip(folder.file(`clip${made++}.${extension}`), rate, seconds, ...codec);
}

async function readAll(input: ReaderInput, options: ReaderOptions = {}): Promise<DecodedFrame[]> {
  await using source = await createFileReader(input, options);
  return await Array.fromAsync(source);
}

const cases: readonly (readonly [name: string, make: () => string])[] = [
  ["mp4 with its index at the end", () => clip("mp4")],
  ["mkv", () => clip("mkv", "30000/1001")],
  ["ts with open groups", () => clip("ts", "25", 4, ...openGroups)],
  ["avi", () => clip("avi")],
  ["mp4 with open groups", () => clip("mp4", "25", 4, ...openGroups)],
  [
    "mkv that begins late",
    () => convertClip(folder.file("late.mkv"), "-i", clip("mkv"), "-c", "copy", "-output_ts_offset", "3.3"),
  ],
  [
    "mp4 that begins before 0",
    () =>
      convertClip(
        folder.file("negative.mp4"),
        ...["-i", clip("mp4", "25", 4, ...openGroups), "-c", "copy", "-avoid_negative_ts", "disabled"],
        ...["-output_ts_offset", "-0.5"],
      ),
  ],
  ["mpg", () => clip("mpg", "25", 4, "-c:v", "mpeg2video", "-bf", "2", "-g", "12")],
  ["gif", () => clip("gif", "25", 2, "-c:v", "gif")],
];

for (const [name, make] of isLong ? cases : cases.slice(0, 1)) {
  testBoth(
    `createFileReader: frames of ${name} are the ffmpeg program's, in order and at any time`,
    { skip },
    async () => {
      const path = make();
      const expected = frameHashes(path);
      const frames = await readAll(path);
      assertEquals(frames.map(({ data }) => hashOf(data)), expected);
      const times = frames.map(({ timestamp }) => timestamp);
      for (const [index, { timestamp, duration, isDiscontinuous }] of frames.entries()) {
        const next = times[index + 1];
        if (next !== undefined) assertAlmostEquals(timestamp + duration!, next, 1e-9);
        assertEquals(isDiscontinuous, false);
      }
      await using source = await createFileReader(path);
      const span = times.at(-1)! - times[0]!;
      const turns = Array.from(
        { length: isLong ? 500 : 20 },
        (_, turn) => times[0]! + span * ((turn * 0.618) % 1),
      );
      const shown = await Promise.all(turns.map((seconds) => source.frameAt(seconds)));
      for (const [turn, seconds] of turns.entries()) {
        const index = times.findLastIndex((time) => time <= seconds);
        const { timestamp, data } = shown[turn]!;
        assertEquals([timestamp, hashOf(data)], [times[index], expected[index]], `at ${seconds} s`);
      }
      const sorted = times.filter((_, index) => index % 7 === 3);
      const at = await Array.fromAsync(source.framesAt(sorted));
      assertEquals(at.map(({ timestamp }) => timestamp), sorted);
      assertEquals(at.map(({ data }) => hashOf(data)), expected.filter((_, index) => index % 7 === 3));
    },
  );
}

testBoth(
  "createFileReader: bytes, a Blob, a stream and a URL give the frames of the path",
  { skip },
  async () => {
    const path = clip("mp4", "25", isLong ? 40 : 2);
    const bytes = readFileSync(path);
    const expected = frameHashes(path);
    const inputs: Record<string, ReaderInput> = {
      bytes: new Uint8Array(bytes),
      buffer: new Uint8Array(bytes).buffer,
      blob: new Blob([new Uint8Array(bytes)]),
      stream: new Blob([new Uint8Array(bytes)]).stream(),
      url: pathToFileURL(path),
    };
    for (const [name, input] of Object.entries(inputs)) {
      const frames = await readAll(input);
      assertEquals(frames.map(({ data }) => hashOf(data)), expected, name);
    }
    await using source = await createFileReader(new Uint8Array(bytes));
    assertEquals(hashOf((await source.frameAt(1))!.data), expected[25]);
  },
);

testBoth(
  "close: frames that come may have the memory, and those that are kept stay as they are",
  { skip },
  async () => {
    const path = clip("mp4");
    const expected = frameHashes(path);
    const kept: [index: number, frame: DecodedFrame][] = [];
    await using source = await createFileReader(path);
    const take = (frame: DecodedFrame, index: number): void => {
      assertEquals(hashOf(frame.data), expected[index]);
      if (index % 3 === 1) return void kept.push([index, frame]);
      frame.close();
      frame.close();
      assertEquals(frame.data.length, 0);
    };
    let index = 0;
    for await (const frame of source) take(frame, index++);
    assertEquals(index, expected.length);
    for (const at of [40, 3, 27, 27]) {
      using frame = await source.frameAt((at + 0.5) / 25);
      assertEquals(hashOf(frame!.data), expected[at]);
    }
    let at = 0;
    for await (const frame of source.framesAt(expected.map((_, at) => (at + 0.5) / 25))) take(frame, at++);
    assertEquals(kept.length, 2 * Math.floor((expected.length + 1) / 3));
    for (const [index, { data }] of kept) assertEquals(hashOf(data), expected[index]);
  },
);

const withoutFootage = existsSync(realClip) ? false : "there is no footage beside the project";

testLong("createFileReader: footage has the ffmpeg program's frames", { skip: withoutFootage }, async () => {
  for (const [stream, frameRate] of [{ num: 25, den: 1 }, { num: 30000, den: 1001 }].entries()) {
    const expected = frameHashes(realClip, stream);
    await using source = await createFileReader(realClip, { stream });
    assertEquals(source.frameRate, frameRate);
    for (const hash of expected) assertEquals(hashOf((await source.nextFrame())!.data), hash);
    assertEquals(await source.nextFrame(), null);
  }
});

const rates = ["24000/1001", "30000/1001", "25", "60000/1001"] as const;
for (const rate of isLong ? rates : rates.slice(0, 1)) {
  testBoth(`frameRate: ${rate} is exact in mp4, mkv, ts and avi`, { skip }, async () => {
    for (const extension of isLong ? ["mp4", "mkv", "ts", "avi"] : ["mkv", "avi"]) {
      await using source = await createFileReader(clip(extension, rate));
      const [num, den = 1] = rate.split("/").map(Number);
      assertEquals(source.frameRate, { num, den }, extension);
      const { least, greatest } = source.frameIntervals!;
      assertAlmostEquals(least, den / num!, 0.0011);
      assertAlmostEquals(greatest, den / num!, 0.0011);
    }
  });
}

testLong(
  "frameRate: null where it varies; a missing frame leaves the rate and is in the intervals",
  { skip },
  async () => {
    const select = (frames: string): string[] => ["-vf", `select='${frames}'`, ...x264];
    const varying = clip("mkv", "25", 4, ...select("not(mod(n,3))+gt(mod(n,7),4)"));
    const missing = clip("mkv", "25", 4, ...select("not(eq(n,30))"));
    // The program's mp4 would have another frame in its place.
    const copy = convertClip(folder.file("missing.mp4"), "-i", missing, "-c", "copy");
    await using variable = await createFileReader(varying);
    assertEquals(variable.frameRate, null);
    for (const path of [missing, copy]) {
      await using constant = await createFileReader(path);
      assertEquals(constant.frameRate, { num: 25, den: 1 });
      assertAlmostEquals(constant.frameIntervals!.least, 0.04, 1e-9);
      assertAlmostEquals(constant.frameIntervals!.greatest, 0.08, 1e-9);
      assertEquals((await Array.fromAsync(constant)).length, 99);
    }
  },
);

test(
  "createFileReader: a source tells size, colour, shape, rotation, tracks, chapters and tags",
  { skip },
  async () => {
    const path = folder.file("told.mkv");
    const rotated = folder.file("rotated.mp4");
    const frame = { data: new Uint8Array(64 * 48 * 4).fill(128), width: 64, height: 48 };
    for (const file of [path, rotated]) {
      await using writer = await createFileWriter("h264", file, 25, {
        audio: { codec: "aac", sampleRate: 48000, channels: 2, language: "deu" },
        subtitles: { language: "eng" },
        chapters: [{ title: "One", start: 0 }, { title: "Two", start: 0.5 }],
        metadata: { title: "Told" },
        color: "bt2020",
        ...file === path ? { sampleAspectRatio: "4/3" } : { rotation: 90 },
      });
      for (let n = 0; n < 25; n++) await writer.write(frame);
      await writer.writeAudio({ data: new Float32Array(96000), sampleRate: 48000, channels: 2 });
      await writer.writeSubtitle({ text: "<i>Hello</i> & more", start: 0.2, end: 0.6 });
    }
    await using source = await createFileReader(path);
    assertEquals([source.width, source.height, source.format, source.codec], [64, 48, "yuv420p", "h264"]);
    assertEquals(source.sampleAspectRatio, { num: 4, den: 3 });
    assertEquals([source.color.matrix, source.color.range, source.color.primaries], [
      "bt2020nc",
      "tv",
      "bt2020",
    ]);
    assertEquals(
      source.audioTracks.map((
        { codec, language, sampleRate, channels },
      ) => [codec, language, sampleRate, channels]),
      [["aac", "deu", 48000, 2]],
    );
    assertEquals(source.subtitleTracks.map(({ language, isText }) => [language, isText]), [["eng", true]]);
    assertEquals(source.chapters.map(({ title, start }) => [title, start]), [["One", 0], ["Two", 0.5]]);
    assertEquals(source.metadata.title, "Told");
    assertAlmostEquals(source.duration!, 1, 0.06);
    await using turned = await createFileReader(rotated);
    assertEquals([turned.rotation, source.rotation], [90, 0]);
    for (const each of [source, turned]) {
      const cues = await Array.fromAsync(each.cues());
      assertEquals(cues.map(({ text }) => text), ["<i>Hello</i> & more"]);
      assertAlmostEquals(cues[0]!.start, 0.2, 0.002);
      assertAlmostEquals(cues[0]!.end, 0.6, 0.002);
    }
  },
);

test("audio: samples have the program's values and times that follow each other", async () => {
  const path = folder.file("tone.mkv");
  const sampleRate = 48000;
  const tone = Int16Array.from({ length: 2 * sampleRate }, (_, n) => 20000 * Math.sin(n / 30));
  {
    await using writer = await createFileWriter("ffv1", path, 10, {
      audio: { codec: "flac", sampleRate, channels: 1 },
    });
    for (let n = 0; n < 20; n++) {
      await writer.write({ data: new Uint8Array(16 * 16 * 4), width: 16, height: 16 });
    }
    await writer.writeAudio({ data: tone, sampleRate });
  }
  await using source = await createFileReader(path);
  const heard: number[] = [];
  for await (const { samples, timestamp, duration } of source.audio()) {
    assertAlmostEquals(timestamp, heard.length / sampleRate, 0.0006);
    const data = [samples.data].flat()[0] as Int16Array | Int32Array;
    const unit = data instanceof Int32Array ? 2 ** 16 : 1;
    assertAlmostEquals(duration, data.length / sampleRate, 1e-9);
    for (const value of data) heard.push(value / unit);
  }
  assertSameBytes(new Uint8Array(Int16Array.from(heard).buffer), new Uint8Array(tone.buffer), "the samples");
});

test("createFileReader: a frame is written as it is", { skip }, async () => {
  const path = clip("mp4", "30000/1001", 1);
  const copy = folder.file("copy.mkv");
  const frames = await readAll(path);
  {
    await using source = await createFileReader(path);
    await using writer = await createFileWriter("ffv1", copy, source.frameRate!, {
      timing: "timestamps",
      color: source.color,
    });
    for await (const frame of source) await writer.write(frame, { timestamp: frame.timestamp });
  }
  const again = await readAll(copy);
  assertEquals(again.map(({ data }) => hashOf(data)), frames.map(({ data }) => hashOf(data)));
  for (const [index, { timestamp }] of again.entries()) {
    assertAlmostEquals(timestamp, frames[index]!.timestamp, 0.0006);
  }
});

test("color: a video gets that of the frames that are read, and another one where it is asked for", async () => {
  const path = folder.file("full.mkv");
  const data = Uint8Array.from({ length: 32 * 16 * 3 }, (_, n) => n * 7);
  const said = { matrix: "bt2020nc", range: "pc", primaries: "bt2020", transfer: "bt709" } as const;
  {
    await using writer = await createFileWriter("ffv1", path, 25, { pixelFormat: "yuv444p", color: said });
    await writer.write({ data, width: 32, height: 16, format: "yuv444p", color: { range: "pc" } });
  }
  const [frame] = await readAll(path);
  for (const color of [undefined, "bt709"] as const) {
    const copy = folder.file(`copy-${color}.mkv`);
    {
      const options = { pixelFormat: "yuv444p", ...color === undefined ? {} : { color } };
      await using writer = await createFileWriter("ffv1", copy, 25, options);
      await writer.write(frame!);
    }
    const [again] = await readAll(copy);
    const { matrix, range } = again!.color;
    assertEquals([matrix, range], color === undefined ? ["bt2020nc", "pc"] : ["bt709", "tv"]);
    assertEquals(hashOf(again!.data) === hashOf(frame!.data), color === undefined);
  }
});

testBoth(
  "color: HDR metadata goes along into every container that has a place for it",
  { skip: missingEncoders("libx264", "ffv1") },
  async () => {
    const color: ColorDescription = {
      matrix: "bt2020nc",
      primaries: "bt2020",
      transfer: "smpte2084",
      range: "tv",
      masteringDisplay: {
        red: [0.68, 0.32],
        green: [0.265, 0.69],
        blue: [0.15, 0.06],
        whitePoint: [0.3127, 0.329],
        minLuminance: 0.005,
        maxLuminance: 1000,
      },
      contentLight: { maxCll: 900, maxFall: 300 },
    };
    const format = "yuv420p10le", data = new Uint8Array(64 * 48 * 3);
    const told = (path: string): string =>
      execFileSync("ffprobe", ["-v", "error", "-show_entries", "stream_side_data_list", "-of", "csv", path], {
        encoding: "utf8",
      });
    for (const from of isLong ? ["mp4", "mkv"] : ["mkv"]) {
      const path = folder.file(`hdr.${from}`);
      {
        await using writer = await createFileWriter("h264", path, 25, { color, pixelFormat: format });
        await writer.write({ data, width: 64, height: 48, format });
      }
      for (const to of isLong ? ["mp4", "mov", "mkv", "avi"] : ["mkv", "avi"]) {
        const copy = folder.file(`hdr-${from}.${to}`);
        await using source = await createFileReader(path);
        await using writer = await createFileWriter(to === "mkv" ? "ffv1" : "h264", copy, 25);
        await source.attach(writer).finished;
        await writer.close();
        assertEquals(source.color, color);
        const [kept, masteredOn] = [told(copy), told(path)];
        assert(masteredOn.includes("Mastering display"));
        if (to === "avi") assertEquals(kept.includes("Mastering display"), false);
        else assertEquals((await readAll(copy))[0]!.color, source.color);
        if (from === to) assertEquals(kept, masteredOn);
      }
    }
  },
);

testLong(
  "color: HDR metadata that only the packets of a video tell is read, and goes along",
  { skip: missingEncoders("libx265", "libx264") },
  async () => {
    const params =
      "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1:max-cll=900,300:" +
      "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)";
    const options = [
      "-c:v",
      "libx265",
      "-preset",
      "ultrafast",
      "-pix_fmt",
      "yuv420p10le",
      "-x265-params",
      params,
    ];
    const wanted = {
      red: [0.68, 0.32],
      green: [0.265, 0.69],
      blue: [0.15, 0.06],
      whitePoint: [0.3127, 0.329],
      minLuminance: 0.005,
      maxLuminance: 1000,
    };
    for (const extension of ["ts", "hevc"]) {
      const path = makeClip(folder.file(`sei.${extension}`), "25", 1, ...options);
      const copy = folder.file(`sei-${extension}.mp4`);
      await using source = await createFileReader(path);
      assertEquals([source.color.masteringDisplay, source.color.contentLight], [wanted, {
        maxCll: 900,
        maxFall: 300,
      }]);
      await using writer = await createFileWriter("h264", copy, 25, { pixelFormat: "yuv420p10le" });
      await source.attach(writer).finished;
      await writer.close();
      const [first, ...others] = await readAll(copy);
      assertEquals([first!.color, others.length], [source.color, 24]);
      for (const { color } of await readAll(path)) assertEquals(color, source.color);
    }
  },
);

testBoth(
  "createFileReader: frames that are kept stay as they are, and reading goes on",
  { skip },
  async () => {
    const path = clip("mp4", "50", isLong ? 12 : 1);
    const expected = frameHashes(path);
    const kept = await readAll(path, { queueSize: 1 });
    assertEquals(kept.length, expected.length);
    assertEquals(kept.map(({ data }) => hashOf(data)), expected);
  },
);

test(
  "seek: the frame of that time comes next, and marks the jump; readable shares the place",
  { skip },
  async () => {
    const path = clip("mp4", "25", 4, ...openGroups);
    const expected = frameHashes(path);
    await using source = await createFileReader(path);
    await source.nextFrame();
    await source.nextFrame();
    await source.seek(2.02);
    const frame = await source.nextFrame();
    assertEquals([frame!.timestamp, frame!.isDiscontinuous, hashOf(frame!.data)], [2, true, expected[50]]);
    const rest = await Array.fromAsync(source.readable);
    assertEquals(rest.map(({ data }) => hashOf(data)), expected.slice(51));
    assertEquals(source.status, "ended");
    await source.seek(0);
    assertEquals(hashOf((await source.nextFrame())!.data), expected[0]);
    await source.seek(1000);
    assertEquals(await source.nextFrame(), null);
    assertEquals(await source.frameAt(-1), null);
    assertEquals(await source.frameAt(1000), null);
  },
);

test("imageSequence: images with numbers are a video; without it a path is one file", async () => {
  convertClip(
    folder.file("i%03d.png"),
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=32x16:rate=5:duration=1",
    "-start_number",
    "7",
  );
  const source = await createFileReader(folder.file("i%03d.png"), { imageSequence: { frameRate: 12.5 } });
  const frames = await Array.fromAsync(source);
  assertEquals(frames.map(({ timestamp }) => timestamp), [0, 0.08, 0.16, 0.24, 0.32]);
  assertEquals(source.frameRate, { num: 25, den: 2 });
  await source.close();
  const [image] = await readAll(folder.file("i008.png"));
  assertEquals(image!.data, frames[1]!.data);
  writeFileSync(folder.file("j%03d.png"), readFileSync(folder.file("i009.png")));
  assertEquals((await readAll(folder.file("j%03d.png")))[0]!.data, frames[2]!.data);
  const error = await assertRejects(() => createFileReader(folder.file("k%03d.png")), ReadError);
  assertEquals(error.code, "ENOENT");
});

/** What exact arithmetic makes of a colour (ITU-R BT.601, BT.709, BT.2020). */
function exactRgb(
  y: number,
  u: number,
  v: number,
  weights: readonly [number, number],
  isFull: boolean,
): number[] {
  const [red, blue] = weights;
  const luma = isFull ? y / 255 : (y - 16) / 219;
  const chroma = (value: number): number => (value - 128) / (isFull ? 255 : 224);
  const r = luma + 2 * (1 - red) * chroma(v);
  const b = luma + 2 * (1 - blue) * chroma(u);
  const g = (luma - red * r - blue * b) / (1 - red - blue);
  return [r, g, b].map((value) => Math.min(255, Math.max(0, 255 * value)));
}

const matrices = { smpte170m: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020nc: [0.2627, 0.0593] } as const;

testBoth("format: conversion to RGBA follows the tags, within 1 of exact arithmetic", async () => {
  for (const [matrix, weights] of Object.entries(matrices).slice(isLong ? 0 : 2)) {
    for (const range of ["tv", "pc"] as const) {
      const colors = Array.from(
        { length: 64 },
        (_, n) => [16 + n * 3.4 | 0, 60 + (n * 37) % 130, 60 + (n * 53) % 130],
      );
      const width = 64 * 16, height = 16;
      const data = new Uint8Array(width * height * 3);
      for (const [n, color] of colors.entries()) {
        for (const [plane, value] of color.entries()) {
          for (let row = 0; row < height; row++) {
            const start = plane * width * height + row * width + n * 16;
            data.fill(value, start, start + 16);
          }
        }
      }
      for (const format of isLong ? ["yuv444p", "yuv420p"] : ["yuv444p"]) {
        const path = folder.file(`${matrix}-${range}-${format}.mkv`);
        {
          await using writer = await createFileWriter("ffv1", path, 25, {
            pixelFormat: format,
            color: { matrix, range },
          });
          await writer.write({ data, width, height, format: "yuv444p" });
        }
        const [frame] = await readAll(path, { format: "rgba" });
        assertEquals(frame!.data.length, width * height * 4);
        for (const [n, [y, u, v]] of colors.entries()) {
          const at = (8 * width + n * 16 + 8) * 4;
          const got = [...frame!.data.subarray(at, at + 3)];
          for (const [channel, exact] of exactRgb(y!, u!, v!, weights, range === "pc").entries()) {
            assertAlmostEquals(
              got[channel]!,
              exact,
              1,
              `${matrix} ${range} ${format} of ${[y, u, v]}: ${got}`,
            );
          }
        }
      }
    }
  }
});

testLong(
  "format: deep, planar and packed formats have the values that the ffmpeg program converts to",
  { skip },
  async () => {
    const path = clip("mkv", "25", 0.2);
    for (const format of ["gray", "nv12", "yuv422p10le", "bgr24", "rgba64le", "uyvy422"]) {
      const [frame] = await readAll(path, { format });
      const exact = "scale=flags=area+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";
      const expected = decode(path, format, exact).subarray(0, frame!.data.length);
      assertEquals(frame!.format, format);
      const step = format === "rgba64le" ? 257 : format === "yuv422p10le" ? 4 : 1;
      const numbers = (bytes: Uint8Array): ArrayLike<number> =>
        step > 1 ? new Uint16Array(bytes.slice().buffer) : bytes;
      const [one, other] = [numbers(frame!.data), numbers(expected)];
      let most = 0;
      for (let at = 0; at < one.length; at++) most = Math.max(most, Math.abs(one[at]! - other[at]!));
      assert(most <= step, `${format}: ${most}`);
    }
  },
);

test("createFileReader: what refers to other files and hosts is refused", async () => {
  const image = convertClip(
    folder.file("target.png"),
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=32x16:duration=0.04",
    "-frames:v",
    "1",
  );
  const playlists = {
    "list.m3u8": `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${image}\n#EXT-X-ENDLIST\n`,
    "remote.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
    "list.ffconcat": `ffconcat version 1.0\nfile '${image}'\n`,
    "session.sdp":
      "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "manifest.mpd":
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet><Representation id="1" bandwidth="1"><BaseURL>http://127.0.0.1:9/</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    "movie.idx": "# VobSub index file, v7\nid: en, index: 0\n",
  };
  for (const [name, text] of Object.entries(playlists)) {
    const path = folder.file(name);
    writeFileSync(path, text);
    await assertRejects(() => createFileReader(path, { logLevel: "quiet" }), ReadError, "Cannot read");
    await assertRejects(
      () => createFileReader(new TextEncoder().encode(text), { logLevel: "quiet" }),
      ReadError,
    );
  }
  for (
    const address of [
      "concat:a|b",
      "subfile,,start,0,end,9,,:/etc/hostname",
      "pipe:0",
      "data:,x",
      "file:x",
      "cache:x",
    ]
  ) {
    const error = await assertRejects(() => createFileReader(address), ReadError, "no such file");
    assertEquals(error.code, "ENOENT");
  }
  await assertRejects(() => createFileReader("http://127.0.0.1:9/x.mp4"), TypeError, "network address");
  await assertRejects(() => createFileReader(new URL("http://127.0.0.1:9/x.mp4")), TypeError, "give a path");
});

testBoth(
  "createFileReader: broken files end in an error or in frames, and the reader goes on",
  { skip },
  async () => {
    const bytes = new Uint8Array(readFileSync(clip("mp4")));
    let seed = 7;
    const chance = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    let refused = 0, read = 0;
    for (let turn = 0; turn < (isLong ? 300 : 8); turn++) {
      const broken = bytes.slice(0, turn % 3 === 0 ? Math.ceil(bytes.length * chance()) : bytes.length);
      for (let hit = 0; hit < 12; hit++) broken[Math.floor(broken.length * chance())] = 256 * chance();
      try {
        read += (await readAll(broken, { logLevel: "quiet" })).length;
      } catch (error) {
        assert(error instanceof ReadError, String(error));
        refused++;
      }
    }
    assert(refused > 0 && read > 0, `${refused} refused, ${read} frames`);
    assertEquals((await readAll(bytes)).length, 50);
  },
);

test("createFileReader: nothing of a closed or aborted source is read", { skip }, async () => {
  const path = clip("mp4");
  const source = await createFileReader(path);
  await source.nextFrame();
  await source.close();
  await source.close();
  const error = await assertRejects(() => source.nextFrame(), ReadError, "closed");
  assertEquals(error.code, "CLOSED");
  const controller = new AbortController();
  const aborted = await createFileReader(path, { signal: controller.signal });
  await aborted.nextFrame();
  controller.abort(new Error("enough"));
  await assertRejects(() => aborted.nextFrame(), Error, "enough");
  await assertRejects(() => createFileReader(path, { signal: controller.signal }), Error, "enough");
});

test("createFileReader: wrong arguments are refused by name", async () => {
  const path = convertClip(
    folder.file("args.png"),
    "-f",
    "lavfi",
    "-i",
    "testsrc2=size=32x16:duration=0.04",
    "-frames:v",
    "1",
  );
  await assertRejects(() => createFileReader(5 as never), TypeError, "Cannot read 5");
  await assertRejects(() => createFileReader(path, { format: "rgbb" }), RangeError, "Did you mean");
  await assertRejects(() => createFileReader(path, { queueSize: 0 }), TypeError, "queueSize");
  await assertRejects(() => createFileReader(path, { stream: 1 }), ReadError, "no video stream 1");
  await assertRejects(() => createFileReader(path, { fps: 5 } as never), TypeError, "fps");
  await assertRejects(() => createFileReader(new Uint8Array()), ReadError, "empty");
  await assertRejects(
    () => createFileReader(new Uint8Array(5000), { logLevel: "quiet" }),
    ReadError,
    "Cannot read",
  );
  await using source = await createFileReader(path);
  await assertRejects(() => source.frameAt(NaN), RangeError, "finite");
  await assertRejects(() => Array.fromAsync(source.framesAt([1, 0])), RangeError);
  await assertRejects(() => Array.fromAsync(source.audio()), RangeError, "has none");
});
