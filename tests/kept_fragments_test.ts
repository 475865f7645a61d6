import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import {
  createAudioWriter,
  createFileWriter,
  OptionError,
  recoverFile,
  UnsupportedError,
  type WriterOptions,
} from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, frameTimes, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { assertOrdinary, boxes, packetSums, play } from "./support/record.ts";
import { test } from "./support/test.ts";

const frames = 60;

/** Samples of half a second that a decoder gives back. */
function tone(): { data: Float32Array<ArrayBuffer>; sampleRate: number; channels: number } {
  return {
    data: new Float32Array(24_000).map((_, at) => Math.sin(at / 20) / 2),
    sampleRate: 48_000,
    channels: 1,
  };
}

/** The sums of the packets of a stream; of audio without the first, which is the encoder's delay. */
function contents(path: string, stream: 0 | 1): string[] {
  const lines = packetSums(path).split("\n").filter((line) => line.startsWith(`${stream},`));
  return lines.map((line) => line.split(",").at(-1)!.trim().slice(0, 32)).slice(-90);
}

for (const thread of ["worker", "main"] as const) {
  for (const [name, codec] of [["a.mp4", "libx264"], ["a.mov", "mpeg4"]] as const) {
    test(`crashSafe "fragments", ${thread}: ${name} is as it was recorded, with audio and every frame`, {
      skip: missingEncoders(codec),
    }, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const writer = await createFileWriter(codec, path, 30, {
        crashSafe: "fragments",
        audio: {},
        thread,
        metadata: { title: "Kept", odd: "key" },
      });
      for (let index = 0; index < frames; index++) {
        await writer.write(barFrame(index));
        if (index % 15 === 0) await writer.writeAudio(tone());
      }
      const written = readFileSync(path).length;
      const { bytes } = await writer.close();
      assertEquals(bytes, readFileSync(path).length);
      assert(bytes >= written, `${bytes} of ${written} bytes`);
      assert(boxes(path).includes("moof") && boxes(path).includes("mfra"), boxes(path).join(" "));
      assertEquals(play(path, { width: 160, fps: 30 }), { frames, seconds: 2 });
      assertEquals(readdirSync(folder.path), [name]);
      const shown = execFileSync("ffprobe", ["-v", "error", "-show_entries", "format_tags", path], {
        encoding: "utf8",
      });
      assert(shown.includes("Kept") && shown.includes("odd=key"), shown);
      // The same packets, in an ordinary file.
      const sums = [contents(path, 0), contents(path, 1)];
      assertEquals((await recoverFile(path)).frames, frames);
      assertOrdinary(path);
      assertEquals([contents(path, 0), contents(path, 1)], sums);
      assertEquals(frameTimes(path).length, frames);
    });
  }
}

test('crashSafe "fragments": timestamps keep their times to the end', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const times = [0, 0.04, 0.21, 0.5, 0.51, 1.7];
  const writer = await createFileWriter("mpeg4", path, 25, { crashSafe: "fragments", timing: "timestamps" });
  for (const [index, timestamp] of times.entries()) await writer.write(barFrame(index), { timestamp });
  await writer.close();
  for (const [index, seconds] of frameTimes(path).entries()) {
    assert(Math.abs(seconds - times[index]!) < 0.0005, `${seconds} instead of ${times[index]}`);
  }
  assertEquals(frameTimes(path).length, times.length);
});

test('crashSafe "fragments": an m4a is as it was recorded', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.m4a");
  const writer = await createAudioWriter("aac", path, { crashSafe: "fragments" });
  for (let index = 0; index < 8; index++) await writer.write(tone());
  await writer.close();
  assert(boxes(path).includes("moof"), boxes(path).join(" "));
  const { stdout } = spawnSync("ffmpeg", ["-v", "error", "-i", path, "-f", "s16le", "-"], {
    maxBuffer: 2 ** 24,
  });
  const seconds = stdout.length / 2 / 48_000;
  // Only an index says that the end of the last packet is silence.
  assert(seconds >= 4 && seconds < 4.05, `${seconds} s`);
});

test('crashSafe "fragments": subtitles are shown from when to when they were to be', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("mpeg4", path, 30, { crashSafe: "fragments", subtitles: {} });
  for (let index = 0; index < 90; index++) {
    await writer.write(barFrame(index));
    if (index === 0) await writer.writeSubtitle({ text: "First", start: 0.5, end: 1 });
    if (index === 40) await writer.writeSubtitle({ text: "Second", start: 1.5, end: 2.25 });
  }
  await writer.close();
  assert(boxes(path).includes("moof"));
  const wanted = [
    "-v",
    "error",
    "-select_streams",
    "s",
    "-show_entries",
    "packet=pts_time,size",
    "-of",
    "csv=p=0",
  ];
  const lines = execFileSync("ffprobe", [...wanted, path], { encoding: "utf8" }).trim().split("\n");
  // A text is shown until the next sample, which is an empty one.
  const samples = lines.map((line) => line.split(",").map(Number) as [number, number]);
  const shown = samples.flatMap(([start, size], index) =>
    size > 2 ? [[start, samples.slice(index + 1).find(([time]) => time > start)?.[0]]] : []
  );
  assertEquals(shown, [[0.5, 1], [1.5, 2.25]], lines.join(" "));
});

test('crashSafe "fragments": what fragments have no place for is refused, and so is another layout', async () => {
  using folder = new TemporaryFolder();
  const png = execFileSync("ffmpeg", [
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    "color=red:64x64",
    "-frames:v",
    "1",
    "-f",
    "image2pipe",
    "-c:v",
    "png",
    "-",
  ]);
  const refused: readonly (readonly [
    options: WriterOptions,
    error: typeof UnsupportedError | typeof OptionError,
    code: string,
    says: string,
  ])[] = [
    [{ chapters: [{ title: "One", start: 0 }] }, UnsupportedError, "CHAPTERS", "chapters"],
    [{ cover: { image: png } }, UnsupportedError, "COVER", "a cover"],
    [{ formatOptions: { movflags: "+frag_keyframe" } }, OptionError, "EINVAL", "fragments"],
  ];
  for (const [options, type, code, says] of refused) {
    await assertFails(
      () => createFileWriter("mpeg4", folder.file("a.mp4"), 30, { ...options, crashSafe: "fragments" }),
      { type, code, says: [says] },
    );
  }
  await assertFails(
    () => createFileWriter("mpeg4", folder.file("a.mp4"), 30, { crashSafe: "fragment" as never }),
    { type: TypeError, says: ["crashSafe", "fragment"] },
  );
  assertEquals(readdirSync(folder.path), []);
});

test('crashSafe "fragments": a file without fragments is written as ever, and once only', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("mpeg4", path, 30, { crashSafe: "fragments", audio: {} });
  for (let index = 0; index < frames; index++) await writer.write(barFrame(index));
  for (let index = 0; index < 4; index++) await writer.writeAudio(tone());
  const { frames: counted } = await writer.close();
  assertEquals(counted, frames);
  assertOrdinary(path);
  assertEquals(play(path, { width: 160, fps: 30 }).frames, frames);
});
