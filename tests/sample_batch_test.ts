import { pathToFileURL } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { type AudioSamples, createAudioWriter, createFileWriter } from "../mod.ts";
import { runtime } from "../ffi/mod.ts";
import { checkSamples, readSamplesFields } from "../src/audio/samples.ts";
import type { Samples } from "../src/libav/audio_frame.ts";
import { Backlog } from "../src/thread/sending/backlog.ts";
import { receivedSamples, type SentSamples } from "../src/thread/sending/sent_bytes.ts";
import { decodeAudio } from "./support/audio.ts";
import { seeded } from "./support/chance.ts";
import { assertSameBytes, barFrame, TemporaryFolder } from "./support/media.ts";
import { repository } from "./support/processes.ts";
import { test } from "./support/test.ts";

const samplesOf = (given: AudioSamples): Samples => checkSamples(readSamplesFields(given)).samples;
const ramp = (from: number, count: number): Int16Array =>
  Int16Array.from({ length: count }, (_, index) => from + index);

/** A backlog, and what it sent. */
function backlogOf(): { readonly backlog: Backlog; readonly sent: SentSamples[] } {
  const sent: SentSamples[] = [];
  return { backlog: new Backlog(({ samples }) => sent.push(samples)), sent };
}

/** Adds samples; returns whether they are held. */
function holds(backlog: Backlog, samples: Samples, track = 0): boolean {
  backlog.add("audio", samples.planes.reduce((sum, { length }) => sum + length, 0));
  return backlog.hold(track, samples);
}

test("Backlog: samples are held while others are on their way, and sent in one piece after those", () => {
  const { backlog, sent } = backlogOf();
  const piece = (from: number): Samples =>
    samplesOf({ data: ramp(from, 100), sampleRate: 8000, channels: 2 });
  assert(!holds(backlog, piece(0)));
  for (const from of [100, 200, 300]) assert(holds(backlog, piece(from)));
  assertEquals(sent, []);
  backlog.take(200);
  assertEquals(sent.map(receivedSamples), [
    { ...samplesOf({ data: ramp(100, 300), sampleRate: 8000, channels: 2 }) },
  ]);
  // They are on their way now.
  assert(holds(backlog, piece(400)));
  backlog.send();
  assertEquals(sent.length, 2);
  backlog.take(600);
  backlog.take(200);
  assert(backlog.isEmpty && !holds(backlog, piece(500)));
});

test("Backlog: samples of another track, rate, format or layout are a message of their own, in order", () => {
  const { backlog, sent } = backlogOf();
  const data = ramp(0, 8);
  holds(backlog, samplesOf({ data, sampleRate: 8000 }));
  const pieces: readonly (readonly [AudioSamples, number])[] = [
    [{ data, sampleRate: 8000, channels: 2 }, 0],
    [{ data, sampleRate: 8000, channels: 2 }, 1],
    [{ data, sampleRate: 16000, channels: 2 }, 1],
    [{ data: Float32Array.from(data), sampleRate: 16000, channels: 2 }, 1],
    [{ data: [data, data], sampleRate: 16000 }, 1],
    [{ data: [data, data], sampleRate: 16000, layout: "stereo" }, 1],
  ];
  for (const [given, track] of pieces) assert(holds(backlog, samplesOf(given), track));
  backlog.send();
  assertEquals(sent.map(receivedSamples), pieces.map(([given]) => samplesOf(given)));
});

test("Backlog: what is held is bounded, pieces too large for it go at once, and memory is reused", () => {
  const { backlog, sent } = backlogOf();
  const piece = samplesOf({ data: new Int16Array(10_000), sampleRate: 48000, channels: 2 });
  holds(backlog, piece);
  for (let count = 0; count < 20; count++) assert(holds(backlog, piece));
  assertEquals(sent.map(({ planeBytes }) => planeBytes), [120_000, 120_000, 120_000]);
  const large = samplesOf({ data: new Int16Array(100_000), sampleRate: 48000, channels: 2 });
  assert(!holds(backlog, large));
  assertEquals(sent.length, 4);
  const [first] = sent[0]!.planes;
  backlog.take(20_000, sent[0]!.planes);
  for (let count = 0; count < 4; count++) assert(holds(backlog, piece));
  backlog.send();
  assert(sent.at(-1)!.planes[0] === first);
  // A few samples are sent in less.
  assert(holds(backlog, piece));
  backlog.send();
  assertEquals(sent.at(-1)!.planes.map(({ byteLength }) => byteLength), [20_000]);
  backlog.clear();
  backlog.send();
  assertEquals(sent.length, 6);
});

test("createAudioWriter: pieces that come faster than they are encoded are few messages, and whole", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.wav");
  const host = runtime();
  const start = host.startThread;
  let messages = 0;
  host.startThread = (...given) => {
    const thread = start.call(host, ...given);
    const post: typeof thread.post = (message, transferred) => {
      if ((message as { message?: { type?: string } }).message?.type === "audio") messages++;
      thread.post(message, transferred);
    };
    return { ...thread, post };
  };
  try {
    // A thread of its own, so that it is started here.
    const workerUrl = `${pathToFileURL(`${repository}src/worker/avwriter_worker.ts`).href}?batch`;
    const random = seeded(5);
    const all = Int16Array.from({ length: 2 * 96_000 }, () => random());
    const writer = await createAudioWriter("pcm_s16le", path, { workerUrl });
    let pieces = 0;
    const calls: Promise<void>[] = [];
    for (let from = 0; from < all.length; pieces++) {
      const piece = all.subarray(from, from += 2 * (1 + random() % 500));
      const data = pieces % 40 === 0 ? Float32Array.from(piece, (sample) => sample / 32768) : piece.slice();
      calls.push(writer.write({ data, sampleRate: 48000, channels: 2 }));
      // Whoever writes may use the memory again.
      data.fill(0);
    }
    await Promise.all(calls);
    assertEquals((await writer.close()).seconds, 2);
    assertSameBytes(decodeAudio(path, "s16"), new Uint8Array(all.buffer), "the samples");
    assert(messages > 0 && messages < pieces / 4, `${messages} messages for ${pieces} pieces`);
  } finally {
    host.startThread = start;
  }
});

test("write: tracks and frames in turns become the same file in another thread as in this one", async () => {
  using folder = new TemporaryFolder();
  const files = (["worker", "main"] as const).map((thread) =>
    [thread, folder.file(`${thread}.mkv`)] as const
  );
  for (const [thread, path] of files) {
    const audio = [{ codec: "pcm_s16le" }, { codec: "pcm_s16le" }];
    const writer = await createFileWriter("ffv1", path, 25, { thread, audio });
    for (let frame = 0; frame < 25; frame++) {
      const written = [writer.write(barFrame(frame))];
      for (let piece = 0; piece < 8; piece++) {
        const data = ramp(240 * (8 * frame + piece) % 20_000, 240);
        // Two tracks, the second one with a time now and then.
        const timestamp = piece === 4 ? { timestamp: frame / 25 + 0.02 } : undefined;
        written.push(writer.writeAudio({ data, sampleRate: 48000, channels: 1, track: 0 }));
        written.push(writer.writeAudio({ data, sampleRate: 48000, channels: 1, track: 1 }, timestamp));
      }
      await Promise.all(written);
    }
    const { seconds } = await writer.close();
    assertEquals(seconds, 1);
  }
  const [one, other] = files.map(([, path]) => decodeAudio(path, "s16"));
  assertEquals(one!.length, 2 * 2 * 48_000);
  assertSameBytes(one!, other!, "the first track");
});
