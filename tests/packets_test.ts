import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, linkSync, readFileSync, writeFileSync } from "node:fs";
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

const { isLong, test, testBoth, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "aac");

const frames = 60;
const rate = "30000/1001";
const seconds = frames * 1001 / 30000;

/** Hashes of a file's streams: of their packets, or of what is decoded. */
interface Hashes {
  readonly video: readonly string[];
  readonly audio: readonly string[];
}

const known = new Map<string, Hashes>();

/** What ffmpeg says of a file, read with options. What it says of a source is kept. */
function hashes(path: string, ...options: string[]): Hashes {
  const key = [path, ...options].join(" ");
  const before = known.get(key);
  if (before !== undefined) return before;
  const lines = execFileSync("ffmpeg", ["-v", "error", "-i", path, ...options, "-f", "framemd5", "-"], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  }).split("\n").filter((line) => /^\d/.test(line)).map((line) => line.split(",").map((part) => part.trim()));
  const of = (stream: string): string[] =>
    lines.filter(([index]) => index === stream).map((line) => line[5]!);
  const found = { video: of("0"), audio: of("1") };
  known.set(key, found);
  return found;
}

const videoOnly = ["-map", "0:v"], videoFirst = [...videoOnly, "-map", "0:a?"];

/** The hash of each packet, undecoded. */
const packetHashes = (path: string): Hashes => hashes(path, ...videoFirst, "-c", "copy", "-copyts");
/** The hash of each decoded frame and piece of audio. No frame is repeated or left out for its time. */
const decodedHashes = (path: string, streams = videoFirst): Hashes =>
  hashes(path, ...streams, "-vf", "setpts=N/30/TB", "-r", "30");

interface ShownTimes {
  readonly times: readonly number[];
  readonly seconds: number;
}

/** When frames of the video are shown, from the first one on, and how long the file is. */
function shownTimes(path: string, field = "pts_time"): ShownTimes {
  const shown = ["-v", "error", "-select_streams", "v:0", "-show_entries", `packet=${field}:format=duration`];
  const told = JSON.parse(execFileSync("ffprobe", [...shown, "-of", "json", path], { encoding: "utf8" }));
  const times = told.packets.map((packet: Record<string, string>) => Number(packet[field]))
    .sort((one: number, other: number) => one - other);
  return { times: times.map((time: number) => time - times[0]), seconds: Number(told.format.duration) };
}

/** Asserts that a copy shows all frames when they were shown. Matroska and FLV count in milliseconds. */
function assertTimes(path: string): void {
  const { times, seconds: length } = shownTimes(path);
  assertEquals(times.length, frames);
  for (const [index, time] of times.entries()) assertAlmostEquals(time, index * 1001 / 30000, 0.0011);
  // FLV counts from 0 to its last packet.
  assertAlmostEquals(length, seconds, 0.15);
}

const made = new Map<string, string>();
/** A clip with B-frames, audio, a tag and a chapter. AVI does not tell in which order H.264 is shown. */
function clip(extension: string, codec = extension === "avi" ? "mpeg4" : "libx264", bFrames = 2): string {
  const name = `in-${codec}-${bFrames}.${extension}`;
  let path = made.get(name);
  if (path !== undefined) return path;
  path = folder.file(name);
  const chapters = folder.file("chapters.txt");
  writeFileSync(
    chapters,
    ";FFMETADATA1\ntitle=Waves\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1500\ntitle=Middle\n",
  );
  const preset = codec === "libx264" ? ["-preset", "veryfast"] : ["-q:v", "4"];
  convertClip(
    path,
    ...["-f", "lavfi", "-i", `testsrc2=size=160x120:rate=${rate}:duration=${seconds}`],
    // Audio that begins before 0 moves all but the first frame in a Matroska file of FFmpeg 4.3.
    ...[
      "-itsoffset",
      "0.05",
      "-f",
      "lavfi",
      "-i",
      `sine=duration=${seconds}`,
      "-i",
      chapters,
      "-map_metadata",
      "2",
    ],
    ...["-map", "0", "-map", "1", "-c:v", codec, ...preset, "-bf", `${bFrames}`, "-g", "12"],
    ...["-pix_fmt", "yuv420p", "-c:a", "aac"],
  );
  made.set(name, path);
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

/** Asserts that a copy has the packets of its source. */
function assertSamePackets(path: string, source: string): void {
  const [copied, given] = [packetHashes(path), packetHashes(source)];
  assertEquals(copied.video, given.video);
  // Of mp4, ffmpeg copies no packet that only primes the decoder of audio.
  const counts = [copied.audio.length, given.audio.length] as const;
  assert(Math.abs(counts[0] - counts[1]) <= 1, `${counts[0]} of ${counts[1]} packets of audio`);
  const both = Math.min(...counts);
  assertEquals(copied.audio.slice(-both), given.audio.slice(-both));
  assertEquals(decodedHashes(path, videoOnly).video, decodedHashes(source, videoOnly).video);
  assertTimes(path);
}

const pairs = sameForm.flatMap((from) => sameForm.map((to) => [from, to] as const));
for (const [from, to] of isLong ? pairs : [["mkv", "mp4"]] as const) {
  testBoth(
    `createPacketWriter: packets of ${from} are the same in ${to}, bit for bit`,
    { skip },
    async () => {
      const source = clip(from);
      // The thread does not depend on what is copied.
      const threads = from === "mkv" && isLong ? ["worker", "main"] as const : ["worker"] as const;
      for (const thread of threads) assertSamePackets(await copy(source, to, { thread }), source);
    },
  );
}

/** Asserts that a copy in packets of another form plays as its source. */
function assertSamePlay(path: string, source: string): void {
  const [played, expected] = [decodedHashes(path), decodedHashes(source)];
  assertEquals(played.video, expected.video);
  // Readers of mp4 leave out what primes the decoder of audio.
  const [heard, given] = [played.audio, expected.audio];
  const common = Math.min(heard.length, given.length) - 1;
  assert(Math.abs(heard.length - given.length) <= 1, `${heard.length} and ${given.length} pieces`);
  assertEquals(heard.slice(-common), given.slice(-common));
  assertTimes(path);
}

const otherPairs = [
  ...otherForm.flatMap((from) => ["mp4", "mkv", "mov", "ts"].map((to) => [from, to] as const)),
  ...sameForm.map((from) => [from, "ts"] as const),
];
for (const [from, to] of otherPairs) {
  testLong(`createPacketWriter: ${from} plays the same as ${to}`, { skip }, async () => {
    assertSamePlay(await copy(clip(from), to), clip(from));
  });
}

testLong("createPacketWriter: H.264 of AVI is copied where its order is told", { skip }, async () => {
  const inOrder = clip("avi", "libx264", 0), reordered = clip("avi", "libx264", 2);
  // It has a gap after its first frame, as ffmpeg writes it.
  const { times } = shownTimes(inOrder, "dts_time");
  for (const to of ["mp4", "mkv"]) {
    const path = await copy(inOrder, to);
    assertEquals(decodedHashes(path, videoOnly).video, decodedHashes(inOrder, videoOnly).video);
    for (const [index, time] of shownTimes(path).times.entries()) {
      assertAlmostEquals(time, times[index]!, 0.0011);
    }
  }
  const error = await assertRejects(() => copy(reordered, "mp4"), UnsupportedError);
  assertEquals(error.code, "NO_TIMESTAMP");
});

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
    await using source = await createFileReader(clip("mkv"));
    const read = (): Promise<MediaPacket[]> => Array.fromAsync(source.packets);
    const [one, other] = await Promise.all([read(), read()]);
    assertEquals(one, other);
    const video = one.filter(({ kind }) => kind === "video");
    assertEquals(video.length, frames);
    assertEquals(video.filter(({ isKeyFrame }) => isKeyFrame).length, frames / 12);
    assertEquals(video[0]!.timestamp, 0);
    const times = video.map(({ timestamp }) => timestamp!).sort((first, second) => first - second);
    for (const [index, time] of times.entries()) assertAlmostEquals(time, index * 1001 / 30000, 0.00051);
    assert(video.every(({ decodeTimestamp, timestamp }) => (decodeTimestamp ?? timestamp!) <= timestamp!));
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
  assertEquals(packetHashes(path).video, packetHashes(clip("mkv")).video.slice(12));
  assertEquals(decodedHashes(path, videoOnly).video, decodedHashes(clip("mkv"), videoOnly).video.slice(12));
});

testLong("createPacketWriter: what a kill leaves is playable", { skip }, async () => {
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
    const shown = decodedHashes(left, videoOnly).video;
    assert(shown.length >= 36, `${shown.length} of 50 frames are left`);
    assertEquals(shown.slice(0, 30), decodedHashes(clip("mkv"), videoOnly).video.slice(0, 30));
  }
});

test("source.packets: a target is detached, and one that fails is told", { skip }, async () => {
  await using source = await createFileReader(clip("mkv"));
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
    await using source = await createFileReader(clip("mkv"));
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
    const bytes = readFileSync(clip("mkv"));
    await assertRejects(() => createPacketWriter(clip("mkv"), source.packets), TypeError, "the same file");
    const linked = folder.file("linked.mkv");
    linkSync(clip("mkv"), linked);
    await assertRejects(() => createPacketWriter(linked, source.packets), TypeError, "the same file");
    assertEquals(readFileSync(clip("mkv")), bytes);
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
