import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { createAudioWriter, createFileWriter } from "../mod.ts";
import { checkSamples, readSamplesFields } from "../src/audio/samples.ts";
import { Backlog } from "../src/thread/sending/backlog.ts";
import { receivedSamples, sentSamples } from "../src/thread/sending/sent_bytes.ts";
import { assertSameBytes, barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { test } from "./support/test.ts";

const threads = ["worker", "main"] as const;

for (const thread of threads) {
  test(`write: a broken image among frames is refused at its own call (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("ffv1", path, 25, { thread });
    await writer.write(barFrame(0));
    // Not awaited: answers to frames come while the image waits for its own.
    const calls = [1, 2, 3].map((index) => writer.write(barFrame(index)));
    const refused = rejection(() => writer.write({ image: new Uint8Array(100) }), "the image");
    calls.push(writer.write(barFrame(4)));
    await Promise.all(calls);
    const error = await refused;
    assert(error instanceof TypeError && error.message.includes("image"), String(error));
    assertEquals((await writer.close()).frames, 5);
    assertEquals(probe(path).frames, 5);
  });
}

test("sentSamples: a message has buffers of just the samples, and they come back", () => {
  const all = Int16Array.from({ length: 1000 }, (_, index) => index);
  const { samples } = checkSamples(
    readSamplesFields({ data: [all.subarray(10, 20), all.subarray(30, 40)], sampleRate: 8000 }),
  );
  const sent = sentSamples(samples);
  for (const plane of sent.planes) assert(plane instanceof ArrayBuffer && plane.byteLength === 20);
  assertEquals(receivedSamples(sent), samples);
});

test("audio: pieces that wait are sent in order, as long as they are", () => {
  const sent: { track: number; bytes: number[]; lengths: number[] }[] = [];
  const backlog = new Backlog(({ track, samples: { planes } }) => {
    const bytes = planes.flatMap((plane) => [...new Uint8Array(plane)]);
    sent.push({ track, bytes, lengths: planes.map(({ byteLength }) => byteLength) });
  });
  const write = (track: number, value: number): boolean => {
    const { samples } = checkSamples(
      readSamplesFields({ data: Uint8Array.of(value, value + 1), sampleRate: 8000, channels: 2 }),
    );
    backlog.add("audio", 2);
    return backlog.hold(track, samples);
  };
  // What comes first goes at once; the others wait for it, those of each track together.
  assertEquals([[0, 1], [0, 3], [0, 5], [1, 7], [0, 9]].map(([track, value]) => write(track!, value!)), [
    false,
    true,
    true,
    true,
    true,
  ]);
  backlog.take(8);
  assertEquals(sent, [
    { track: 0, bytes: [3, 4, 5, 6], lengths: [4] },
    { track: 1, bytes: [7, 8], lengths: [2] },
    { track: 0, bytes: [9, 10], lengths: [2] },
  ]);
  backlog.take(2);
  assert(backlog.isEmpty);
});

/** A small PNG in the middle of a large buffer. */
function imageWithin(bytes: number): Uint8Array {
  const args = ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90", "-frames:v", "1"];
  const image = execFileSync("ffmpeg", [...args, "-c:v", "png", "-f", "image2pipe", "-"]);
  const all = new Uint8Array(bytes);
  all.set(image, 1000);
  return all.subarray(1000, 1000 + image.length);
}

test("write: an image in a large buffer costs what it costs alone", async () => {
  using folder = new TemporaryFolder();
  const within = imageWithin(100e6);
  const writer = await createFileWriter("mjpeg", folder.file("a.mov"), 25);
  const quickestMs = async (image: Uint8Array): Promise<number> => {
    const times: number[] = [];
    for (let count = 0; count < 6; count++) {
      const start = performance.now();
      // The same bytes each time: they stay the caller's.
      await writer.write({ image });
      times.push(performance.now() - start);
    }
    return Math.min(...times);
  };
  const alone = await quickestMs(within.slice());
  const ms = await quickestMs(within);
  assert(ms < 10 + 10 * alone, `${ms} ms, and ${alone} ms alone`);
  assertEquals((await writer.close()).frames, 12);
});

test("write: samples are the caller's again at once", async () => {
  using folder = new TemporaryFolder();
  const files: Uint8Array[] = [];
  for (const seconds of [0.02, 2]) {
    const path = folder.file(`${seconds}.wav`);
    const writer = await createAudioWriter("pcm", path, { sampleRate: 48000, channels: 1 });
    const total = 48000 * 10;
    const data = new Int16Array(48000 * seconds);
    for (let at = 0; at < total; at += data.length) {
      for (let index = 0; index < data.length; index++) data[index] = (at + index) % 30011;
      const written = writer.write({ data, sampleRate: 48000 });
      data.fill(7);
      await written;
    }
    await writer.close();
    files.push(new Uint8Array(readFileSync(path)));
  }
  assertSameBytes(files[0]!, files[1]!, "the file");
});

test("createFileWriter: a cover and attachments are the same from both threads", async () => {
  const image = imageWithin(1e6);
  const data = new Uint8Array(1000).map((_, index) => index).subarray(100, 200);
  const files: Uint8Array[] = [];
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const options = { thread, cover: { image }, attachments: [{ name: "a.txt", data }] } as const;
    const writer = await createFileWriter("ffv1", path, 25, options);
    await writer.write(barFrame(0));
    await writer.close();
    files.push(new Uint8Array(readFileSync(path)));
  }
  assertSameBytes(files[0]!, files[1]!, "the file");
});
