import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { createAviWriter } from "../avi.ts";
import { loadNative } from "../ffi/mod.ts";
import { WriteError } from "../mod.ts";
import { AviFile, type AviFileOutput } from "../src/avi/avi_file.ts";
import { createChunk } from "../src/avi/chunk.ts";
import type { AviLayout } from "../src/avi/layout.ts";
import { aviPixelFormats, bgr24 } from "../src/avi/pixel_formats.ts";
import { pixelFormatByName } from "../src/libav/pixel_format.ts";
import { loadedBy } from "../tools/architecture/modules.ts";
import { decodeAudio, probeAudio } from "./support/audio.ts";
import { assertSameBytes, barFrame, decode, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { assertFails, assertSame, rejection } from "./support/messages.ts";
import { missingOpenCv, readByOpenCv } from "./support/opencv.ts";
import { isDeno, runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll } = testsOf(import.meta.url);

const width = 160, height = 90;

/** A stream that keeps all that it is given. */
function memory(): { readonly stream: WritableStream<Uint8Array>; bytes(): Uint8Array } {
  const parts: Uint8Array[] = [];
  const stream = new WritableStream<Uint8Array>({ write: (bytes) => void parts.push(bytes) });
  return { stream, bytes: () => new Uint8Array(Buffer.concat(parts)) };
}

function bars(count: number): Uint8Array {
  return new Uint8Array(Buffer.concat(Array.from({ length: count }, (_, n) => barFrame(n).data)));
}

test("createAviWriter: a stream has all frames and samples, from a pipe, too", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  const { stream, bytes } = memory();
  const writer = await createAviWriter(stream, "30000/1001", { audio: { channels: 2 } });
  const samples = Int16Array.from({ length: 16000 * 2 }, (_, n) => 9000 * Math.sin(n / 7));
  for (let n = 0; n < 10; n++) {
    await writer.writeAudio({
      data: samples.slice(n * 3200, (n + 1) * 3200),
      sampleRate: 48000,
      channels: 2,
    });
    await writer.write(barFrame(n));
  }
  const { frames, seconds, bytes: told } = await writer.close();
  assertEquals([frames, seconds, told], [10, 10 * 1001 / 30000, bytes().length]);
  assert(stream.locked);
  writeFileSync(path, bytes());
  assertSameBytes(decode(path, "rgba"), bars(10), "frames");
  assertEquals(probe(path).r_frame_rate, "30000/1001");
  assertEquals(probeAudio(path)[0]?.codec_name, "pcm_s16le");
  assertSameBytes(decodeAudio(path, "s16"), new Uint8Array(samples.buffer), "samples");
  const command = 'cat "$0" | ffmpeg -v error -i pipe:0 -map 0:v -f rawvideo -pix_fmt rgba -';
  const { stdout, stderr } = spawnSync("sh", ["-c", command, path], { maxBuffer: 2 ** 28 });
  assertEquals(stderr.toString(), "");
  assertSameBytes(new Uint8Array(stdout), bars(10), "frames from a pipe");
});

test("createAviWriter: JPEG pictures in a stream", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.avi");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const bytes = new Response(readable).bytes();
  const writer = await createAviWriter(writable, 25, { codec: "mjpeg", quality: "high" });
  for (let index = 0; index < 5; index++) await writer.write(barFrame(index));
  await writer.close();
  writeFileSync(path, await bytes);
  const { data } = barFrame(0);
  const decoded = decode(path, "rgba");
  assertEquals(decoded.length, 5 * data.length);
  assert(psnr(decoded.subarray(0, data.length), data) > 25);
});

test("createAviWriter: a picture with a side that JPEG has no number for is refused", async () => {
  const writer = await createAviWriter(memory().stream, 25, { codec: "mjpeg" });
  const refused = () =>
    writer.write({ data: new Uint8Array(65_536), width: 1, height: 65_536, format: "gray" });
  await assertFails(refused, { type: TypeError, says: ["1x65536", "65535 pixels at most"] });
  await writer.abort();
});

test("createAviWriter: a slow stream holds the program back, and loses nothing", async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let count = 0, waiting = 0, most = 0;
  const stream = new WritableStream<Uint8Array>({
    async write() {
      count++;
      if (count > 2) await opened;
    },
  });
  const writer = await createAviWriter(stream, 25, { queueSize: 3 });
  await writer.write(barFrame(0));
  const writes = Array.from({ length: 20 }, async (_, n) => {
    waiting++;
    await writer.write(barFrame(n + 1));
    waiting--;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  most = waiting;
  assertEquals([writer.desiredSize, writer.stats.queued >= 17], [0, true]);
  assert(most >= 17, `${most} calls wait`);
  open();
  await Promise.all(writes);
  assertEquals((await writer.close()).frames, 21);
  // The header, and a chunk for each frame.
  assertEquals(count, 22);
});

test("createAviWriter: what the stream fails with, every later call throws", async () => {
  let count = 0;
  const stream = new WritableStream<Uint8Array>({
    write() {
      if (++count > 3) throw new Error("the peer is gone");
    },
  });
  const writer = await createAviWriter(stream, 25);
  const error = await assertFails(async () => {
    for (;;) await writer.write(barFrame(0));
  }, { type: WriteError, code: "STREAM", says: ["the peer is gone"] });
  assertSame(await rejection(() => writer.write(barFrame(1))), error);
  assertSame(await rejection(() => writer.close()), error);
});

test("createAviWriter: an abort ends calls that wait for a stream that takes nothing", async () => {
  const stream = new WritableStream<Uint8Array>({ write: () => new Promise(() => {}) });
  const controller = new AbortController();
  const writer = await createAviWriter(stream, 25, { signal: controller.signal });
  const write = rejection(() => writer.write(barFrame(0)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const reason = new Error("enough");
  controller.abort(reason);
  assertSame(await write, reason);
  assertSame(await rejection(() => writer.close()), reason);
});

test("createAviWriter: wrong arguments are refused, and the stream stays free", async () => {
  const { stream } = memory();
  const cases: [() => Promise<unknown>, string][] = [
    [() => createAviWriter({} as WritableStream<Uint8Array>, 25), "WritableStream"],
    [() => createAviWriter(stream, 25, { quality: 3 }), "quality"],
    [() => createAviWriter(stream, 25, { codec: "mjpeg", quality: 32 }), "quality"],
    [() => createAviWriter(stream, 25, { preset: "fast" } as object), "preset"],
    [() => createAviWriter(stream, 25, { audio: { sampleFormat: "s64" as "s16" } }), "s64"],
    [() => createAviWriter(stream, 25, { audio: { channels: 9 } }), "channels"],
    [() => createAviWriter(stream, 25, { audio: { channels: 1, layout: "5.1" } }), "channels"],
  ];
  for (const [action, part] of cases) await assertFails(action, { type: TypeError, says: [part] });
  assert(!stream.locked);
  const reader = stream.getWriter();
  await assertFails(() => createAviWriter(stream, 25), { type: TypeError, says: ["locked"] });
  reader.releaseLock();
});

test("createAviWriter: its module needs no FFI, no file system and no permission", () => {
  const modules = loadedBy("avi.ts");
  assert(modules.has("src/avi/avi_engine.ts"), "the walk finds modules");
  const outside = [...modules].filter((module) => !/^(?:avi\.ts|src\/)/.test(module));
  assertEquals(outside, ["ffi/errors.ts"]);
  const script = fileURLToPath(new URL("support/write_avi_stream.ts", import.meta.url));
  const { stdout, stderr } = runScript(script, [], { permissions: [] });
  assert(stdout !== "", stderr);
  const { frames, length } = JSON.parse(stdout);
  assertEquals(frames, 5);
  assert(length > 5 * 64 * 48 * 3, isDeno ? "on Deno" : "on Bun");
});

const layout: AviLayout = {
  video: { width, height, stored: bgr24, frameRate: { num: 25, den: 1 }, frameBytes: width * height * 3 },
  audio: [{ sampleFormat: "s16", sampleRate: 8000, channels: 1, channelMask: 4, title: null }],
};

/** A file in memory. */
class MemoryFile implements AviFileOutput {
  #bytes = new Uint8Array(2 ** 22);
  #end = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
    this.#end = Math.max(this.#end, offset + bytes.length);
  }
}

/** Writes numbered frames, and audio beside them. */
function writeNumbered(file: AviFile, count: number): void {
  for (let n = 0; n < count; n++) {
    const frame = createChunk("00db", width * height * 3);
    frame.data.fill(n * 3);
    file.write(0, frame);
    const samples = createChunk("01wb", 640);
    samples.data.fill(n);
    file.write(1, samples);
  }
}

test("AviFile: many RIFF lists are one video, with and without their end", { skip: missingOpenCv() }, () => {
  using folder = new TemporaryFolder();
  const output = new MemoryFile();
  const limits = { listBytes: [200_000, 300_000], listChunks: [8, 5], lists: 40 } as const;
  const file = new AviFile(output, layout, limits);
  writeNumbered(file, 60);
  const unfinished = folder.file("unfinished.avi"), finished = folder.file("finished.avi");
  writeFileSync(unfinished, output.bytes);
  file.finish();
  writeFileSync(finished, output.bytes);
  assert(file.bytes === output.bytes.length && Buffer.from(output.bytes).includes("AVIX"));
  const expected = new Uint8Array(60 * width * height * 3);
  for (let n = 0; n < 60; n++) expected.fill(n * 3, n * width * height * 3, (n + 1) * width * height * 3);
  for (const path of [unfinished, finished]) {
    const { frames, duration } = probe(path);
    assertEquals([frames, duration], [60, 2.4]);
    assertSameBytes(decode(path, "bgr24"), expected, path);
    const samples = decodeAudio(path, "s16");
    assertEquals([samples.length, samples[59 * 640]], [60 * 640, 59]);
    const { frames: read, told } = readByOpenCv(path);
    assertEquals([read, told], [60, 60]);
  }
});

test("AviFile: a file that has no room for more lists is refused in words", async () => {
  const file = new AviFile(new MemoryFile(), layout, {
    listBytes: [10_000, 10_000],
    listChunks: [2, 2],
    lists: 3,
  });
  await assertFails(() => Promise.try(() => writeNumbered(file, 10)), {
    type: WriteError,
    code: "EFBIG",
    says: ["3 RIFF lists", "another file"],
  });
});

/** A file on the disk that has holes where frames are black. */
class SparseFile implements AviFileOutput, Disposable {
  readonly #file: number;
  #end = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.#end = Math.max(this.#end, offset + bytes.length);
    if (bytes.length < 2 ** 20) return void writeSync(this.#file, bytes, 0, bytes.length, offset);
    // The number of the frame is in its first bytes and its last ones; all between is black.
    for (const from of [0, bytes.length - 4096]) writeSync(this.#file, bytes, from, 4096, offset + from);
    ftruncateSync(this.#file, this.#end);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** Adler-32 (RFC 1950) of runs of one byte each, in hexadecimal. */
function adler32(runs: readonly (readonly [length: number, byte: number])[]): string {
  const prime = 65521;
  let one = 1, two = 0;
  for (const [length, byte] of runs) {
    // After k bytes the first sum is one + k * byte; the second one adds that up.
    two = (two + length % prime * one + byte * (length * (length + 1) / 2 % prime)) % prime;
    one = (one + length % prime * byte) % prime;
  }
  return (two * 65536 + one).toString(16).padStart(8, "0");
}

testAll("AviFile: a file of 5 GiB is decoded bit for bit, and each frame is found", {
  skip: missingOpenCv(),
}, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("large.avi");
  const [w, h, count] = [4096, 4096, 110];
  const bytes = w * h * 3;
  const large: AviLayout = { ...layout, video: { ...layout.video, width: w, height: h, frameBytes: bytes } };
  {
    using output = new SparseFile(path);
    const file = new AviFile(output, large);
    const frame = createChunk("00db", bytes);
    for (let n = 0; n < count; n++) {
      frame.data.fill(n + 1, 0, 1000);
      frame.data.fill(255 - n, bytes - 1000);
      file.write(0, frame);
      const samples = createChunk("01wb", 640);
      samples.data.fill(n);
      file.write(1, samples);
    }
    file.finish();
    assert(file.bytes > 5 * 2 ** 30);
  }
  // Every frame, as a program decodes it that reads from the first byte on.
  const { stdout, stderr } = spawnSync("ffmpeg", [
    ...["-v", "error", "-i", path, "-map", "0:v", "-f", "framehash", "-hash", "adler32", "-"],
  ], { encoding: "utf8" });
  assertEquals(stderr, "");
  const decoded = stdout.split("\n").filter((line) => line.startsWith("0,")).map((line) =>
    line.split(",").at(-1)!.trim()
  );
  // The lowest row comes first in the file.
  const expected = Array.from({ length: count }, (_, n) =>
    adler32([
      ...[[w * 3 - 1000, 0], [1000, 255 - n], [bytes - 2 * w * 3, 0]] as const,
      ...[[1000, n + 1], [w * 3 - 1000, 0]] as const,
    ]));
  assertEquals(decoded, expected);
  // A frame behind 4 GiB, found by the index.
  for (const n of [0, 60, count - 1]) {
    const { stdout } = spawnSync("ffmpeg", [
      ...["-v", "error", "-ss", String(n / 25), "-i", path, "-frames:v", "1", "-f", "rawvideo", "-"],
    ], { maxBuffer: 2 ** 28 });
    assertEquals([stdout[bytes - w * 3], stdout[w * 3 - 1]], [n + 1, 255 - n]);
  }
  const { frames, told } = readByOpenCv(path, true);
  assertEquals([frames, told], [count, count]);
});

test("aviPixelFormats: are described as libavutil describes them", () => {
  const native = loadNative();
  for (const format of aviPixelFormats) {
    assertEquals({ ...format, id: 0 }, { ...pixelFormatByName(native, format.name)!, id: 0 });
  }
});
