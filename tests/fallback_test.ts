import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  createFileWriter,
  EncoderNotFoundError,
  LibraryNotFoundError,
  type RawFrame,
  UnsupportedError,
  type VideoWriter,
  WriteError,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { aviPixelFormats } from "../src/avi/pixel_formats.ts";
import { frameLayout } from "../src/video/frame_layout.ts";
import { frameBytes } from "../src/video/raw_frame.ts";
import { assertSameBytes, barFrame, decode, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { decodeAudio, probeAudio } from "./support/audio.ts";
import type { SkipReason } from "./support/features.ts";
import { assertFails, assertSame, rejection } from "./support/messages.ts";
import { missingOpenCv, readByOpenCv } from "./support/opencv.ts";
import { isDeno, runScript, runUntilKilled } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth, testLong } = testsOf(import.meta.url);

const width = 33, height = 21;

/** The reason where the ffmpeg program lacks an encoder. No library is loaded in this process. */
function missingInProgram(encoder: string): SkipReason {
  const said = execFileSync("ffmpeg", ["-v", "error", "-h", `encoder=${encoder}`], { encoding: "utf8" });
  return !said.includes("AVOptions") && `the ffmpeg program has no encoder ${encoder}`;
}

/** A folder without libraries. */
function emptyFolder(folder: TemporaryFolder): string {
  const path = folder.file("empty");
  if (!existsSync(path)) mkdirSync(path);
  return path;
}

function open(
  folder: TemporaryFolder,
  path: string,
  options: WriterOptions = {},
  fps: number | string = 25,
): Promise<VideoWriter> {
  return createFileWriter("h264", path, fps as number, {
    ...{ libraryPath: emptyFolder(folder), fallback: "uncompressed", logLevel: "quiet", thread: "main" },
    ...options,
  });
}

/** Bytes that differ from frame to frame. */
function bytesOf(count: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, at) => at * 7 + (at >> 5) * 31 + seed * 53);
}

/** Red, green and blue of a frame, opaque. */
function rgbOf(format: string, data: Uint8Array): Uint8Array {
  const step = format.length === 4 && format !== "gray" ? 4 : 3;
  const order = format.replace("24", "");
  const rgb = new Uint8Array(data.length / step * 3);
  for (let pixel = 0; pixel < data.length / step; pixel++) {
    for (const [index, letter] of [..."rgb"].entries()) {
      rgb[pixel * 3 + index] = data[pixel * step + order.indexOf(letter)]!;
    }
  }
  return rgb;
}

function opaque(format: string, data: Uint8Array): Uint8Array {
  const at = format.indexOf("a");
  if (!/^(?:rgba|bgra|argb|abgr)$/.test(format)) return data;
  return data.map((byte, index) => index % 4 === at ? 255 : byte);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

test("fallback: without it, the error says what to install", async () => {
  using folder = new TemporaryFolder();
  const libraryPath = emptyFolder(folder);
  await assertFails(() => createFileWriter("h264", folder.file("a.mp4"), 25, { libraryPath }), {
    type: LibraryNotFoundError,
    says: [libraryPath, "Install FFmpeg's"],
  });
});

for (const { name: format } of some(aviPixelFormats, 4)) {
  testBoth(`fallback: ${format} frames are decoded bit for bit`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("out.avi");
    // An odd size: chroma has half a column and half a row more.
    const layout = frameLayout(aviPixelFormats.find(({ name }) => name === format)!, width, height);
    const frames = [0, 1, 2].map((n) => opaque(format, bytesOf(frameBytes(layout), n)));
    const writer = await open(folder, path);
    for (const data of frames) await writer.write({ data, width, height, format });
    await writer.close();
    const isRgb = /rgb|bgr|abgr|argb/.test(format);
    const stored = isRgb ? "rgb24" : format;
    assertSameBytes(
      decode(path, stored),
      concatenated(isRgb ? frames.map((data) => rgbOf(format, data)) : frames),
      format,
    );
    assertEquals(probe(path).pix_fmt, isRgb ? "bgr24" : format);
  });
}

test("fallback: count, rate, length and index are exact", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  const writer = await open(folder, path, {}, "30000/1001");
  for (let n = 0; n < 7; n++) await writer.write(barFrame(n));
  const summary = await writer.close();
  assertEquals(summary, {
    ...{ path, format: "avi", encoder: "rawvideo", width: 160, height: 90, frames: 7, leftOut: 0 },
    ...{ seconds: 7 * 1001 / 30000, bytes: readFileSync(path).length },
  });
  const { frames, r_frame_rate, avg_frame_rate, duration } = probe(path);
  assertEquals([frames, r_frame_rate, avg_frame_rate], [7, "30000/1001", "30000/1001"]);
  assert(Math.abs(duration - summary.seconds) < 1e-4, `${duration}`);
  // The frame that a seek finds is in the index.
  const found = execFileSync("ffmpeg", [
    ...["-v", "error", "-ss", String(5 * 1001 / 30000), "-i", path, "-frames:v", "1"],
    ...["-f", "rawvideo", "-pix_fmt", "rgba", "-"],
  ]);
  assertSameBytes(new Uint8Array(found), barFrame(5).data, "frame 5");
});

test("fallback: encoder, summary and stderr say what was written instead", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.mp4");
  const script = folder.file("said.ts");
  writeFileSync(
    script,
    `import { createFileWriter } from ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};
    const writer = await createFileWriter("h264", ${JSON.stringify(path)}, 25, { fallback: "uncompressed" });
    await writer.write({ data: new Uint8Array(16 * 16 * 4).fill(255), width: 16, height: 16 });
    const { format } = await writer.close();
    console.log(JSON.stringify({ ...writer.encoder, format }));`,
  );
  const variables = { AVWRITER_LIBRARY_PATH: emptyFolder(folder) };
  const { stdout, stderr, status } = runScript(script, [], { variables });
  assertEquals(status, 0, stderr);
  const { rejected, ...said } = JSON.parse(stdout);
  assertEquals(said, {
    ...{ name: "rawvideo", codec: "rawvideo", pixelFormat: "bgr24", fallback: "uncompressed", format: "avi" },
  });
  assertEquals(rejected[0].name, "FFmpeg's libraries");
  for (const text of [rejected[0].reason, stderr]) assertStringIncludes(text, "Install FFmpeg's libraries");
  for (const part of [path, "uncompressed"]) assertStringIncludes(stderr, part);
  assertEquals(probe(path).codec_name, "rawvideo");
});

test("fallback: on Deno, the permission to write the file is enough", {
  skip: !isDeno && "Bun has no permissions",
}, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi"), script = folder.file("write.ts");
  writeFileSync(
    script,
    `import { createFileWriter } from ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};
    const options = { fallback: "uncompressed", logLevel: "quiet" } as const;
    await using writer = await createFileWriter("h264", ${JSON.stringify(path)}, 25, options);
    await writer.write({ data: new Uint8Array(16 * 16 * 4).fill(255), width: 16, height: 16 });`,
  );
  const { status, stderr } = runScript(script, [], { permissions: [`--allow-write=${path}`] });
  assertEquals([status, stderr], [0, ""]);
  assertEquals(probe(path).frames, 1);
});

test("fallback: alpha is stored where the first frame has some, or on request, and else lies over black", async () => {
  using folder = new TemporaryFolder();
  const clear = bytesOf(width * height * 4, 3), solid = opaque("rgba", clear);
  const overBlack = rgbOf("rgba", clear.map((byte, at) => Math.round(byte * clear[at | 3]! / 255)));
  const cases: [WriterOptions, Uint8Array[], string, Uint8Array[]][] = [
    [{}, [clear, solid], "bgra", [clear, solid]],
    [{ alpha: "keep" }, [solid, clear], "bgra", [solid, clear]],
    [{}, [solid, clear], "bgr24", [rgbOf("rgba", solid), overBlack]],
    [{ alpha: "discard" }, [clear], "bgr24", [overBlack]],
  ];
  for (const [index, [options, frames, stored, expected]] of cases.entries()) {
    const path = folder.file(`${index}.avi`);
    const writer = await open(folder, path, options);
    for (const data of frames) await writer.write({ data, width, height });
    await writer.close();
    assertEquals(writer.encoder?.pixelFormat, stored);
    assertSameBytes(
      decode(path, stored === "bgra" ? "rgba" : "rgb24"),
      concatenated(expected),
      JSON.stringify(options),
    );
  }
});

test("fallback: JPEG images are stored as they are, other images and turned ones are refused", async () => {
  using folder = new TemporaryFolder();
  const images = [0, 1, 2].map((n) => {
    const path = folder.file(`${n}.jpg`);
    execFileSync("ffmpeg", [
      ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=64x48,trim=start_frame=${n}`],
      ...["-frames:v", "1", path],
    ]);
    return new Uint8Array(readFileSync(path));
  });
  const path = folder.file("out.avi");
  const writer = await open(folder, path);
  for (const image of images) await writer.write({ image });
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  // EXIF that says 6: turned by 90 degrees.
  const exif = [0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1];
  const turned = concatenated([
    images[0]!.subarray(0, 2),
    Uint8Array.of(...exif, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0),
    images[0]!.subarray(2),
  ]);
  const refusals: [Uint8Array, string][] = [
    [png, "only JPEG images"],
    [turned, "nothing is turned"],
    [images[0]!.subarray(0, 200), "cut off"],
  ];
  for (const [image, part] of refusals) {
    await assertFails(() => writer.write({ image }), { type: TypeError, says: [part] });
  }
  await assertFails(() => writer.write(barFrame(0, 64, 48)), { type: TypeError, says: ["JPEG images"] });
  assertEquals((await writer.close()).frames, 3);
  assertEquals([writer.encoder?.name, writer.encoder?.codec], ["copy", "mjpeg"]);
  assertEquals(probe(path).codec_name, "mjpeg");
  const packets = execFileSync("ffmpeg", ["-v", "error", "-i", path, "-c", "copy", "-f", "image2pipe", "-"]);
  assertSameBytes(new Uint8Array(packets), concatenated(images), "the images in the file");
});

/**
 * Codec, pixel format and number of frames. Of some JPEGs, its own as well, FFmpeg's decoder warns that their
 * end is missing, though it is there.
 */
function jpegVideo(path: string): string {
  return execFileSync("ffprobe", [
    ...["-v", "error", "-count_frames", "-show_entries", "stream=codec_name,pix_fmt,nb_read_frames"],
    ...["-of", "csv=p=0", path],
  ], { encoding: "utf8" }).trim();
}

testLong(
  "fallback: mjpeg becomes JPEG pictures of its quality, of any size, and images are stored among them",
  async () => {
    using folder = new TemporaryFolder();
    const sizes: number[] = [];
    const open = (path: string, options: WriterOptions = {}): Promise<VideoWriter> =>
      createFileWriter("mjpeg", path, 25, {
        ...{ libraryPath: emptyFolder(folder), fallback: "uncompressed", logLevel: "quiet", ...options },
      });
    for (const quality of ["low", "medium", "high", 31] as const) {
      for (const [width, height] of [[160, 90], [33, 21]] as const) {
        const path = folder.file(`${quality}-${width}.avi`);
        const writer = await open(path, { quality });
        for (let index = 0; index < 3; index++) await writer.write(barFrame(index, width, height));
        const { bytes } = await writer.close();
        const { name, codec, pixelFormat, fallback } = writer.encoder!;
        assertEquals([name, codec, pixelFormat, fallback], ["mjpeg", "mjpeg", "yuvj420p", "uncompressed"]);
        assertEquals(jpegVideo(path), "mjpeg,yuvj420p,3");
        const decoded = decode(path, "rgba");
        for (let index = 0; index < 3; index++) {
          const frame = decoded.subarray(index * width * height * 4, (index + 1) * width * height * 4);
          const ratio = psnr(frame, barFrame(index, width, height).data);
          assert(ratio > (quality === 31 ? 15 : 22), `${quality}, ${width}x${height}: ${ratio} dB`);
        }
        if (width === 160) sizes.push(bytes);
      }
    }
    const [low, medium, high, worst] = sizes;
    assert(worst! < low! && low! < medium! && medium! < high!, `${sizes}`);

    const path = folder.file("gray.avi");
    const data = Uint8Array.from({ length: 48 * 40 }, (_, at) => at % 48 * 3 + Math.floor(at / 48) * 2);
    const writer = await open(path);
    await writer.write({ data, width: 48, height: 40, format: "gray" });
    await writer.close();
    assert(psnr(decode(path, "gray"), data) > 40);
    const mixed = folder.file("mixed.avi");
    const others = await open(mixed);
    execFileSync("ffmpeg", [
      ...["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48", "-frames:v", "1", folder.file("0.jpg")],
    ]);
    await others.write(barFrame(0, 64, 48));
    await others.write({ image: new Uint8Array(readFileSync(folder.file("0.jpg"))) });
    await others.write(barFrame(1, 64, 48));
    await others.close();
    assertEquals(jpegVideo(mixed).split(",")[2], "3");
    const refused = await open(folder.file("yuv.avi"));
    await assertFails(
      () => refused.write({ data: new Uint8Array(64 * 48 * 1.5), width: 64, height: 48, format: "yuv420p" }),
      { type: TypeError, says: ["RGB and gray", "yuv420p"] },
    );
    await refused.abort();
    for (const quality of ["lossless", 32] as const) {
      await assertFails(() => open(folder.file("c.avi"), { quality }), {
        type: UnsupportedError,
        code: "FALLBACK",
        says: ["quality"],
      });
    }
  },
);

test("fallback: samples of each format are stored bit for bit, or converted", async () => {
  using folder = new TemporaryFolder();
  const s16 = Int16Array.from({ length: 4410 * 2 }, (_, n) => Math.round(20000 * Math.sin(n / 9)));
  const flt = Float32Array.from(s16, (value) => value / 32768);
  for (const [sampleFormat, codec] of [["s16", "pcm_s16le"], ["flt", "pcm_f32le"], ["s32", "pcm_s32le"]]) {
    const path = folder.file(`${sampleFormat}.avi`);
    const writer = await open(folder, path, { audio: { sampleFormat: sampleFormat!, sampleRate: 44100 } });
    for (let n = 0; n < 5; n++) {
      const [from, to] = [n * 1764, (n + 1) * 1764];
      const data = n % 2 === 0 ? s16.slice(from, to) : flt.slice(from, to);
      await writer.writeAudio({ data, sampleRate: 44100, channels: 2 });
      await writer.write(barFrame(n));
    }
    await writer.close();
    const [stream] = probeAudio(path);
    assertEquals([stream?.codec_name, stream?.channels], [codec, 2]);
    assertSameBytes(decodeAudio(path, "s16"), new Uint8Array(s16.buffer), `${sampleFormat} as 16 bits`);
  }
});

test("fallback: gaps between timestamps are silence, mono becomes stereo, and other rates are refused", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  const writer = await open(folder, path, { audio: { sampleRate: 8000, channels: 2 } });
  const data = new Int16Array(800).fill(1000);
  await writer.writeAudio({ data, sampleRate: 8000, channels: 1 }, { timestamp: 0.5 });
  for (let n = 0; n < 50; n++) await writer.write(barFrame(n));
  await writer.writeAudio({ data, sampleRate: 8000, channels: 1 }, { timestamp: 1.2 });
  await assertFails(() => writer.writeAudio({ data, sampleRate: 16000, channels: 1 }), {
    type: RangeError,
    says: ["16000", "nothing is resampled", "sampleRate: 16000"],
  });
  assertEquals(writer.stats.audio[0], {
    ...{ seconds: 1.3, silence: 1.1, dropped: 0, corrected: 0, failure: null },
  });
  await writer.close();
  const heard = decodeAudio(path, "s16");
  const samples = new Int16Array(heard.buffer, heard.byteOffset, heard.length / 2);
  const expected = Int16Array.from({ length: 10400 * 2 }, (_, at) => {
    const second = Math.floor(at / 2) / 8000;
    return second >= 0.5 && second < 0.6 || second >= 1.2 ? 1000 : 0;
  });
  assertEquals(samples.length, expected.length);
  assertSameBytes(heard, new Uint8Array(expected.buffer), "samples");
});

const refusedOptions: readonly WriterOptions[] = [
  { filter: "hflip" },
  { timing: "wallclock" },
  { timing: "timestamps" },
  { resize: "contain", width: 64, height: 48 },
  { rotation: 90 },
  { metadata: { title: "Waves" } },
  { chapters: [{ title: "One", start: 0 }] },
  { subtitles: {} },
  { sampleAspectRatio: "4/3" },
  { background: "white" },
  { audio: { from: "there.wav" } },
  { audio: { sampleFormat: "s64" } },
];

for (const options of refusedOptions) {
  const name = Object.keys(options)[0]!;
  test(`fallback: ${JSON.stringify(options)} is refused in words`, async () => {
    using folder = new TemporaryFolder();
    await assertFails(() => open(folder, folder.file("out.avi"), options), {
      type: UnsupportedError,
      code: "FALLBACK",
      says: [name, "without FFmpeg's libraries"],
    });
    assert(!existsSync(folder.file("out.avi")));
  });
}

test("fallback: options of the encoder change nothing", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  const writer = await open(folder, path, {
    ...{ quality: "high", preset: "fast", keyFrameInterval: 2, pixelFormat: "yuv420p", thread: "worker" },
  });
  await writer.write(barFrame(0));
  await writer.close();
  assertSameBytes(decode(path, "rgba"), barFrame(0).data, "the frame");
});

test("fallback: an existing file stays until the first frame, and an abort removes the new one", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  writeFileSync(path, "before");
  const idle = await open(folder, path);
  assertEquals((await idle.close()).frames, 0);
  assertEquals(readFileSync(path, "utf8"), "before");
  const writer = await open(folder, path);
  await writer.abort();
  assertEquals(readFileSync(path, "utf8"), "before");
  const other = await open(folder, path);
  await other.write(barFrame(0));
  assert(readFileSync(path).length > 160 * 90 * 3);
  await other.abort(new Error("enough"));
  assert(!existsSync(path));
  await assertFails(() => other.write(barFrame(1)), { type: WriterClosedError, code: "ABORTED", says: [] });
});

test("fallback: a full disk is told at the call that meets it, and at every later one", {
  skip: !existsSync("/dev/full") && "there is no /dev/full",
}, async () => {
  using folder = new TemporaryFolder();
  const writer = await open(folder, "/dev/full");
  const error = await assertFails(() => writer.write(barFrame(0)), {
    type: WriteError,
    code: "ENOSPC",
    says: ["/dev/full", "Free some space"],
  });
  for (const call of [() => writer.write(barFrame(1)), () => writer.close()]) {
    assertSame(await rejection(call), error);
  }
});

test("fallback: acquired frames, the stream and the statistics are as those of the libraries' writer", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  const writer = await open(folder, path);
  const frame = await writer.acquire(160, 90);
  frame.data.set(barFrame(0).data);
  await writer.write(frame);
  await assertFails(() => writer.write(frame as RawFrame), { type: TypeError, says: ["written already"] });
  await assertFails(() => writer.write(barFrame(1, 64, 48)), { type: RangeError, says: ["64x48", "160x90"] });
  await assertFails(() => writer.write({ ...barFrame(1), format: "yuv420p10le" }), {
    type: RangeError,
    says: ["yuv420p10le"],
  });
  const stream = writer.writable.getWriter();
  for (const n of [1, 2]) await stream.write(barFrame(n));
  const { frames, bytes, seconds, queued } = writer.stats;
  assertEquals([frames, bytes, seconds, queued], [3, 3 * 160 * 90 * 3, 3 / 25, 0]);
  await stream.close();
  assertSameBytes(decode(path, "rgba"), concatenated([0, 1, 2].map((n) => barFrame(n).data)), "frames");
});

testBoth("fallback: a file plays to its last written frame after a kill", async () => {
  using folder = new TemporaryFolder();
  const script = fileURLToPath(new URL("support/record_uncompressed.ts", import.meta.url));
  for (const killMs of isLong ? [1, 20, 50, 200, 500, 900, 1500, 2500] : [300]) {
    const path = folder.file(`${killMs}.avi`);
    const { lines } = await runUntilKilled(script, [path, emptyFolder(folder)], killMs);
    const told = Number(lines.at(-1));
    const { frames } = probe(path);
    assert(frames >= told && frames <= told + 1, `${frames} frames, ${told} written`);
    const expected = concatenated(Array.from({ length: frames }, (_, n) => barFrame(n).data));
    assertSameBytes(decode(path, "rgba"), expected, "frames");
    assert(decodeAudio(path, "s16").length >= (told - 1) * 3200, "audio");
    // A chunk that the kill cut off has no header yet.
    truncateSync(path, readFileSync(path).length + 1000);
    assertEquals(probe(path).frames, frames);
  }
});

testLong("fallback: OpenCV reads count, rate and pixels", { skip: missingOpenCv() }, async () => {
  using folder = new TemporaryFolder();
  for (const format of ["bgr24", "gray"]) {
    const path = folder.file(`${format}.avi`);
    const writer = await open(folder, path, {}, 24);
    const frames = [0, 1, 2, 3].map((n) => bytesOf(width * height * (format === "gray" ? 1 : 3), n));
    for (const data of frames) await writer.write({ data, width, height, format });
    await writer.close();
    const read = readByOpenCv(path);
    assertEquals([read.frames, read.told, read.fps, read.shape], [4, 4, 24, [height, width, 3]]);
    const hashes = await Promise.all(frames.map(async (data) => {
      const bgr = format === "bgr24"
        ? data
        : Uint8Array.from({ length: data.length * 3 }, (_, at) => data[Math.floor(at / 3)]!);
      return new Uint8Array(await crypto.subtle.digest("SHA-256", bgr as BufferSource)).toHex();
    }));
    assertEquals(read.hashes, hashes);
  }
});

test("fallback: the program encodes frames and samples, and says so", {
  skip: missingInProgram("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.mp4");
  const writer = await open(folder, path, {
    ...{ fallback: "process", quality: "high", metadata: { title: "Waves" } },
    audio: { codec: "aac", sampleRate: 44100 },
  }, "30000/1001");
  const data = Float32Array.from({ length: 1600 }, (_, n) => Math.sin(n / 8) / 2);
  for (let n = 0; n < 30; n++) {
    await writer.writeAudio({ data, sampleRate: 48000, channels: 1 });
    await writer.write(barFrame(n, 161, 91));
  }
  const summary = await writer.close();
  assertEquals([summary.frames, summary.encoder, summary.format], [30, "libx264", "mp4"]);
  assertEquals(summary.bytes, readFileSync(path).length);
  assertEquals([writer.encoder?.fallback, writer.encoder?.pixelFormat], ["process", "yuv420p"]);
  assertStringIncludes(writer.encoder!.rejected[0]!.reason, "Install FFmpeg's libraries");
  const video = probe(path);
  assertEquals([video.codec_name, video.pix_fmt, video.frames], ["h264", "yuv420p", 30]);
  assertEquals([video.width, video.height, video.r_frame_rate], [162, 92, "30000/1001"]);
  assertEquals([video.color_space, video.color_range], ["smpte170m", "tv"]);
  const [audio] = probeAudio(path);
  assertEquals([audio?.codec_name, audio?.sample_rate], ["aac", "44100"]);
  const shown = decode(path, "rgba", "scale=in_color_matrix=smpte170m:in_range=tv,crop=161:91:0:0");
  const frames = concatenated(Array.from({ length: 30 }, (_, n) => barFrame(n, 161, 91).data));
  assert(psnr(shown, frames) > 30, `${psnr(shown, frames)} dB`);
});

test("fallback: what the program says is in the error, and an abort ends it", {
  skip: missingInProgram("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.mp4");
  const wrong = await open(folder, path, { fallback: "process", filter: "nothing=here" });
  await assertFails(async () => {
    for (let n = 0; n < 100; n++) await wrong.write(barFrame(n));
    await wrong.close();
  }, { type: WriteError, code: "PROGRAM", says: [path, "exit code", "nothing"] });
  const writer = await open(folder, path, { fallback: "process" });
  await writer.write(barFrame(0));
  await writer.abort();
  assert(!existsSync(path));
  await assertFails(() =>
    createFileWriter("nonsense", path, 25, {
      ...{ fallback: "process", libraryPath: emptyFolder(folder), logLevel: "quiet" },
    }), { type: EncoderNotFoundError, says: ["nonsense"] });
});
