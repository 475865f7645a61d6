import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  type FrameRate,
  recoverFile,
  UnsupportedError,
  type VideoWriter,
  type WriterOptions,
} from "../mod.ts";
import { imageFile, streamsOf } from "./support/attached.ts";
import { barFrame, decode, TemporaryFolder, writeBars } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth } = testsOf(import.meta.url);

/**
 * What ffprobe tells of a file: types and timecodes of its streams, and the file's own tags by names in lower
 * case.
 */
function timecodesOf(path: string): { streams: string[]; tags: Record<string, string> } {
  const { stdout } = spawnSync("ffprobe", [
    ...["-v", "error", "-show_streams", "-show_format", "-of", "json", path],
  ], { encoding: "utf8" });
  const { streams, format } = JSON.parse(stdout) as {
    streams: { codec_type: string; tags?: { timecode?: string } }[];
    format: { tags: Record<string, string> };
  };
  return {
    streams: streams.map(({ codec_type, tags }) => `${codec_type},${tags?.timecode}`),
    tags: Object.fromEntries(Object.entries(format.tags).map(([key, value]) => [key.toLowerCase(), value])),
  };
}

const asTrack = (timecode: string): string[] => [`video,${timecode}`, `data,${timecode}`];

for (const name of ["a.mov", "a.mp4"]) {
  test(`metadata.timecode: is a track of its own in ${name}, in the recording and in the file made of it`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(name), recording = folder.file(`cut_${name}`);
    const metadata = { timecode: "01:02:03:04" };
    const writer = await createFileWriter("mpeg4", path, 25, { metadata, thread: "main" });
    for (let index = 0; index < 25; index++) await writer.write(barFrame(index % 20));
    copyFileSync(path, recording);
    await writer.close();
    assertEquals(timecodesOf(path).streams, asTrack("01:02:03:04"));
    assertEquals(decode(path, "gray").length, 25 * 160 * 90);
    const { frames } = await recoverFile(recording);
    assert(frames > 10, `${frames} frames were recovered`);
    assertEquals(decode(recording, "gray").length, frames * 160 * 90);
    assertEquals(timecodesOf(recording).streams, asTrack("01:02:03:04"));
  });
}

const rates: readonly (readonly [FrameRate, string])[] = [
  [25, "23:59:59:24"],
  ["30000/1001", "01:00:59:29"],
  ["30000/1001", "01:01:00;02"],
  ["60000/1001", "01:10:00;00"],
  [60, "00:00:00:59"],
  ["24000/1001", "10:00:00:00"],
  [12.5, "10:11:12:10"],
];

for (const name of ["a.mp4", "a.mov", "a.mkv"]) {
  testBoth(`metadata.timecode: comes back from ${name}, crash-safe and without`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    for (const [index, [fps, timecode]] of some(rates, 2).entries()) {
      for (const crashSafe of isLong ? [true, false] : [index % 2 === 0]) {
        const metadata = { title: "Waves", Timecode: timecode };
        await writeBars(await createFileWriter("mpeg4", path, fps, { metadata, crashSafe }), 3);
        const { streams, tags } = timecodesOf(path);
        const isTag = name === "a.mkv";
        assertEquals(streams, isTag ? ["video,undefined"] : asTrack(timecode));
        assertEquals([tags.title, tags.timecode], ["Waves", isTag ? timecode : undefined]);
        assertEquals(decode(path, "gray").length, 3 * 160 * 90);
      }
    }
  });
}

test("metadata.timecode: beside tags of the usual keys it leaves room for a cover", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const metadata = { title: "Waves", timecode: "01:00:00:00" };
  const options = {
    metadata,
    cover: { image: imageFile("png") },
    audio: { from: { silence: true } },
  } as const;
  await writeBars(await createFileWriter("mpeg4", path, 25, options), 5);
  const isPicture = [false, false, false, true];
  for (const time of ["once written", "once recovered"]) {
    assertEquals(streamsOf(path).map((stream) => stream.isPicture), isPicture, time);
    assertEquals(timecodesOf(path).streams.slice(0, 3), [
      ...["video,01:00:00:00", "audio,undefined", "data,01:00:00:00"],
    ], time);
    assertEquals(decode(path, "gray").length, 5 * 160 * 90);
    await recoverFile(path);
  }
});

testBoth("metadata.timecode: an invalid one is refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const texts = ["99:99:99:99", "24:00:00:00", "01:60:00:00", "01:00:60:00", "abc", "1:2:3:4", "01:00:00"];
  for (const name of some(["a.mp4", "a.mov", "a.mkv"], 2)) {
    const path = folder.file(name);
    for (const timecode of [...texts, "01:00:00.00", " 01:00:00:00", "01:00:00:0000"]) {
      await assertFails(() => createFileWriter("mpeg4", path, 25, { metadata: { timecode } }), {
        type: TypeError,
        says: [`Cannot use the tag "timecode": it is "${timecode}"`, 'such as "01:00:00:00"'],
      });
    }
    assert(!existsSync(path));
  }
});

test("metadata.timecode: one that the rate or the container does not have is refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const refused: readonly (readonly [string, FrameRate, string, WriterOptions, string])[] = [
    ["mp4", 25, "01:00:00:25", {}, "Use at most 24 for the frame"],
    ["matroska", 25, "01:00:00:25", {}, "Use at most 24 for the frame"],
    ["mov", 25, "01:00:00;00", {}, 'Use ":" before the frame'],
    ["mp4", 30, "01:00:00;00", {}, 'Use ":" before the frame'],
    ["matroska", "24000/1001", "01:00:00;00", {}, 'Use ":" before the frame'],
    ["mp4", "30000/1001", "01:01:00;01", {}, "Use 2 for the frame at least"],
    ["mov", "60000/1001", "01:19:00;03", {}, "Use 4 for the frame at least"],
    // libavformat writes a file that nothing can read.
    ["mp4", 256, "01:00:00:00", {}, "use 1 to 255"],
    ["mov", 1000, "01:00:00:00", {}, "use 1 to 255"],
    ["mp4", "1/3", "01:00:00:00", {}, "use 1 to 255"],
    ["mp4", 25, "01:00:00:00", { timing: "timestamps" }, 'timing "constant"'],
    ["mov", 25, "01:00:00:00", { timing: "wallclock" }, 'timing "constant"'],
  ];
  const open = (format: string, fps: FrameRate, timecode: string, options: WriterOptions) =>
    createFileWriter("mpeg4", folder.file("a"), fps, { format, metadata: { timecode }, ...options });
  for (const [format, fps, timecode, options, part] of refused) {
    await assertFails(() => open(format, fps, timecode, options), {
      type: UnsupportedError,
      code: "TIMECODE",
      operation: `write a timecode into ${format}`,
      says: [`Cannot write the timecode "${timecode}" into ${format}: `, part],
    });
  }
  assert(!existsSync(folder.file("a")));
  const taken: readonly Parameters<typeof open>[] = [
    ["mp4", 255, "01:00:00:254", {}],
    ["mp4", 25, "01:00:00:49", { filter: "fps=50" }],
    ["matroska", 25, "01:00:00:00", { timing: "timestamps" }],
  ];
  const writers: VideoWriter[] = [];
  for (const request of taken) writers.push(await open(...request));
  for (const writer of writers) await writer.abort();
  // What comes out of the filter counts.
  const filtered = await open("mp4", 50, "01:00:00:49", { filter: "fps=25" });
  const frame = { data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 };
  const writeTwo = async () => {
    for (let index = 0; index < 2; index++) await filtered.write(frame);
    await filtered.close();
  };
  await assertFails(writeTwo, { type: UnsupportedError, code: "TIMECODE", says: ["Use at most 24"] });
});
