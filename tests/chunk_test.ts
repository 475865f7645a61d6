import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createAudioWriter, createFileWriter, UnsupportedError, type WriterOptions } from "../mod.ts";
import { concat, replaceAudio } from "../recipes.ts";
import { missingEncoders } from "./support/features.ts";
import {
  assertSameBytes,
  barFrame,
  decode,
  frameTimes,
  lightOptions,
  probe,
  TemporaryFolder,
} from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { isAll, isLong, test, testBoth, testLong } = testsOf(import.meta.url);

const script = fileURLToPath(new URL("support/write_chunk.ts", import.meta.url));
const fps = 30, width = 96, height = 64;

/** Writes frames from one number on, as one machine of many does. */
async function writeChunk(
  codec: string,
  path: string,
  first: number,
  frames: number,
  options: WriterOptions = {},
): Promise<string> {
  const writer = await createFileWriter(codec, path, fps, { chunk: { frames }, ...options });
  for (let index = first; index < first + frames; index++) await writer.write(barFrame(index, width, height));
  await writer.close();
  return path;
}

interface Packet {
  readonly pts: string;
  readonly flags: string;
  readonly hash: string;
}

/** The packets of a file's video, in order. */
function packetsOf(path: string): Packet[] {
  const { packets } = JSON.parse(execFileSync("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_data_hash", "md5", "-of", "json"],
    ...["-show_entries", "packet=pts_time,flags,data_hash", path],
  ], { encoding: "utf8", maxBuffer: 2 ** 26 })) as {
    packets: { pts_time: string; flags: string; data_hash: string }[];
  };
  return packets.map(({ pts_time, flags, data_hash }) => ({ pts: pts_time, flags, hash: data_hash }));
}

const codecs = [
  ["h264", "libx264", "mp4"],
  ["hevc", "libx265", "mp4"],
  ["vp9", "libvpx-vp9", "mkv"],
  ["av1", "libsvtav1", "mp4"],
  ["mpeg4", "mpeg4", "mp4"],
  ["prores", "prores_ks", "mov"],
] as const;

for (const [codec, encoder, extension] of codecs.slice(0, isAll ? codecs.length : 1)) {
  testBoth(`chunk: files of ${codec} joined are one encode, packet by packet`, {
    skip: missingEncoders(encoder),
  }, async () => {
    using folder = new TemporaryFolder();
    const counts = isLong ? Array.from({ length: 37 }, (_, index) => 3 + index % 5) : [7, 5, 6];
    const options = encoder === "libsvtav1" ? {} : lightOptions(codec);
    const paths: string[] = [];
    let total = 0;
    for (const [index, count] of counts.entries()) {
      const path = folder.file(`${index}.${extension}`);
      const thread = index % 2 === 0 ? "main" : "worker";
      paths.push(await writeChunk(codec, path, total, count, { ...options, thread }));
      total += count;
    }
    const whole = folder.file(`whole.${extension}`);
    const { packets, seconds } = await concat(paths, whole);
    assertEquals(packets, total);
    assert(Math.abs(seconds - total / fps) < 0.002, `${seconds} s for ${total / fps}`);
    const joined = packetsOf(whole);
    const parts = paths.map(packetsOf);
    assertEquals(joined.map(({ hash }) => hash), parts.flat().map(({ hash }) => hash));
    for (const part of parts) assert(part[0]!.flags.startsWith("K"), "a chunk begins with a key frame");
    const { frames, duration } = probe(whole);
    assertEquals(frames, total);
    assert(Math.abs(duration - total / fps) < 0.002, `${duration} s`);
    const times = frameTimes(whole);
    assert(times.every((time, index) => Math.abs(time - index / fps) < 0.0011), times.join());
    // Each program that starts takes its time.
    if (isLong && !isAll) return;
    assertSameBytes(
      decode(whole, "yuv420p"),
      Uint8Array.from(paths.flatMap((path) => [...decode(path, "yuv420p")])),
      "the pictures",
    );
  });

  testBoth(
    `chunk: ${codec} of the same frames has the same bytes`,
    { skip: missingEncoders(encoder) },
    async () => {
      using folder = new TemporaryFolder();
      const options = encoder === "libsvtav1" ? {} : lightOptions(codec);
      const [one, other] = await Promise.all(
        ["one", "other"].map((name) =>
          writeChunk(codec, folder.file(`${name}.${extension}`), 5, 12, options)
        ),
      );
      assertSameBytes(readFileSync(one!), readFileSync(other!), codec);
    },
  );
}

testBoth("chunk: libx264 makes the same bytes, whatever memory has in it", {
  skip: missingEncoders("libx264"),
}, () => {
  using folder = new TemporaryFolder();
  // glibc fills memory that is allocated.
  const chunks = (isLong ? ["0", "85", "170"] : ["0", "170"]).flatMap((MALLOC_PERTURB_) => {
    const paths = ["a", "b"].map((name) => folder.file(`${MALLOC_PERTURB_}${name}.mp4`));
    const { status, stderr } = runScript(script, paths, { variables: { MALLOC_PERTURB_ } });
    assertEquals([status, stderr], [0, ""]);
    return paths.map((path) => readFileSync(path));
  });
  for (const chunk of chunks) assertSameBytes(chunk, chunks[0]!, "a chunk");
});

testBoth("chunk: another count than was said is refused, and leaves no file", async () => {
  using folder = new TemporaryFolder();
  for (const thread of ["worker", "main"] as const) {
    const path = folder.file("chunk.mkv");
    const writer = await createFileWriter("mpeg4", path, fps, { chunk: { frames: 3 }, thread });
    const frame = barFrame(0, width, height);
    await writer.write(frame);
    await writer.write(frame);
    const short = await rejection(() => writer.close());
    assert(short instanceof RangeError);
    assertStringIncludes(short.message, "it has 2 frames of 3; write all of them");
    assert(!existsSync(path));
    const next = await createFileWriter("mpeg4", path, fps, { chunk: { frames: 1 }, thread });
    await next.write(frame);
    const long = await rejection(() => next.write(frame));
    assert(long instanceof RangeError);
    assertStringIncludes(long.message, "this chunk has 1 frames, which are written");
    const { frames } = await next.close();
    assertEquals([frames, probe(path).frames], [1, 1]);
  }
});

test("chunk: what belongs to the whole is refused in words", async () => {
  const chunk = { frames: 10 };
  for (
    const [options, words] of [
      [{ chunk, audio: {} }, "chunk and audio together: add audio once"],
      [{ chunk, subtitles: {} }, "chunk and subtitles together"],
      [{ chunk, timing: "timestamps" }, '"constant" in a chunk'],
      [{ chunk: { frames: 0 } }, "chunk.frames: it is 0, but must be a whole number of frames above 0"],
      [{ chunk: {} }, "chunk.frames"],
    ] as readonly [WriterOptions, string][]
  ) {
    const error = await rejection(() => createFileWriter("mpeg4", "never.mp4", fps, options));
    assert(error instanceof TypeError);
    assertStringIncludes(error.message, words);
  }
});

testBoth("concat: chunks of other settings are refused before anything is copied", async () => {
  using folder = new TemporaryFolder();
  const one = await writeChunk("mpeg4", folder.file("one.mp4"), 0, 3);
  const other = folder.file("other.mp4");
  const writer = await createFileWriter("mpeg4", other, fps, { chunk: { frames: 1 } });
  await writer.write(barFrame(0, width * 2, height));
  await writer.close();
  const error = await rejection(() => concat([one, other], folder.file("never.mp4")));
  assert(error instanceof UnsupportedError && error.code === "CODEC_HEADERS");
  assert(!existsSync(folder.file("never.mp4")));
});

testLong("chunk: sound that is encoded once is one encode, to the sample", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const count = 37, frames = 4, sampleRate = 48000, total = count * frames;
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    paths.push(await writeChunk("h264", folder.file(`${index}.mp4`), index * frames, frames));
  }
  const audio = folder.file("audio.m4a"),
    silent = folder.file("silent.mp4"),
    whole = folder.file("whole.mp4");
  {
    await using writer = await createAudioWriter("aac", audio);
    const data = Float32Array.from({ length: total * sampleRate / fps }, (_, at) => Math.sin(at / 20) / 4);
    await writer.write({ data, sampleRate, channels: 1 });
  }
  await concat(paths, silent);
  await replaceAudio(silent, audio, whole);
  const samples = (path: string): Uint8Array =>
    new Uint8Array(execFileSync("ffmpeg", [
      ...["-v", "error", "-i", path, "-map", "0:a", "-f", "f32le", "-"],
    ], { maxBuffer: 2 ** 26 }));
  assertSameBytes(samples(whole), samples(audio), "the samples");
  const { frames: found, duration } = probe(whole);
  assertEquals(found, total);
  assert(Math.abs(duration - total / fps) < 0.001);
});
