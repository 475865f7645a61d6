import { execFileSync } from "node:child_process";
import { existsSync, linkSync, readFileSync, writeFileSync } from "node:fs";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type CopyOptions,
  createFileReader,
  createFileWriter,
  ReadError,
  recoverFile,
  UnsupportedError,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { convertClip, frameHashes } from "./support/clips.ts";
import { SharedPackets, SourcePackets } from "../src/reader/source_packets.ts";
import { missingEncoders } from "./support/features.ts";
import { asTheyAre, TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "flac", "ffv1");

/** A file's frames and audio, as the ffmpeg program decodes them. */
interface Heard {
  /** When each frame is shown, in seconds. */
  readonly times: readonly number[];
  readonly frames: readonly string[];
  /** When the first sample is heard, in seconds, and all samples. */
  readonly audioStart: number;
  readonly samples: Int16Array;
}

const known = new Map<string, Heard>();

function decoded(path: string): Heard {
  const before = known.get(path);
  if (before !== undefined) return before;
  const pcm = folder.file("decoded.s16");
  const outputs = [
    ...["-map", "0:v", ...asTheyAre(), "-enc_time_base", "1:90000", "-pix_fmt", "yuv420p"],
    ...["-f", "framemd5", "-", "-map", "0:a", "-f", "s16le", pcm, "-map", "0:a", "-c:a", "pcm_s16le"],
    ...["-f", "framecrc", `${pcm}.crc`],
  ];
  const text = execFileSync("ffmpeg", ["-v", "error", "-y", "-copyts", "-i", path, ...outputs], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const rows = (lines: string): string[][] =>
    lines.split("\n").filter((line) => /^\d/.test(line)).map((line) =>
      line.split(",").map((part) => part.trim())
    );
  const frames = rows(text);
  const crc = execFileSync("cat", [`${pcm}.crc`], { encoding: "utf8" });
  const rate = Number(/#sample_rate 0: (\d+)/.exec(crc)![1]);
  const bytes = execFileSync("cat", [pcm], { maxBuffer: 2 ** 28 });
  const heard = {
    times: frames.map((row) => Number(row[2]) / 90000),
    frames: frames.map((row) => row[5]!),
    audioStart: Number(rows(crc)[0]![2]) / rate,
    samples: new Int16Array(new Uint8Array(bytes).buffer),
  };
  known.set(path, heard);
  return heard;
}

const cues = "1\n00:00:00,200 --> 00:00:01,000\nHello\n\n2\n00:00:01,200 --> 00:00:01,800\nWorld\n";
const tags = ";FFMETADATA1\ntitle=Waves\nartist=Ana\n" +
  "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=First\n" +
  "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Second\n";

/** How clips differ: how frames come, when audio begins and how long it is, and the extension. */
const clips = {
  plain: { filter: "null", offset: 0, audioSeconds: 2, extension: "mkv" },
  variable: {
    filter: "select='not(eq(mod(n,5),3)+eq(mod(n,7),2))'",
    offset: 0,
    audioSeconds: 2,
    extension: "mkv",
  },
  lateAudio: { filter: "null", offset: 0.5, audioSeconds: 1.5, extension: "mkv" },
  earlyAudio: { filter: "setpts=PTS+0.4/TB", offset: 0, audioSeconds: 2, extension: "mkv" },
  longAudio: { filter: "null", offset: 0, audioSeconds: 3.5, extension: "mkv" },
  started: { filter: "null", offset: 0, audioSeconds: 2, extension: "ts" },
} as const;

type ClipName = keyof typeof clips;

const made = new Map<ClipName, string>();
function clip(name: ClipName): string {
  let path = made.get(name);
  if (path !== undefined) return path;
  const { filter, offset, audioSeconds, extension } = clips[name];
  path = folder.file(`${name}.${extension}`);
  const [srt, meta] = [folder.file("cues.srt"), folder.file("tags.txt")];
  writeFileSync(srt, cues);
  writeFileSync(meta, tags);
  const isTs = extension === "ts";
  convertClip(
    path,
    ...["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2"],
    ...["-itsoffset", `${offset}`, "-f", "lavfi", "-i", `sine=sample_rate=48000:duration=${audioSeconds}`],
    ...["-i", srt, "-i", meta, "-map", "0:v", "-map", "1:a", ...(isTs ? [] : ["-map", "2:s"])],
    ...["-map_metadata", "3", "-map_chapters", "3", "-vf", filter, ...asTheyAre()],
    ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-pix_fmt", "yuv420p"],
    ...["-c:a", isTs ? "mp2" : "pcm_s16le"],
  );
  made.set(name, path);
  return path;
}

let copies = 0;
interface CopyCase {
  readonly extension: string;
  readonly options?: WriterOptions;
  readonly copy?: CopyOptions;
}

/** Copies sources one after another into one file, without loss. */
async function copyOf(
  paths: readonly string[],
  { extension, options = {}, copy }: CopyCase,
): Promise<string> {
  const path = folder.file(`copy${copies++}.${extension}`);
  const isMp4 = extension === "mp4";
  await using writer = await createFileWriter(isMp4 ? "libx264" : "ffv1", path, 25, {
    ...(isMp4 ? { quality: "lossless", preset: "ultrafast" } : {}),
    pixelFormat: "yuv420p",
    timing: "timestamps",
    audio: { codec: isMp4 ? "flac" : "pcm_s16le", sampleRate: 48000, channels: 1, sampleFormat: "s16" },
    subtitles: {},
    ...options,
  });
  for (const from of paths) {
    await using source = await createFileReader(from);
    await writer.copyFrom(source, copy);
  }
  await writer.close();
  return path;
}

/** Asserts that a copy has the frames of its source, at the same times beside the audio. */
function assertSame(path: string, from: string): void {
  const [copied, given] = [decoded(path), decoded(from)];
  assertEquals(copied.frames, given.frames);
  const [begin, own] = [given.times[0]!, copied.times[0]!];
  assertAlmostEquals(own, 0, 1e-4);
  for (const [index, time] of given.times.entries()) {
    assertAlmostEquals(copied.times[index]! - own, time - begin, 0.0011, `frame ${index}`);
  }
  assertAudio(copied, given, given.audioStart - begin);
}

/** Asserts that audio is that of a source, where it began at a time of the video. */
function assertAudio({ samples, audioStart }: Heard, given: Heard, lag: number): void {
  // What is heard before the video begins is left out; silence fills a gap before the first sample.
  const cut = Math.max(0, Math.round(-lag * 48000));
  const silence = Math.round((Math.max(0, lag) - audioStart) * 48000);
  assert(silence >= -48, `audio begins ${-silence} samples late`);
  assert(samples.subarray(0, Math.max(0, silence - 48)).every((value) => value === 0));
  const rest = samples.subarray(Math.max(0, silence)), expected = given.samples.subarray(cut);
  // Matroska counts in milliseconds: a piece may begin that much later.
  const shift = shiftOf(rest, expected);
  assert(shift !== null, "other samples");
  assertAlmostEquals(rest.length, expected.length, 50);
}

/** By how many samples a part in the middle of one is later than in the other; `null`: not within 50. */
function shiftOf(one: Int16Array, other: Int16Array): number | null {
  const at = 24000, length = 4800;
  for (let shift = -50; shift <= 50; shift++) {
    const isEqual = other.subarray(at, at + length)
      .every((value, index) => one[at + index + shift] === value);
    if (isEqual) return shift;
  }
  return null;
}

testBoth("copyFrom: frames, audio, subtitles, chapters and tags, all in one call", { skip }, async () => {
  const from = clip("plain");
  const cases: CopyCase[] = isLong
    ? [{ extension: "mp4", options: { thread: "main" } }, { extension: "mkv" }, {
      extension: "mp4",
      options: { crashSafe: false },
    }, { extension: "mkv", options: { thread: "main", timing: "constant" } }]
    : [{ extension: "mp4" }];
  for (const given of cases) {
    const path = await copyOf([from], given);
    assertSame(path, from);
    await using source = await createFileReader(path);
    await using original = await createFileReader(from);
    assertEquals(source.chapters.map(({ title, start }) => [title, start]), [["First", 0], ["Second", 1]]);
    // Matroska has upper case.
    const { title, artist, ARTIST } = source.metadata;
    assertEquals([title, artist ?? ARTIST], ["Waves", "Ana"]);
    const shown = await Array.fromAsync(source.cues());
    const expected = await Array.fromAsync(original.cues());
    assertEquals(shown.map(({ text }) => text), expected.map(({ text }) => text));
    for (const [index, { start, end }] of shown.entries()) {
      assertAlmostEquals(start, expected[index]!.start, 0.002);
      assertAlmostEquals(end, expected[index]!.end, 0.002);
    }
  }
});

for (const name of ["variable", "lateAudio", "earlyAudio", "longAudio", "started"] as const) {
  testLong(`copyFrom: audio stays with frames (${name})`, { skip }, async () => {
    for (const extension of ["mp4", "mkv"]) {
      assertSame(await copyOf([clip(name)], { extension }), clip(name));
    }
  });
}

testLong("copyFrom: at a constant rate, frames are repeated and left out to stay with the audio", {
  skip,
}, async () => {
  const from = clip("variable");
  const given = decoded(from);
  for (const rate of [25, 10, 30]) {
    const path = folder.file(`constant${rate}.mkv`);
    {
      await using writer = await createFileWriter("ffv1", path, rate, {
        ...{ pixelFormat: "yuv420p", audio: { codec: "pcm_s16le", sampleRate: 48000, channels: 1 } },
      });
      await using source = await createFileReader(from);
      await writer.copyFrom(source, { subtitles: false });
    }
    const copied = decoded(path);
    assertAlmostEquals(copied.times.length, 2 * rate, 1);
    for (const [index, hash] of copied.frames.entries()) {
      const time = copied.times[index]!;
      assertAlmostEquals(time, index / rate, 0.0011);
      // The frame that the source shows then, within half a frame of either.
      const near = given.times.flatMap((at, place) => {
        const next = given.times[place + 1] ?? 2;
        return time > at - 0.5 / rate - 0.002 && time < next + 0.5 / rate + 0.002
          ? [given.frames[place]!]
          : [];
      });
      assert(near.includes(hash), `frame ${index} at ${rate} fps`);
    }
    assertAudio(copied, given, 0);
  }
});

testLong("copyFrom: a source goes on where the one before ended", { skip }, async () => {
  for (const timing of ["timestamps", "constant"] as const) {
    const path = await copyOf([clip("plain"), clip("plain")], { extension: "mkv", options: { timing } });
    const [copied, given] = [decoded(path), decoded(clip("plain"))];
    assertEquals(copied.frames, [...given.frames, ...given.frames]);
    for (const [index, time] of copied.times.entries()) assertAlmostEquals(time, index / 25, 0.0011);
    assertAlmostEquals(copied.samples.length, 2 * given.samples.length, 50);
    assert(shiftOf(copied.samples.subarray(given.samples.length), given.samples) !== null);
    await using source = await createFileReader(path);
    assertEquals(source.chapters.length, 2);
    assertEquals((await Array.fromAsync(source.cues())).length, 4);
  }
});

testLong(
  "copyFrom: audio that is longer than its video is heard before the next source",
  { skip },
  async () => {
    for (const timing of ["timestamps", "constant"] as const) {
      const path = await copyOf([clip("longAudio"), clip("plain")], {
        extension: "mkv",
        options: { timing },
      });
      const [copied, long, next] = [path, clip("longAudio"), clip("plain")].map(decoded);
      const { frames, times, samples } = copied!;
      assertEquals([frames.slice(0, 50), frames.slice(-50)], [long!.frames, next!.frames]);
      // A constant rate shows the last frame as often as is needed.
      const filling = frames.slice(50, -50);
      assertEquals(filling, new Array(timing === "constant" ? 38 : 0).fill(frames[49]));
      assertAlmostEquals(times.at(-50)!, 3.5, 0.021);
      assert(shiftOf(samples, long!.samples) !== null);
      assertAlmostEquals(samples.length, 5.5 * 48000, 1000);
    }
  },
);

testBoth("copyFrom: a part, and less than all", { skip }, async () => {
  const path = folder.file("part.mkv");
  {
    await using source = await createFileReader(clip("plain"));
    await using writer = await createFileWriter("ffv1", path, 25, {
      ...{ pixelFormat: "yuv420p", timing: "timestamps", metadata: { title: "Mine" } },
      audio: [{ from: { silence: true } }, { codec: "pcm_s16le", sampleRate: 48000, channels: 1 }],
    });
    await writer.copyFrom(source, { seconds: 0.5, subtitles: [] });
  }
  await using source = await createFileReader(path);
  assertEquals([source.chapters.length, source.subtitleTracks.length], [1, 0]);
  assertEquals(source.metadata.title ?? source.metadata.TITLE, "Mine");
  const frames = await Array.fromAsync(source);
  assertEquals(frames.length, 13);
  // The writer's first track is one of silence.
  const heard = await Array.fromAsync(source.audio(1));
  assertAlmostEquals(heard.reduce((sum, { duration }) => sum + duration, 0), 0.5, 0.001);
});

testBoth("copyFrom: parts have each frame once, and what is not copied stays in the source", {
  skip,
}, async () => {
  const from = folder.file("thirty.mkv");
  convertClip(from, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=30:duration=2", "-c:v", "ffv1");
  for (const timing of isLong ? ["timestamps", "constant"] as const : ["timestamps"] as const) {
    const path = folder.file(`parts-${timing}.mkv`);
    await using source = await createFileReader(from);
    await using writer = await createFileWriter("ffv1", path, 30, { timing });
    for (const frames of [20, 40]) {
      await writer.copyFrom(source, { seconds: 20 / 30 });
      assertEquals(writer.stats.frames, frames);
    }
    const control = new AbortController();
    const stopped = writer.copyFrom(source, { signal: control.signal });
    stopped.catch(() => {});
    while (writer.stats.frames < 43) await new Promise((resolve) => setTimeout(resolve, 0));
    control.abort(new Error("enough"));
    await assertRejects(() => stopped, Error, "enough");
    const { frames } = writer.stats;
    const next = await source.nextFrame();
    assertAlmostEquals(next!.timestamp, frames / 30, 0.001);
    await writer.write(next!, timing === "constant" ? {} : { timestamp: frames / 30 });
    await writer.copyFrom(source);
    await writer.close();
    assertEquals(frameHashes(path), frameHashes(from));
  }
});

test("copyFrom: the last frame of a part is shown until the part ends", { skip }, async () => {
  const from = folder.file("slides.mp4");
  convertClip(from, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=1:duration=3", "-c:v", "libx264");
  await using source = await createFileReader(from);
  await using writer = await createFileWriter("libx264", folder.file("slide.mp4"), 1, {
    timing: "timestamps",
  });
  await writer.copyFrom(source, { seconds: 1.5 });
  const { seconds, frames } = await writer.close();
  assertEquals([frames, seconds], [2, 1.5]);
});

test("copyFrom: a new file is shown as its source, and has no frames that are shown in another way", {
  skip,
}, async () => {
  const [turned, plain] = [folder.file("turned.mp4"), folder.file("level.mp4")];
  const picture = { data: new Uint8Array(64 * 48 * 4), width: 64, height: 48 };
  const shape = { rotation: 90, sampleAspectRatio: "4:3" } as const;
  for (const [path, options] of [[turned, shape], [plain, {}]] as const) {
    await using writer = await createFileWriter("libx264", path, 10, options);
    for (let count = 0; count < 3; count++) await writer.write(picture);
  }
  const path = folder.file("shown.mp4");
  await using source = await createFileReader(turned);
  await using other = await createFileReader(plain);
  {
    await using writer = await createFileWriter("libx264", path, 10);
    await writer.copyFrom(source, { seconds: 0.1 });
    await writer.copyFrom(source, { seconds: 0.1 });
    const error = await assertRejects(() => writer.copyFrom(other), UnsupportedError, "pixels of 1:1");
    assertEquals(error.code, "PICTURE_SHAPE");
  }
  const told = execFileSync("ffprobe", ["-v", "error", "-show_streams", path], { encoding: "utf8" });
  for (const line of ["sample_aspect_ratio=4:3", "rotation=-90"]) assertStringIncludes(told, `${line}\n`);
  // The program says how pictures are shown.
  await using own = await createFileWriter("libx264", folder.file("own.mp4"), 10, { rotation: 180 });
  await own.copyFrom(other);
  await using mkv = await createFileWriter("libx264", folder.file("filtered.mkv"), 10, { filter: "hflip" });
  await mkv.copyFrom(source);
});

testLong("copyFrom: pictures that are resized keep the shape of their pixels", { skip }, async () => {
  const [wide, plain, path] = ["wide", "square", "resized"].map((name) => folder.file(`${name}.mkv`));
  const size = "testsrc2=size=32x16:rate=10:duration=0.2";
  for (const [file, shape] of [[wide!, "4/3"], [plain!, "1"]] as const) {
    convertClip(file, "-f", "lavfi", "-i", size, "-vf", `setsar=${shape}`, "-c:v", "ffv1");
  }
  await using source = await createFileReader(wide!);
  await using other = await createFileReader(plain!);
  const cases = [["contain", 64, "4:3"], ["cover", 32, "4:3"], ["fill", 32, "4:3"], ["fill", 64, "1:1"]];
  for (const [resize, width, shape] of cases as ["contain", number, string][]) {
    {
      const options = { resize, width, height: 16, timing: "timestamps" } as const;
      await using writer = await createFileWriter("ffv1", path!, 10, options);
      await source.seek(0);
      await writer.copyFrom(source);
      if (resize === "contain") {
        const error = await assertRejects(() => writer.copyFrom(other), UnsupportedError);
        assertEquals(error.code, "PICTURE_SHAPE");
      }
    }
    await using copied = await createFileReader(path!);
    const { num, den } = copied.sampleAspectRatio;
    assertEquals(`${num}:${den}`, shape, `${resize} ${width}`);
  }
});

test("copyFrom: what a source says of its file is not awaited where it is live, or a signal stops", {
  skip,
}, async () => {
  const from = folder.file("short.mkv");
  convertClip(from, "-f", "lavfi", "-i", "testsrc2=size=32x16:rate=10:duration=0.2", "-c:v", "ffv1");
  const never = {
    packets: async function* (): AsyncGenerator<never> {},
    describe: () => new Promise<never>(() => {}),
  };
  for (const isLive of [true, false]) {
    await using source = await createFileReader(from);
    const packets = new SourcePackets(isLive ? new SharedPackets(never) : never);
    const silent = new Proxy(source, {
      get(target, name) {
        const value: unknown = name === "packets" ? packets : Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const writer = await createFileWriter("ffv1", folder.file("silent.mkv"), 10);
    const control = new AbortController();
    const copied = writer.copyFrom(silent, { signal: control.signal });
    if (isLive) await copied;
    else {
      setTimeout(() => control.abort(new Error("enough")), 20);
      await assertRejects(() => copied, Error, "enough");
    }
    assertEquals(writer.stats.frames, isLive ? 2 : 0);
    await writer.abort();
  }
});

test("copyFrom: only audio of a copy itself holds up the next one", { skip }, async () => {
  const [from, path] = [folder.file("tone.mkv"), folder.file("held.mkv")];
  convertClip(
    from,
    ...["-f", "lavfi", "-i", "testsrc2=size=32x16:rate=10:duration=0.2", "-c:v", "ffv1"],
    ...["-f", "lavfi", "-i", "sine=sample_rate=48000:duration=0.5", "-c:a", "pcm_s16le"],
  );
  const writer = await createFileWriter("ffv1", path, 10, {
    audio: [0, 1].map(() => ({ codec: "pcm_s16le", sampleRate: 48000, channels: 1 })),
  });
  const copy = async (options: CopyOptions): Promise<number> => {
    await using source = await createFileReader(from);
    await writer.copyFrom(source, options);
    return writer.stats.frames;
  };
  // Music of the program runs ahead.
  await writer.writeAudio({ data: new Float32Array(48000), channels: 1, sampleRate: 48000, track: 1 });
  assertEquals([await copy({ audio: false }), await copy({ audio: false })], [2, 4]);
  // The last frame is shown over audio that is copied alone.
  assertEquals([await copy({ video: false }), await copy({ audio: false })], [4, 11]);
  await writer.close();
  const hashes = frameHashes(path);
  assertEquals(hashes.slice(4, 9), new Array(5).fill(hashes[3]));
});

test("copyFrom: the file of the source is not written over, whatever its name", { skip }, async () => {
  const [from, link] = [folder.file("one.mkv"), folder.file("other.mkv")];
  convertClip(from, "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1", "-c:v", "ffv1");
  linkSync(from, link);
  const before = readFileSync(from);
  await using source = await createFileReader(from);
  for (const path of [from, link]) {
    await using writer = await createFileWriter("ffv1", path, 10, { logLevel: "quiet" });
    await assertRejects(() => writer.copyFrom(source), TypeError, "into the same file");
  }
  assertEquals(readFileSync(from), before);
});

test("copyFrom: what can't be copied is refused before anything is written", { skip }, async () => {
  const path = folder.file("refused.mp4");
  await using source = await createFileReader(clip("plain"));
  await using writer = await createFileWriter("h264", path, 25);
  await assertRejects(() => writer.copyFrom(source), TypeError, "{ audio: {} }");
  await assertRejects(() => writer.copyFrom(source, { audio: false }), TypeError, "{ subtitles: {} }");
  await assertRejects(() => writer.copyFrom(source, { audio: [1] }), RangeError, "has 1, from 0 on");
  await assertRejects(
    () => writer.copyFrom(source, { audio: "no" as never }),
    TypeError,
    "numbers of tracks",
  );
  await assertRejects(() => writer.copyFrom(source, { seconds: 0 }), TypeError, "seconds above 0");
  await assertRejects(() => writer.copyFrom(source, null as never), TypeError, "object of options");
  await assertRejects(() => writer.copyFrom({} as never), TypeError, "createFileReader");
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await assertRejects(() => writer.copyFrom(source, { signal }), Error, reason.message);
  for (const thread of ["worker", "main"] as const) {
    await using avi = await createFileWriter("mpeg4", folder.file("refused.avi"), 25, { thread });
    const alone = { audio: false, subtitles: false } as const;
    const error = await assertRejects(() => avi.copyFrom(source, alone), UnsupportedError, "chapters");
    assertEquals(error.code, "CHAPTERS");
    // It goes on.
    await source.seek(0);
    await avi.copyFrom(source, { ...alone, chapters: false, seconds: 0.1 });
    await assertRejects(() => avi.copyFrom(source, { ...alone, metadata: true }), TypeError, "has begun");
    assertEquals((await avi.close()).frames, 3);
    await assertRejects(() => avi.copyFrom(source), WriterClosedError);
  }
  const bytes = readFileSync(clip("plain"));
  const linked = folder.file("linked.mkv");
  linkSync(clip("plain"), linked);
  for (const own of [clip("plain"), linked]) {
    await using same = await createFileWriter("ffv1", own, 25, { audio: {}, subtitles: {} });
    await source.seek(0);
    await assertRejects(() => same.copyFrom(source), TypeError, "the same file");
  }
  assertEquals(readFileSync(clip("plain")), bytes);
  await using live = await createFileWriter("h264", folder.file("live.mp4"), 25, { timing: "wallclock" });
  await assertRejects(() => live.copyFrom(source), TypeError, "wallclock");
  assert(!existsSync(path));
});

testLong("copyFrom: a signal stops it, an error of the source is told, and the writer goes on", {
  skip,
}, async () => {
  for (const thread of ["worker", "main"] as const) {
    const path = folder.file(`stopped-${thread}.mkv`);
    const control = new AbortController();
    await using writer = await createFileWriter("ffv1", path, 25, {
      ...{ thread, timing: "timestamps", audio: { codec: "pcm_s16le" } },
    });
    await using source = await createFileReader(clip("plain"));
    const stopped = writer.copyFrom(source, { subtitles: false, signal: control.signal });
    stopped.catch(() => {});
    while (writer.stats.frames < 5) await new Promise((resolve) => setTimeout(resolve, 0));
    control.abort(new Error("enough"));
    await assertRejects(() => stopped, Error, "enough");
    const { frames } = writer.stats;
    assert(frames > 0 && frames < 50, `${frames} frames`);
    await using other = await createFileReader(clip("plain"));
    const copying = writer.copyFrom(other, { subtitles: false });
    copying.catch(() => {});
    await other.close();
    await assertRejects(() => copying, ReadError, "closed");
    const summary = await writer.close();
    assertEquals(decoded(path).times.length, summary.frames);
    await using third = await createFileReader(clip("plain"));
    const aborted = await createFileWriter("ffv1", folder.file("aborted.mkv"), 25, {
      ...{ thread, timing: "timestamps" },
    });
    const copied = aborted.copyFrom(third, { audio: false, subtitles: false });
    copied.catch(() => {});
    await aborted.abort(new Error("no more"));
    await assertRejects(() => copied, WriterClosedError);
    assert(!existsSync(folder.file("aborted.mkv")));
  }
});

for (const thread of ["worker", "main"] as const) {
  testLong(
    `copyFrom: a kill leaves the frames and audio of all copies but the last seconds, thread ${thread}`,
    {
      skip,
    },
    async () => {
      const path = folder.file(`killed-${thread}.mp4`);
      const script = fileURLToPath(new URL("support/killed_copy.ts", import.meta.url));
      const { status } = runScript(script, [clip("plain"), path, "500", thread]);
      assert(status !== 0);
      const assertCopies = (): number => {
        const { times, frames, samples } = decoded(path);
        known.delete(path);
        const source = decoded(clip("plain")).frames;
        assertEquals(frames, frames.map((_, index) => source[index % source.length]!));
        for (const [index, time] of times.entries()) assertAlmostEquals(time, index / 25, 1e-3);
        const seconds = samples.length / 2 / 48000;
        // Audio is written half a second ahead at most, and encoders hold some back.
        assert(
          Math.abs(seconds - frames.length / 25) < 0.7,
          `${seconds} s of audio, ${frames.length} frames`,
        );
        return frames.length;
      };
      const left = assertCopies();
      assert(left >= 400, `${left} frames`);
      assertEquals((await recoverFile(path)).frames, left);
      assertEquals(assertCopies(), left);
    },
  );
}
