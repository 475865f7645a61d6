import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { after } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createFileReader,
  createPacketWriter,
  type MediaPacket,
  type PacketWriterOptions,
  UnsupportedError,
  WriterClosedError,
} from "../mod.ts";
import { convertClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { test, testBoth, testLong, some } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "aac");

const frames = 60;
const rate = "30000/1001";
const seconds = frames * 1001 / 30000;

/** What ffmpeg prints of a file in one of its formats for tests. */
function printed(path: string, ...options: string[]): string {
  const decoder = ["-v", "error", "-i", path, ...options];
  return execFileSync("ffmpeg", decoder, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** The hash of each packet of a stream, undecoded. */
function packetHashes(path: string, stream: string): string[] {
  return printed(path, "-map", `0:${stream}`, "-c", "copy", "-copyts", "-f", "framemd5", "-")
    .split("\n").filter((line) => /^\d/.test(line)).map((line) => line.split(",")[5]!.trim());
}

/** The hash of each decoded frame or piece of audio. */
function decodedHashes(path: string, stream: string): string[] {
  // No frame is repeated or left out for its time.
  const paced = stream === "v" ? ["-vf", "setpts=N/30/TB", "-r", "30"] : [];
  return printed(path, "-map", `0:${stream}`, ...paced, "-f", "framemd5", "-")
    .split("\n").filter((line) => /^\d/.test(line)).map((line) => line.split(",")[5]!.trim());
}

interface ShownTimes {
  readonly times: readonly number[];
  readonly seconds: number;
}

/** When frames of the video are shown, from the first one on, and how long the file is. */
function shownTimes(path: string): ShownTimes {
  const options = [
    "-v",
    "error",
    "-select_streams",
    "v:0",
    "-show_entries",
    "packet=pts_time:format=duration",
  ];
  const told = JSON.parse(execFileSync("ffprobe", [...options, "-of", "json", path], { encoding: "utf8" }));
  const times = told.packets.map(({ pts_time }: { pts_time: string }) => Number(pts_time))
    .sort((one: number, other: number) => one - other);
  return { times: times.map((time: number) => time - times[0]), seconds: Number(told.format.duration) };
}

const made = new Map<string, string>();
/** A clip with B-frames, audio, a tag and a chapter. */
function clip(extension: string): string {
  let path = made.get(extension);
  if (path !== undefined) return path;
  path = folder.file(`in.${extension}`);
  const chapters = folder.file("chapters.txt");
  writeFileSync(
    chapters,
    ";FFMETADATA1\ntitle=Waves\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1500\ntitle=Middle\n",
  );
  convertClip(
    path,
    ...["-f", "lavfi", "-i", `testsrc2=size=160x120:rate=${rate}:duration=${seconds}`],
    ...["-f", "lavfi", "-i", `sine=duration=${seconds}`, "-i", chapters, "-map_metadata", "2"],
    ...["-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "12"],
    ...["-pix_fmt", "yuv420p", "-c:a", "aac"],
  );
  made.set(extension, path);
  return path;
}

let copies = 0;
async function copy(from: string, extension: string, options: PacketWriterOptions = {}): Promise<string> {
  const path = folder.file(`out${copies++}.${extension}`);
  await using source = await createFileReader(from);
  await using writer = await createPacketWriter(path, source.packets, options);
  const attached = source.packets.attach(writer);
  await attached.finished;
  const { packets } = await writer.close();
  assertEquals(attached.state, "ended");
  if (options.audio !== false && options.subtitles !== false) assertEquals(attached.written, packets);
  return path;
}

/** Containers that have packets in the same form: nothing of them may change. */
const sameForm = ["mkv", "mp4", "mov", "flv"];
/** Those with start codes, or headers in packets of AAC. */
const otherForm = ["ts", "avi"];

const pairs = sameForm.flatMap((from) => sameForm.map((to) => [from, to] as const));
for (const [from, to] of some(pairs, 9)) {
  testBoth(
    `createPacketWriter: packets of ${from} are the same in ${to}, bit for bit`,
    { skip },
    async () => {
      const source = clip(from);
      for (const thread of ["worker", "main"] as const) {
        const path = await copy(source, to, { thread });
        assertEquals(packetHashes(path, "v"), packetHashes(source, "v"));
        // Of mp4, ffmpeg copies no packet that only primes the decoder of audio.
        const [audio, given] = [packetHashes(path, "a"), packetHashes(source, "a")];
        assert(
          Math.abs(audio.length - given.length) <= 1,
          `${audio.length} of ${given.length} packets of audio`,
        );
        const both = Math.min(audio.length, given.length);
        assertEquals(audio.slice(-both), given.slice(-both));
        assertEquals(decodedHashes(path, "v"), decodedHashes(source, "v"));
        const { times, seconds: length } = shownTimes(path);
        assertEquals(times.length, frames);
        // Matroska and FLV count in milliseconds.
        for (const [index, time] of shownTimes(source).times.entries()) {
          assertAlmostEquals(times[index]!, time, 0.0011);
        }
        assertAlmostEquals(length, seconds, 0.1);
      }
    },
  );
}

const otherPairs = [
  ...otherForm.flatMap((from) => ["mp4", "mkv", "mov", "ts"].map((to) => [from, to] as const)),
  ...sameForm.map((from) => [from, "ts"] as const),
];
for (const [from, to] of some(otherPairs, 16)) {
  testBoth(`createPacketWriter: ${from} plays the same as ${to}`, { skip }, async () => {
    const source = clip(from);
    const path = await copy(source, to);
    assertEquals(decodedHashes(path, "v"), decodedHashes(source, "v"));
    // Readers of mp4 leave out what primes the decoder of audio.
    const [heard, expected] = [decodedHashes(path, "a"), decodedHashes(source, "a")];
    const common = Math.min(heard.length, expected.length) - 1;
    assert(Math.abs(heard.length - expected.length) <= 1, `${heard.length} and ${expected.length} pieces`);
    assertEquals(heard.slice(-common), expected.slice(-common));
    const { times } = shownTimes(path);
    for (const [index, time] of shownTimes(source).times.entries()) {
      assertAlmostEquals(times[index]!, time, 0.0011);
    }
  });
}

test("createPacketWriter: chapters and tags go along, unless others are given", { skip }, async () => {
  const path = await copy(clip("mkv"), "mp4");
  const other = await copy(clip("mkv"), "mp4", { metadata: { title: "Other" }, chapters: [], audio: false });
  await using source = await createFileReader(path);
  assertEquals(source.metadata.title, "Waves");
  await using given = await createFileReader(clip("mkv"));
  const { title, start, end } = given.chapters[0]!;
  assertEquals(source.chapters, [{ title: "", start: 0, end: start }, { title, start, end }]);
  assertEquals(source.audioTracks.length, 1);
  await using second = await createFileReader(other);
  assertEquals([second.metadata.title, second.chapters, second.audioTracks.length], ["Other", [], 0]);
});

test(
  "source.packets: they tell times, key frames and tracks, and can be read several times",
  { skip },
  async () => {
    await using source = await createFileReader(clip("mp4"));
    const read = (): Promise<MediaPacket[]> => Array.fromAsync(source.packets);
    const [one, other] = await Promise.all([read(), read()]);
    assertEquals(one, other);
    const video = one.filter(({ kind }) => kind === "video");
    assertEquals(video.length, frames);
    assertEquals(video.filter(({ isKeyFrame }) => isKeyFrame).length, frames / 12);
    assertEquals(video[0]!.timestamp, 0);
    const times = video.map(({ timestamp }) => timestamp!).sort((first, second) => first - second);
    for (const [index, time] of times.entries()) assertAlmostEquals(time, index * 1001 / 30000, 1e-9);
    assert(video.every(({ decodeTimestamp, timestamp }) => decodeTimestamp! <= timestamp!));
    assert(one.some(({ kind }) => kind === "audio"));
  },
);

test("source.packets: a writer that is attached midway begins with a key frame, at 0", { skip }, async () => {
  await using source = await createFileReader(clip("mkv"));
  const all = await Array.fromAsync(source.packets);
  const path = folder.file("midway.mp4");
  const writer = await createPacketWriter(path, source.packets);
  // The fifth picture is none that decoding can begin with.
  const fifth = all.indexOf(all.filter(({ kind }) => kind === "video")[4]!);
  for (const packet of all.slice(fifth)) await writer.write(packet);
  await writer.close();
  assertEquals(packetHashes(path, "v"), packetHashes(clip("mkv"), "v").slice(12));
  const { times } = shownTimes(path);
  assertEquals(times.length, frames - 12);
  assertEquals(decodedHashes(path, "v"), decodedHashes(clip("mkv"), "v").slice(12));
});

test("createPacketWriter: what a kill leaves is playable", { skip }, async () => {
  for (const extension of ["mp4", "mkv"]) {
    await using source = await createFileReader(clip("mkv"));
    const path = folder.file(`unfinished.${extension}`);
    const writer = await createPacketWriter(path, source.packets);
    let video = 0;
    for await (const packet of source.packets) {
      await writer.write(packet);
      if (packet.kind === "video" && ++video === 50) break;
    }
    // The other thread has them all once it has told so.
    while (writer.stats.packets < 50) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const left = folder.file(`left.${extension}`);
    copyFileSync(path, left);
    await writer.abort();
    assert(!existsSync(path), "an aborted file is removed");
    const hashes = decodedHashes(left, "v");
    assert(hashes.length >= 36, `${hashes.length} of 50 frames are left`);
    assertEquals(hashes.slice(0, 30), decodedHashes(clip("mkv"), "v").slice(0, 30));
  }
});

test("source.packets: a target is detached, and one that fails is told", { skip }, async () => {
  await using source = await createFileReader(clip("mp4"));
  const taken: MediaPacket[] = [];
  const target = {
    async write(packet: MediaPacket): Promise<void> {
      taken.push(packet);
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
  };
  const attached = source.packets.attach(target);
  assertThrows(() => source.packets.attach(target), TypeError, "twice");
  while (taken.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  await source.packets.detach(target);
  assertEquals([attached.state, attached.written], ["detached", taken.length]);
  assert(taken.length < 20, `${taken.length} packets`);
  const failing = source.packets.attach({ write: () => Promise.reject(new Error("full")) });
  await assertRejects(() => failing.finished, Error, "full");
  assertEquals([failing.state, failing.written], ["failed", 0]);
  await assertRejects(() => source.packets.detach({ write: () => {} }), TypeError, "never attached");
  assertThrows(() => source.packets.attach({} as never), TypeError, "write(packet)");
});

test(
  "createPacketWriter: what can't be copied is refused before, and a signal aborts",
  { skip },
  async () => {
    await using source = await createFileReader(clip("mp4"));
    for (const extension of ["webm", "avi"]) {
      const path = folder.file(`refused.${extension}`);
      const error = await assertRejects(() => createPacketWriter(path, source.packets), UnsupportedError);
      assertEquals(error.code, "CODEC_NOT_FOR_CONTAINER");
      assert(!existsSync(path));
    }
    await assertRejects(
      () => createPacketWriter(folder.file("a.mp4"), {} as never),
      TypeError,
      "source.packets",
    );
    const bytes = readFileSync(clip("mp4"));
    await assertRejects(() => createPacketWriter(clip("mp4"), source.packets), TypeError, "the same file");
    assertEquals(readFileSync(clip("mp4")), bytes);
    const control = new AbortController();
    const path = folder.file("aborted.mkv");
    const writer = await createPacketWriter(path, source.packets, { signal: control.signal });
    for await (const packet of source.packets) await writer.write(packet);
    control.abort(new Error("enough"));
    await assertRejects(() => writer.close(), Error, "enough");
    assert(!existsSync(path));
    const closed = await createPacketWriter(path, source.packets);
    assertEquals((await closed.close()).packets, 0);
    assert(!existsSync(path), "without packets there is no file");
    await assertRejects(() => closed.write({} as never), WriterClosedError);
  },
);

testLong("createPacketWriter: alpha and subtitles go along", async () => {
  const alpha = folder.file("alpha.webm");
  convertClip(
    alpha,
    ...["-f", "lavfi", "-i", "color=red@0.5:size=64x64:rate=25:duration=1,format=yuva420p"],
    ...["-c:v", "libvpx-vp9", "-auto-alt-ref", "0"],
  );
  const copied = await copy(alpha, "mkv");
  const withAlpha = (path: string): string =>
    printedWith(path, "libvpx-vp9", "-pix_fmt", "yuva420p", "-f", "md5", "-");
  assertEquals(withAlpha(copied), withAlpha(alpha));

  const cues = folder.file("cues.srt");
  writeFileSync(cues, "1\n00:00:00,200 --> 00:00:01,000\nHello\n\n2\n00:00:01,200 --> 00:00:01,800\nWorld\n");
  for (const [extension, codec] of [["mkv", "subrip"], ["mp4", "mov_text"]] as const) {
    const source = folder.file(`cued.${extension}`);
    convertClip(source, "-i", clip("mkv"), "-i", cues, "-map", "0", "-map", "1", "-c", "copy", "-c:s", codec);
    const path = await copy(source, extension);
    await using reader = await createFileReader(path);
    const read = await Array.fromAsync(reader.cues());
    await using given = await createFileReader(source);
    const expected = await Array.fromAsync(given.cues());
    assertEquals(read.map(({ text }) => text.trim()), ["Hello", "World"]);
    for (const [index, { start, end }] of read.entries()) {
      assertAlmostEquals(start, expected[index]!.start, 0.002);
      assertAlmostEquals(end, expected[index]!.end, 0.002);
    }
  }
  await assertRejects(() => copy(folder.file("cued.mkv"), "mp4"), UnsupportedError, "subtitles: false");
  await copy(folder.file("cued.mkv"), "mp4", { subtitles: false });
});

/** What ffmpeg prints of a file, decoded by a decoder of choice. */
function printedWith(path: string, decoder: string, ...options: string[]): string {
  return execFileSync("ffmpeg", ["-v", "error", "-c:v", decoder, "-i", path, ...options], {
    encoding: "utf8",
  });
}
