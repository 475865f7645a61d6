import { spawnSync } from "node:child_process";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { createFileWriter } from "../mod.ts";
import { flashAndBeep, flashesToBeeps } from "./support/audio.ts";
import { barFrame, frameTimes, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const sampleRate = 48_000;

/** Where the audio of a file ends, in seconds. */
function audioEnd(path: string): number {
  const { stdout } = spawnSync("ffprobe", [
    ...["-v", "error", "-select_streams", "a:0", "-show_entries", "packet=pts_time,duration_time"],
    ...["-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  const [time, duration] = stdout.trim().split("\n").at(-1)!.split(",").map(Number);
  return time! + duration!;
}

testBoth("writeAudio: audio that begins long before the video leaves its frames at their times", async () => {
  using folder = new TemporaryFolder();
  for (const file of some(["a.mp4", "a.mov", "a.mkv", "a.webm"], 2)) {
    const path = folder.file(file);
    const codec = file === "a.webm" ? "vp9" : "h264";
    const start = 3;
    const writer = await createFileWriter(codec, path, 5, { timing: "timestamps", audio: {} });
    for (let at = 0; at < start * 10; at++) {
      await writer.writeAudio({ data: new Float32Array(sampleRate / 10), sampleRate, channels: 1 });
    }
    for (let index = 0; index < 12; index++) {
      await writer.write(barFrame(index), { timestamp: start + index / 25 });
    }
    await writer.close();
    for (const [index, time] of frameTimes(path).entries()) {
      assertAlmostEquals(time, start + index / 25, 0.0005, `${file}, frame ${index}`);
    }
  }
});

test("audio: silence is as long as the video where frames come sooner than the last one's duration says", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 0.1, {
    timing: "timestamps",
    audio: { from: { silence: true } },
  });
  await writer.write(barFrame(0), { timestamp: 0 });
  await writer.write(barFrame(1), { timestamp: 0.1, duration: 30 });
  await writer.write(barFrame(2), { timestamp: 0.2, duration: 0.1 });
  await writer.close();
  assertAlmostEquals(audioEnd(path), 0.3, 0.05);
});

test("audio: silence is as long as the video that filters make", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 25, {
    audio: { from: { silence: true } },
    filter: "setpts=0.5*PTS",
  });
  for (let index = 0; index < 50; index++) await writer.write(barFrame(index));
  const { seconds } = await writer.close();
  assertAlmostEquals(seconds, 1.02, 1e-6);
  assertAlmostEquals(audioEnd(path), seconds, 0.05);
});

test("audio: in avi, the delay of an audio encoder does not move frames", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.avi");
  const writer = await createFileWriter("mpeg4", path, 10, { audio: {} });
  for (let index = 0; index < 5; index++) await writer.write(barFrame(index));
  await writer.writeAudio({ data: new Float32Array(sampleRate / 2), sampleRate, channels: 1 });
  await writer.close();
  assertEquals(frameTimes(path), [0, 0.1, 0.2, 0.3, 0.4]);
});

for (
  const [codec, audioCodec, name] of some(
    [
      ["mpeg4", undefined, "a.avi"],
      ["h264", undefined, "b.avi"],
      ["mpeg4", "aac", "c.avi"],
      ["mpeg4", "pcm", "d.avi"],
      ["vp8", undefined, "a.webm"],
      ["h264", "opus", "a.mkv"],
      ["h264", "aac", "b.mkv"],
    ] as const,
    3,
  )
) {
  testBoth(
    `writeAudio: a beep is heard within 1 ms of its flash in ${name} (${codec}, ${
      audioCodec ?? "the default"
    })`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const rate = { num: 25, den: 1 };
      const audio = audioCodec === undefined ? {} : { codec: audioCodec };
      const writer = await createFileWriter(codec, path, rate, { audio });
      await flashAndBeep(writer, rate, 44100, 3);
      await writer.close();
      // In AVI, the first packet fades in: nothing comes before it.
      for (const late of flashesToBeeps(path, rate).slice(1)) assertAlmostEquals(late, 0, 0.001);
      assertEquals(frameTimes(path).slice(0, 3), [0, 0.04, 0.08]);
    },
  );
}
