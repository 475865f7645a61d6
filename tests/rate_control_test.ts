import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createFileWriter, OptionError, UnsupportedError, type WriterOptions } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, TemporaryFolder, writeBars } from "./support/media.ts";
import { test } from "./support/test.ts";

const width = 128, height = 64, fps = 25;

/** A picture that is easy for two seconds, then hard (a new texture in each frame) for two, and so on. */
function uneven(index: number): Uint8Array {
  const data = new Uint8Array(width * height * 4).fill(255);
  const isHard = Math.floor(index / 50) % 2 === 1;
  let random = index + 1;
  for (let at = 0; at < data.length; at += 4) {
    const x = (at / 4) % width, y = Math.floor(at / 4 / width);
    random = (random * 1103515245 + 12345) & 0x7fffffff;
    const texture = isHard ? (random >> 16) & 63 : 0;
    data[at] = (x + index * 2) & 255;
    data[at + 1] = (y * 2 + texture) & 255;
    data[at + 2] = 96 + texture;
  }
  return data;
}

async function writeUneven(
  codec: string,
  path: string,
  options: WriterOptions,
  count = 150,
  first = 0,
): Promise<string> {
  const writer = await createFileWriter(codec, path, fps, options);
  for (let index = 0; index < count; index++) {
    await writer.write({ data: uneven(first + index), width, height, format: "rgb0" });
  }
  await writer.close();
  return writer.encoder!.name;
}

/** The bits of each frame, in the order in which they come to a player. */
function frameBits(path: string): number[] {
  const lines = execFileSync("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", path],
  ], { encoding: "utf8" }).split("\n").filter((line) => /^\d/.test(line));
  return lines.map((line) => parseInt(line, 10) * 8);
}

/** Seconds of a player's buffer that is filled at a rate, as frames take from it what they need. */
function bufferSeconds(bits: readonly number[], rate: number): number {
  let needed = 0, most = 0;
  for (const frame of bits) {
    needed += frame;
    most = Math.max(most, needed);
    needed = Math.max(0, needed - rate / fps);
  }
  return most / rate;
}

const average = (bits: readonly number[]): number =>
  bits.reduce((sum, frame) => sum + frame, 0) / bits.length * fps;

const limit = 200_000;
/** Encoders that keep a limit, and what each would take at its default quality in the hard parts: more. */
const limited = [
  ...[["h264", "libx264"], ["hevc", "libx265"], ["vp8", "libvpx"], ["vp9", "libvpx-vp9"]] as const,
  ...[["libsvtav1", "libsvtav1"], ["mpeg4", "mpeg4"], ["mpeg2video", "mpeg2video"], [
    "mjpeg",
    "mjpeg",
  ]] as const,
];

for (const [codec, encoder] of limited) {
  const skip = missingEncoders(encoder);
  test(`maxBitrate: bounds what ${codec} takes from a player's buffer of one second`, { skip }, async () => {
    using folder = new TemporaryFolder();
    const preset = encoder.startsWith("libx26") ? { preset: "ultrafast" } : {};
    for (const [name, rates] of Object.entries({ capped: {}, constant: { bitrate: limit } })) {
      const path = folder.file(`${name}.mkv`);
      assertEquals(await writeUneven(codec, path, { ...preset, ...rates, maxBitrate: limit }), encoder);
      const bits = frameBits(path);
      assertEquals(bits.length, 150);
      const seconds = bufferSeconds(bits, limit);
      // x264 with several threads takes a little more at times.
      assert(seconds <= 1.1, `${codec}, ${name}: ${seconds} s at ${limit} bits per second`);
      // The limit is used: it is no tighter than it has to be.
      assert(average(bits) > limit / 3, `${codec}, ${name}: ${average(bits)} bits per second`);
    }
  });
}

test("maxBitrate: goes with an average below, in timestamps and in the main thread", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const options: WriterOptions = {
    bitrate: "150k",
    maxBitrate: "200k",
    timing: "timestamps",
    thread: "main",
  };
  const writer = await createFileWriter("mpeg4", path, fps, options);
  for (let index = 0; index < 150; index++) {
    await writer.write({ data: uneven(index), width, height }, { timestamp: index / fps });
  }
  await writer.close();
  const seconds = bufferSeconds(frameBits(path), limit);
  assert(seconds <= 1.05, `${seconds} s`);
});

test("maxBitrate: a limit below the average is refused", async () => {
  await assertRejects(
    () => createFileWriter("h264", "never.mp4", 25, { bitrate: "2M", maxBitrate: "1M" }),
    RangeError,
    'it is "1M", but must be the bitrate ("2M") or more',
  );
});

const unlimited = [
  ...["ffv1", "png", "utvideo", "huffyuv", "gif", "webp", "prores", "rawvideo", "qtrle"].map((codec) =>
    [codec, { bitrate: "1M" }, "bitrate"] as const
  ),
  ["libxvid", { bitrate: "1M", maxBitrate: "2M" }, "maxBitrate"] as const,
  ["libtheora", { maxBitrate: "2M" }, "maxBitrate"] as const,
  ["prores", { maxBitrate: "2M" }, "maxBitrate"] as const,
];

test("bitrate, maxBitrate: are refused by encoders without such rate control, with what they have", async () => {
  using folder = new TemporaryFolder();
  const extensions: Record<string, string> = { gif: "gif", webp: "webp", qtrle: "mov" };
  for (const [codec, options, name] of unlimited) {
    if (missingEncoders(codec) !== false && codec.startsWith("lib")) continue;
    const path = folder.file(`a.${extensions[codec] ?? "mkv"}`);
    const error = await assertRejects(() => createFileWriter(codec, path, 25, options), UnsupportedError);
    assertEquals(error.code, "RATE_CONTROL", `${codec}: ${error.message}`);
    assertStringIncludes(error.message, `Cannot use the option ${name} (`);
  }
});

test("maxBitrate: of the family xvid, the encoder that keeps it is chosen, and said", {
  skip: missingEncoders("libxvid"),
}, async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("xvid", folder.file("a.avi"), 25, { maxBitrate: "1M" });
  await writeBars(writer, 2);
  assertEquals(writer.encoder!.name, "mpeg4");
  assertStringIncludes(writer.encoder!.rejected[0]!.reason, "no such rate control");
});

test("maxBitrate: is refused with the quality lossless", async () => {
  const options = { quality: "lossless", maxBitrate: "1M" } as const;
  const error = await assertRejects(() => createFileWriter("h264", "never.mp4", 25, options), OptionError);
  assertEquals(error.code, "RATE_CONTROL");
});

test("bitrate: mpeg4 comes within a few percent", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  await writeUneven("mpeg4", path, { bitrate: 200_000 }, 50, 50);
  const ratio = average(frameBits(path)) / 200_000;
  assert(Math.abs(ratio - 1) < 0.05, `${ratio}`);
});

test("quality: the message of a number off the scale says which end is best", async () => {
  for (
    const [codec, file, says] of [["h264", "a.mp4", "0 is best"], ["webp", "a.webp", "100 is best"]] as const
  ) {
    const error = await assertRejects(
      () => createFileWriter(codec, file, 25, { quality: 1000 }),
      OptionError,
    );
    assertStringIncludes(error.message, says);
  }
});

/** The settings that x264 writes into its stream. */
function embeddedSettings(path: string): string {
  const text = new TextDecoder("latin1").decode(readFileSync(path));
  return /options: ([\x20-\x7e]*)/.exec(text)?.[1] ?? "";
}

test("encoderOptions: flags with a sign add and remove, and without one replace, as ffmpeg's do", async () => {
  using folder = new TemporaryFolder();
  for (const flags of ["+ildct", "ildct", "-cgop+ildct"]) {
    const path = folder.file("a.mp4");
    const writer = await createFileWriter("h264", path, 25, { encoderOptions: { flags } });
    await writer.write(barFrame(0, 160, 96));
    await writer.close();
    assertStringIncludes(embeddedSettings(path), "interlaced=tff");
  }
  // A fixed quantizer is a flag as well, which stays.
  for (const flags of ["+cgop", "cgop", "+cgop+mv4"]) {
    const path = folder.file("b.mkv");
    await writeUneven("mpeg4", path, { quality: 31, encoderOptions: { flags, sc_threshold: 1e9 } }, 10, 50);
    const coarse = readFileSync(path).length;
    await writeUneven("mpeg4", path, { quality: 2, encoderOptions: { flags, sc_threshold: 1e9 } }, 10, 50);
    assert(readFileSync(path).length > coarse * 2, `${flags}: ${readFileSync(path).length} and ${coarse}`);
  }
});

/** The times of a file's key frames, in seconds from its first frame. */
function keyTimes(path: string): number[] {
  const packets = execFileSync("ffprobe", [
    ...[
      "-v",
      "error",
      "-select_streams",
      "v:0",
      "-show_entries",
      "packet=pts_time,flags",
      "-of",
      "csv=p=0",
      path,
    ],
  ], { encoding: "utf8" }).split("\n").filter((line) => line.includes(",")).map((line) =>
    line.split(",") as [string, string]
  );
  const first = Math.min(...packets.map(([time]) => Number(time)));
  return packets.filter(([, flags]) => flags.startsWith("K")).map(([time]) =>
    Math.round((Number(time) - first) * 1000) / 1000
  ).sort((one, other) => one - other);
}

const keyed = [
  ...["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "mpeg4", "libxvid", "mpeg2video"],
  ...["libtheora", "ffv1", "snow"],
];

for (const encoder of keyed) {
  const skip = missingEncoders(encoder);
  test(`keyFrame, keyFrameInterval: are where they are asked for with ${encoder}`, { skip }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(encoder === "libxvid" ? "a.mp4" : "a.mkv");
    const once = await createFileWriter(encoder, path, 25, { keyFrameInterval: 10 });
    for (let index = 0; index < 16; index++) {
      await once.write(barFrame(index, 160, 96), { keyFrame: index === 7 });
    }
    await once.close();
    assert(keyTimes(path).includes(0.28), `${encoder}: ${keyTimes(path)}`);
    // Five frames a second, where 25 were expected.
    const slow = await createFileWriter(encoder, path, 25, { keyFrameInterval: 1, timing: "timestamps" });
    for (let index = 0; index < 16; index++) {
      await slow.write(barFrame(index, 160, 96), { timestamp: index / 5 });
    }
    await slow.close();
    const times = keyTimes(path);
    for (const second of [0, 1, 2, 3]) assert(times.includes(second), `${encoder}: ${times}`);
  });
}

test("keyFrame, keyFrameInterval: are refused where only the first frame is one", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  const error = await assertRejects(
    () => createFileWriter("gif", path, 25, { keyFrameInterval: 1 }),
    UnsupportedError,
  );
  assertEquals(error.code, "KEY_FRAMES_NOT_FOR_CONTAINER");
  for (
    const [codec, options] of [["gif", {}], ["gif", { filter: "hflip" }], ["apng", { filter: "eq" }]] as const
  ) {
    const writer = await createFileWriter(codec, folder.file(`a.${codec}`), 25, options);
    await writer.write(barFrame(0), { keyFrame: true });
    await assertRejects(
      () => writer.write(barFrame(1), { keyFrame: true }),
      RangeError,
      `only the first frame of ${codec}`,
    );
    await writer.write(barFrame(1));
    assertEquals((await writer.close()).frames, 2);
  }
});
