import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  createFileWriter,
  type RawFrame,
  type Segment,
  type SegmentOptions,
  UnsupportedError,
  WriteError,
  type WriterOptions,
} from "../mod.ts";
import { segmentsAmong } from "../src/engine/segments/segment_name.ts";
import { SegmentPlan } from "../src/engine/segments/segment_plan.ts";
import { joinedInput } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, asTheyAre, decode, frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { runUntilKilled } from "./support/processes.ts";
import { noisyFrame, packetSums, play, playRest, sizeOf } from "./support/record.ts";
import { SmallDisk } from "./support/small_disk.ts";
import { testsOf } from "./support/test.ts";

const { isAll, isLong, some, testAll, testBoth, test, testLong } = testsOf(import.meta.url);

const height = 48, fps = 25, sampleRate = 48_000;
const frameSamples = sampleRate / fps;

/** A frame whose pixels tell its number. */
function frameOf(index: number, width = 64): RawFrame & { data: Uint8Array } {
  const data = new Uint8Array(width * height * 1.5).fill(128);
  for (let at = 0; at < width * height; at++) data[at] = 16 + (at * 7 + index * 13) % 200;
  return { data, width, height, format: "yuv420p" };
}

/** The samples beside a frame. */
function samplesOf(index: number): Int16Array<ArrayBuffer> {
  return Int16Array.from(
    { length: frameSamples },
    (_, at) => Math.imul(index * frameSamples + at, 0x9e3779b1) >> 17,
  );
}

/** What a recording of some frames, with audio where `options` have some, tells of its segments. */
async function record(
  folder: string,
  codec: string,
  frames: number,
  options: WriterOptions,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  const writer = await createFileWriter(codec, folder, fps, {
    quality: "lossless",
    onSegment: (segment) => void segments.push(segment),
    ...options,
  });
  for (let index = 0; index < frames; index++) {
    const timing = options.timing === "timestamps" ? { timestamp: index / fps } : undefined;
    if (options.audio !== undefined) {
      await writer.writeAudio({ data: samplesOf(index), sampleRate, channels: 1 });
    }
    await writer.write(frameOf(index), timing);
  }
  await writer.close();
  return segments;
}

/** Decodes files one after the other, as ffmpeg joins them. */
function joined(folder: TemporaryFolder, paths: readonly string[], output: readonly string[]): Uint8Array {
  const input = joinedInput(folder.file("list.txt"), paths);
  return execFileSync("ffmpeg", ["-v", "error", ...input, ...output, "-"], { maxBuffer: 2 ** 30 });
}

function all<Item extends Uint8Array | Int16Array>(
  count: number,
  itemOf: (index: number) => Item,
): Uint8Array {
  const items = Array.from({ length: count }, (_, index) => itemOf(index));
  return Buffer.concat(
    items.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
}

const containers = [
  ["mov", "libx264", "pcm_s16le", "worker", "constant", true],
  ["mkv", "libx264", "flac", "main", "timestamps", true],
  ["mov", "libx264", "pcm_s16le", "main", "timestamps", "fragments"],
  ["mkv", "ffv1", "pcm_s16le", "worker", "constant", false],
  ["mov", "libx264", "pcm_s16le", "worker", "constant", false],
] as const;

for (const [extension, codec, audio, thread, timing, crashSafe] of some(containers, 5)) {
  testBoth(
    `segments: ${codec} and ${audio} in ${extension}, ${thread}, ${timing}, crashSafe ${crashSafe}, joined are the source`,
    {
      skip: missingEncoders(codec, audio),
    },
    async () => {
      using folder = new TemporaryFolder();
      const [frames, seconds] = isAll ? [12_500, 1] : isLong ? [130, 0.5] : [64, 1];
      const told = await record(folder.path, codec, frames, {
        ...{ thread, timing, crashSafe },
        segments: { name: `%H/%M-%S-%f.${extension}`, seconds },
        audio: { codec: audio, channels: 1, sampleRate },
      });
      const perSegment = seconds * fps;
      const expected = Array.from(
        { length: Math.ceil(frames / perSegment) },
        (_, index) => Math.ceil(Math.min(frames, (index + 1) * perSegment)) - Math.ceil(index * perSegment),
      );
      assertEquals(told.map((segment) => segment.frames), expected);
      for (const [index, { start, path }] of told.entries()) {
        if (index > 0) assertEquals(start, told[index - 1]!.end);
        // Each is a file of its own, which begins at 0: of hundreds, some are probed, and all are joined.
        if (index % (isAll ? 25 : 1) > 0 && index < told.length - 1) continue;
        const times = frameTimes(path);
        assertEquals([times.length, times[0]], [expected[index], 0]);
      }
      const paths = told.map(({ path }) => path);
      const video = joined(folder, paths, ["-map", "0:v", ...asTheyAre(), "-f", "rawvideo"]);
      assertSameBytes(video, all(frames, (index) => frameOf(index).data), "frames");
      const heard = joined(folder, paths, ["-map", "0:a", "-f", "s16le"]);
      assertSameBytes(heard, all(frames, samplesOf), "samples");
    },
  );
}

for (const thread of ["worker", "main"] as const) {
  testLong(`segments: by bytes, ${thread}, each has as many, and joined they are the source`, {
    skip: missingEncoders("ffv1", "pcm_s16le"),
  }, async () => {
    using folder = new TemporaryFolder();
    const [bytes, frames] = [60_000, 120];
    const audio = { codec: "pcm_s16le", channels: 1, sampleRate } as const;
    const told = await record(folder.path, "ffv1", frames, {
      thread,
      segments: { name: "%s-%f.mkv", bytes },
      audio,
    });
    const sizes = told.map(({ path }) => statSync(path).size);
    assert(sizes.length > 3, `${sizes}`);
    // The encoder and the queue hold frames when a file is found to be long enough.
    for (const size of sizes.slice(0, -1)) assert(size >= bytes && size < 2 * bytes, `${sizes}`);
    const paths = told.map(({ path }) => path);
    const video = joined(folder, paths, ["-map", "0:v", ...asTheyAre(), "-f", "rawvideo"]);
    assertSameBytes(video, all(frames, (index) => frameOf(index).data), "frames");
    const heard = joined(folder, paths, ["-map", "0:a", "-f", "s16le"]);
    assertSameBytes(heard, all(frames, samplesOf), "samples");
  });
}

testLong("segments: AAC in mp4 has the packets of one encode, each once", {
  skip: missingEncoders("libx264", "aac"),
}, async () => {
  using folder = new TemporaryFolder();
  const audio = { codec: "aac", channels: 1, sampleRate };
  const told = await record(folder.path, "libx264", 64, {
    segments: { name: "%s-%f.mp4", seconds: 1 },
    audio,
  });
  const one = folder.file("one.mp4");
  const writer = await createFileWriter("libx264", one, fps, { audio, quality: "lossless" });
  for (let index = 0; index < 64; index++) {
    await writer.writeAudio({ data: samplesOf(index), sampleRate, channels: 1 });
    await writer.write(frameOf(index));
  }
  await writer.close();
  const sumsOf = (path: string): string[] =>
    packetSums(path).split("\n").filter((line) => line.startsWith("1,")).map((line) => line.split(",")[5]!);
  assertEquals(told.flatMap(({ path }) => sumsOf(path)), sumsOf(one));
});

test("segments: names come from the clock, and nothing is written over", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const segments = { name: "%Y/%m%d.mp4", seconds: 0.4, align: "clock" } as const;
  const [first, ...others] = await record(folder.path, "libx264", 40, { segments });
  const { start, path } = first!;
  const padded = (value: number): string => String(value).padStart(2, "0");
  const day = `${padded(start.getMonth() + 1)}${padded(start.getDate())}`;
  assertEquals(path, folder.file(`${start.getFullYear()}/${day}.mp4`));
  assertEquals(basename(others[0]!.path), `${day}-2.mp4`);
  // To within a frame.
  for (const { start } of others) {
    const { offset } = { offset: start.getTimezoneOffset() * 60_000 };
    assert((start.getTime() - offset) % 400 <= 41, start.toISOString());
  }
  const frames = [first!, ...others].reduce((sum, segment) => sum + segment.frames, 0);
  assertEquals(frames, 40);
});

test("segments: the oldest are removed, those of earlier recordings first", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const name = "%Y/s-%f.mp4";
  mkdirSync(folder.file("1999"));
  writeFileSync(folder.file("1999/s-000000.mp4"), new Uint8Array(100_000));
  writeFileSync(folder.file("1999/mine-000000.mp4"), new Uint8Array(100_000));
  mkdirSync(folder.file("1998"));
  for (const end of ["", "-2", "-12"]) {
    writeFileSync(folder.file(`1998/s-000000${end}.mp4`), new Uint8Array(100_000));
  }
  const first = await record(folder.path, "libx264", 40, { segments: { name, seconds: 0.2 } });
  assertEquals(first.length, 8);
  assert(first.every(({ path }) => existsSync(path)));
  const limit = first.reduce((sum, { path }) => sum + sizeOf(path), 0);
  const keep = { bytes: limit };
  const second = await record(folder.path, "libx264", 40, { segments: { name, seconds: 0.2, keep } });
  const both = [...first, ...second];
  const kept = both.filter(({ path }) => existsSync(path));
  assertEquals(kept, both.slice(-kept.length));
  const bytes = kept.reduce((sum, { path }) => sum + sizeOf(path), 0);
  assert(bytes <= limit && bytes > limit * 3 / 4, `${bytes} of ${limit} bytes`);
  assertEquals(readdirSync(folder.file("1999")), ["mine-000000.mp4"]);
  assert(!existsSync(folder.file("1998")));
  const third = await record(folder.path, "libx264", 40, {
    segments: { name, seconds: 0.2, keep: { seconds: 0.9 } },
  });
  assertEquals(third.filter(({ path }) => existsSync(path)), third.slice(-5));
});

test("segments.keep: the newest stays, also where it is larger than all may be", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const segments = { name: "%s-%f.mp4", seconds: 0.2, keep: { bytes: 1 } };
  const told = await record(folder.path, "libx264", 20, { segments });
  assertEquals(told.length, 4);
  assertEquals(told.filter(({ path }) => existsSync(path)), told.slice(-1));
});

for (const thread of some(["worker", "main"] as const, 2)) {
  testBoth(
    `recordEvent, ${thread}: a file has the seconds before and after each event, and nothing else is written`,
    {
      skip: missingEncoders("libx264"),
    },
    async () => {
      using folder = new TemporaryFolder();
      const told: Segment[] = [];
      const writer = await createFileWriter("libx264", folder.path, fps, {
        ...{ thread, quality: "lossless", audio: { codec: "pcm_s16le", channels: 1, sampleRate } },
        segments: { name: "%s-%f.mov", preRollSeconds: 1 },
        onSegment: (segment) => void told.push(segment),
      });
      for (let index = 0; index < 250; index++) {
        // The first goes on, the second is one of its own.
        if (index === 60) await writer.recordEvent({ seconds: 1 });
        if (index === 75) await writer.recordEvent({ seconds: 0.8 });
        if (index === 160) await writer.recordEvent({ seconds: 0.4 });
        await writer.writeAudio({ data: samplesOf(index), sampleRate, channels: 1 });
        await writer.write(frameOf(index));
      }
      await writer.close();
      // Key frames are a second apart: 25 is the last one at least a second before 59, and 125 before 159.
      const expected = [[25, 94], [125, 169]] as const;
      assertEquals(told.map(({ frames }) => frames), expected.map(([from, to]) => to - from));
      assertEquals(readdirSync(folder.path).length, 2);
      for (const [index, [from, to]] of expected.entries()) {
        const { path, start, end } = told[index]!;
        assertEquals(end.getTime() - start.getTime(), (to - from) * 40);
        const video = joined(folder, [path], ["-map", "0:v", ...asTheyAre(), "-f", "rawvideo"]);
        assertSameBytes(video, all(to - from, (index) => frameOf(from + index).data), "frames");
        const heard = joined(folder, [path], ["-map", "0:a", "-f", "s16le"]);
        const given = all(250, samplesOf);
        // Packets are whole: up to 1023 samples less at the beginning, or more at the end.
        const at = Buffer.from(given).indexOf(heard) / 2;
        assert(at >= from * frameSamples && at < from * frameSamples + 1024, `from sample ${at}`);
        const until = at + heard.length / 2;
        assert(until >= to * frameSamples && until < to * frameSamples + 1024, `to sample ${until}`);
      }
    },
  );
}

test("abort: removes the segment that is being written, and leaves the finished ones", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const told: Segment[] = [];
  const writer = await createFileWriter("libx264", folder.path, fps, {
    segments: { name: "%s-%f.mp4", seconds: 0.4 },
    tune: "zerolatency",
    onSegment: (segment) => void told.push(segment),
  });
  for (let index = 0; index < 25; index++) await writer.write(frameOf(index));
  await writer.abort();
  const left = readdirSync(folder.path).map((name) => folder.file(name)).sort();
  assertEquals(left.map((path) => frameTimes(path).length), [10, 10]);
  assertEquals(told.map(({ path }) => path), left.slice(0, told.length));
});

testLong("segments: audio from a file goes on from segment to segment", {
  skip: missingEncoders("libx264", "flac"),
}, async () => {
  using folder = new TemporaryFolder();
  const wav = folder.file("a.wav");
  const input = ["-f", "s16le", "-ar", `${sampleRate}`, "-ac", "1", "-i", "-"];
  execFileSync("ffmpeg", ["-v", "error", ...input, wav], { input: all(64, samplesOf) });
  for (const [extension, codec] of [["mov", "pcm_s16le"], ["mkv", "flac"]] as const) {
    const told: Segment[] = [];
    const writer = await createFileWriter("libx264", folder.file(extension), fps, {
      quality: "lossless",
      segments: { name: `%s-%f.${extension}`, seconds: 0.5 },
      audio: { from: wav, codec, channels: 1 },
      onSegment: (segment) => void told.push(segment),
    });
    for (let index = 0; index < 64; index++) await writer.write(frameOf(index));
    await writer.close();
    const heard = joined(folder, told.map(({ path }) => path), ["-map", "0:a", "-f", "s16le"]);
    assertSameBytes(heard, all(64, samplesOf), `samples in ${extension}`);
  }
});

testLong("segments: frames that come unevenly keep their times, to the end of each file", {
  skip: missingEncoders("libx264", "aac"),
}, async () => {
  for (const crashSafe of [true, false, "fragments"] as const) {
    using folder = new TemporaryFolder();
    const told: Segment[] = [];
    const writer = await createFileWriter("libx264", folder.path, fps, {
      ...{ crashSafe, timing: "timestamps", audio: { channels: 1, sampleRate } },
      segments: { name: "%s-%f.mp4", seconds: 1 },
      onSegment: (segment) => void told.push(segment),
    });
    const times: number[] = [];
    for (let index = 0, time = 0; index < 90; index++, time += index % 3 === 0 ? 0.1 : 0.013) {
      times.push(time);
    }
    for (const [index, timestamp] of times.entries()) {
      const samples = new Int16Array(
        Math.round(((times[index + 1] ?? timestamp + 0.04) - timestamp) * sampleRate),
      );
      await writer.writeAudio({ data: samples, sampleRate, channels: 1 });
      await writer.write(frameOf(index), { timestamp });
    }
    await writer.close();
    const origin = told[0]!.start.getTime();
    const shown = told.flatMap(({ path, start }) =>
      frameTimes(path).map((time) => time + (start.getTime() - origin) / 1000)
    );
    assertEquals(shown.length, times.length);
    for (const [index, time] of shown.entries()) assertAlmostEquals(time, times[index]!, 0.001);
    // Fragments have no length of their own.
    for (const { path, start, end } of crashSafe === "fragments" ? [] : told) {
      const { duration } = probe(path);
      assertAlmostEquals(
        duration,
        (end.getTime() - start.getTime()) / 1000,
        0.002,
        `${path} ${crashSafe}`,
      );
    }
  }
});

const killed = fileURLToPath(new URL("support/record_segments.ts", import.meta.url));

testAll("segments: a kill costs the last two seconds at most, and all files before are whole", {
  skip: missingEncoders("libx264", "aac"),
}, async () => {
  for (let run = 0; run < 20; run++) {
    using folder = new TemporaryFolder();
    const { lines } = await runUntilKilled(
      killed,
      [folder.path, run % 2 === 0 ? "mp4" : "mkv"],
      2200 + run * 157,
    );
    const names = readdirSync(folder.path).filter((name) => !name.endsWith(".avwriter")).sort();
    const paths = names.map((name) => folder.file(name)).filter((path) => sizeOf(path) > 0);
    const last = paths.pop() ?? "";
    for (const path of paths) assertEquals(play(path, { width: 160, fps: 40 }).frames, 40, path);
    // The encoder may have all frames still.
    if (last === "") assert(lines.length < 2 * 40, `none of ${lines.length} frames`);
    else playRest(last, lines.length - paths.length * 40, { width: 160, fps: 40 });
  }
});

for (const extension of ["mp4", "mkv"]) {
  const register = extension === "mkv" ? testLong : testAll;
  register(`segments: a full disk ends a recording in ${extension}, or drops the oldest, as asked`, {
    skip: SmallDisk.missing || missingEncoders("mpeg4"),
  }, async () => {
    using disk = new SmallDisk(3);
    const folder = disk.file("segments");
    const options = { quality: 2, logLevel: "quiet" } as const;
    const write = async (segments: SegmentOptions): Promise<{ told: Segment[]; error: unknown }> => {
      const told: Segment[] = [];
      const writer = await createFileWriter("mpeg4", folder, 40, {
        ...options,
        segments,
        onSegment: (segment) => void told.push(segment),
      });
      try {
        for (let index = 0; index < 400; index++) await writer.write(noisyFrame(index, 160, 90));
        await writer.close();
        return { told, error: null };
      } catch (error) {
        return { told, error };
      }
    };
    const name = `%s-%f.${extension}`;
    const { told, error } = await write({ name, seconds: 1 });
    assert(error instanceof WriteError && error.code === "ENOSPC", String(error));
    assertStringIncludes(error.message, folder);
    assert(told.length > 0);
    for (const { path } of told) assertEquals(play(path, { width: 160, fps: 40 }).frames, 40);
    const kept = await write({ name, seconds: 1, keep: { freeBytes: 700_000 } });
    assertEquals([kept.error, kept.told.length], [null, 10]);
    const left = kept.told.filter(({ path }) => existsSync(path));
    assert(left.length > 0 && left.length < 10, `${left.length} are left`);
    assertEquals(left, kept.told.slice(-left.length));
    for (const { path } of left) assertEquals(play(path, { width: 160, fps: 40 }).frames, 40);
  });
}

for (const thread of ["worker", "main"] as const) {
  testLong(`segments.newSize, ${thread}: frames of another size begin a segment, and audio goes on`, {
    skip: missingEncoders("libx264"),
  }, async () => {
    using folder = new TemporaryFolder();
    const told: Segment[] = [];
    const writer = await createFileWriter("libx264", folder.path, fps, {
      ...{ thread, quality: "lossless", audio: { codec: "pcm_s16le", channels: 1, sampleRate } },
      segments: { name: "%s-%f.mov", seconds: 1, newSize: true },
      onSegment: (segment) => void told.push(segment),
    });
    const sized = (index: number): RawFrame & { data: Uint8Array } =>
      frameOf(index, index < 35 || index >= 60 ? 64 : 96);
    for (let index = 0; index < 70; index++) {
      await writer.writeAudio({ data: samplesOf(index), sampleRate, channels: 1 });
      await writer.write(sized(index));
    }
    assertEquals((await writer.close()).frames, 70);
    assertEquals(told.map(({ frames }) => frames), [25, 10, 15, 10, 10]);
    assertEquals(told.map(({ path }) => probe(path).width), [64, 64, 96, 96, 64]);
    const paths = told.map(({ path }) => path);
    const shown = paths.map((path) => decode(path, "yuv420p"));
    assertSameBytes(Buffer.concat(shown), all(70, (index) => sized(index).data), "frames");
    assertSameBytes(joined(folder, paths, ["-map", "0:a", "-f", "s16le"]), all(70, samplesOf), "samples");
  });
}

const wrong: readonly (readonly [WriterOptions, says: string])[] = [
  [{ segments: { seconds: 1 } as never }, "segments.name"],
  [{ segments: { name: "a.mp4" } }, "without seconds, bytes or preRollSeconds"],
  [{ segments: { name: "%Q.mp4", seconds: 1 } }, "not %Q"],
  [{ segments: { name: "../a.mp4", seconds: 1 } }, "a name in the folder"],
  [{ segments: { name: "/a.mp4", seconds: 1 } }, "a name in the folder"],
  [{ segments: { name: "a.mp4", seconds: 0 } }, "segments.seconds"],
  [{ segments: { name: "a.mp4", bytes: 9, align: "clock" } }, "without segments.seconds"],
  [{ segments: { name: "a.mp4", seconds: 1, keep: { bytes: 0.5 } } }, "segments.keep.bytes"],
  [{ segments: { name: "a.mp4", seconds: 1 }, chapters: [] }, "segments and chapters"],
  [{ segments: { name: "a.mp4", seconds: 1 }, metadata: { timecode: "00:00:00:00" } }, "metadata.timecode"],
  [{ segments: { name: "a.mp4", seconds: 1, newSize: true }, resize: "fill" }, "segments.newSize and resize"],
  [{ onSegment: 1 as never }, "onSegment"],
];

test("segments: what can't be is refused, with the option's name", async () => {
  for (const [options, says] of wrong) {
    const error = await assertRejects(() => createFileWriter("h264", "unmade", fps, options), TypeError);
    assertStringIncludes(error.message, says);
  }
  for (const [codec, name] of [["gif", "a.gif"], ["h264", "a.m3u8"]] as const) {
    const options = { segments: { name, seconds: 1 } };
    const error = await assertRejects(
      () => createFileWriter(codec, "unmade", fps, options),
      UnsupportedError,
    );
    assertEquals(error.code, "SEGMENTS_NOT_FOR_CONTAINER");
  }
  assert(!existsSync("unmade"));
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("h264", folder.file("one.mp4"), fps);
  await assertRejects(() => writer.recordEvent(), TypeError, "segments.preRollSeconds");
  await writer.abort();
});

test("segments.keep: another recorder's files are not those of a name", () => {
  const own = [
    "2026-11-30.mp4",
    "2026-11-30-2.mp4",
    "2026-11-30-11.mp4",
    "2026-11-28-3.mp4",
    "2026-11-28-4.mp4",
  ];
  const others = [
    ...["2026-11-30-08.mp4", "2026-11-29-10.mp4", "2026-11-29-11.mp4", "2026-11-27-2.mp4"],
    ...["12026-11-30.mp4", "2026-13-30.mp4", "2026-11-30-1.mp4", "2026-11-30.mkv", "x/2026-11-30.mp4"],
  ];
  assertEquals([...segmentsAmong("%Y-%m-%d.mp4", [...others, ...own])], own);
  assertEquals([...segmentsAmong("%s.mp4", ["1764489600.mp4", "17644896001.mp4", "1.mp4"])], [
    "1764489600.mp4",
  ]);
});

test("segments.align: each day of the clock begins with a segment", () => {
  const plan = new SegmentPlan({ name: "%H.mp4", seconds: 7 * 3600, align: "clock" }, undefined);
  const hours: number[] = [];
  for (let minutes = 0; minutes < 4 * 1440; minutes += 10) {
    const seconds = minutes * 60;
    const { keyFrame } = plan.take({
      ...{ ticks: BigInt(seconds), seconds, timestamp: null, duration: null, keyFrame: false },
    });
    // The first one is where the recording begins.
    if (keyFrame && minutes > 0) hours.push(new Date(plan.wallMs(seconds)).getHours());
  }
  assert(hours.length >= 12 && hours.every((hour) => hour % 7 === 0), hours.join());
});
