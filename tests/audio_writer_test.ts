import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type AudioSamples,
  type AudioWriter,
  type AudioWriterOptions,
  createAudioWriter,
  EncoderNotFoundError,
  OptionError,
  recoverFile,
  UnsupportedError,
  WriteError,
  WriterClosedError,
} from "../mod.ts";
import { amplitudeOf, decodeAudio, heardRate, listen, loudness, probeAudio, sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { test } from "./support/test.ts";

const threads = ["worker", "main"] as const;

/** Writes a sine in pieces of an odd size. */
async function writeSine(writer: AudioWriter, sampleRate: number, seconds: number): Promise<void> {
  for (let from = 0; from < seconds * sampleRate; from += 1237) {
    await writer.write(sine({ from, count: Math.min(1237, seconds * sampleRate - from), sampleRate }));
  }
}

for (
  const [codec, encoder, name, format, isLossless] of [
    ["pcm", "pcm_s16le", "a.wav", "wav", true],
    ["aac", "aac", "a.m4a", "ipod", false],
    ["alac", "alac", "b.m4a", "ipod", true],
    ["mp3", "libmp3lame", "a.mp3", "mp3", false],
    ["opus", "libopus", "a.ogg", "ogg", false],
    ["vorbis", "libvorbis", "b.ogg", "ogg", false],
    ["flac", "flac", "c.ogg", "ogg", true],
    ["flac", "flac", "a.flac", "flac", true],
    ["opus", "libopus", "a.opus", "opus", false],
    ["aac", "aac", "a.aac", "adts", false],
    ["flac", "flac", "a.mka", "matroska", true],
    ["ac3", "ac3", "a.mp4", "mp4", false],
    ["pcm", "pcm_s16be", "a.aiff", "aiff", true],
  ] as const
) {
  test(
    `createAudioWriter: a sine comes back from ${encoder} in ${name}${
      isLossless ? ", bit for bit" : ""
    }, in both threads alike`,
    { skip: missingEncoders(encoder) },
    async () => {
      using folder = new TemporaryFolder();
      const tone = sine({ count: 88200, sampleRate: 44100 });
      const data = Int16Array.from(tone.data, (sample) => Math.round(sample * 32767));
      const sampleRate = encoder === "libopus" ? 48000 : 44100;
      const paths = threads.map((thread) => folder.file(`${thread}-${name}`));
      for (const [index, thread] of threads.entries()) {
        const path = paths[index]!;
        const writer = await createAudioWriter(codec, path, { thread });
        for (let from = 0; from < data.length; from += 1237) {
          await writer.write({ data: data.subarray(from, from + 1237), sampleRate: 44100 });
        }
        const summary = await writer.close();
        assertEquals(summary, {
          path,
          format,
          encoder,
          sampleRate,
          channels: 1,
          seconds: 2,
          bytes: statSync(path).size,
        });
      }
      const [path, other] = paths as [string, string];
      assertSameBytes(readFileSync(path), readFileSync(other), name);
      const [track] = probeAudio(path);
      assertEquals([Number(track!.sample_rate), track!.channels], [sampleRate, 1]);
      if (isLossless) {
        assertSameBytes(decodeAudio(path, "s16"), new Uint8Array(data.buffer), "the samples");
      }
      const heard = listen(path);
      assertAlmostEquals(heard.length / heardRate, 2, 0.06);
      const level = 20 * Math.log10(amplitudeOf(heard.subarray(12000, 84000), 1000) / 0.5);
      assert(Math.abs(level) < 0.5, `the sine's level is ${level} dB off`);
    },
  );
}

test("createAudioWriter: rate and channels are those of the first samples, unless others are asked for", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.flac");
  const cases: readonly (readonly [AudioWriterOptions, number, number, string])[] = [
    [{}, 44100, 1, "44100 1"],
    [{}, 96000, 2, "96000 2"],
    [{}, 48000, 6, "48000 6"],
    [{ sampleRate: 22050, channels: 2 }, 48000, 1, "22050 2"],
    [{ layout: "mono" }, 48000, 2, "48000 1"],
  ];
  for (const [options, sampleRate, channels, expected] of cases) {
    const writer = await createAudioWriter("flac", path, options);
    await writer.write(sine({ count: sampleRate, sampleRate, channels }));
    // Later ones may differ, and are converted.
    await writer.write(sine({ count: 32000, sampleRate: 32000 }));
    const summary = await writer.close();
    const [track] = probeAudio(path);
    assertEquals(`${track!.sample_rate} ${track!.channels}`, expected);
    assertEquals(`${summary.sampleRate} ${summary.channels}`, expected);
    assertEquals(summary.seconds, 2);
    assertAlmostEquals(listen(path).length / heardRate, 2, 0.001);
  }
});

for (const thread of threads) {
  test(`createAudioWriter: timestamps, tags, chapters and progress are as for videos (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.m4a");
    const told: number[] = [];
    const writer = await createAudioWriter("alac", path, {
      thread,
      metadata: { title: "Waves", artist: "Ana" },
      chapters: [{ title: "One", start: 0 }, { title: "Two", start: 1 }],
      language: "deu",
      onProgress: ({ seconds }) => void told.push(seconds),
    });
    const sampleRate = 48000;
    await writer.write(sine({ count: 24000, sampleRate }), { timestamp: 0.5 });
    await writer.write(sine({ count: 24000, sampleRate }), { timestamp: 1.5 });
    const { seconds } = await writer.close();
    assertEquals(seconds, 2);
    assertEquals(told.at(-1), 2);
    const { silence, dropped, corrected, bytes } = writer.stats;
    assertEquals([silence, dropped, corrected], [1, 0, 0]);
    assert(bytes > 1000 && bytes < statSync(path).size, `${bytes} bytes`);
    assertEquals(probeAudio(path)[0]!.tags!.language, "deu");
    const heard = listen(path);
    assertAlmostEquals(loudness(heard.subarray(100, 23900)), 0, 1e-4);
    assertAlmostEquals(amplitudeOf(heard.subarray(24000, 48000), 1000), 0.5, 0.001);
    assertAlmostEquals(loudness(heard.subarray(48100, 71900)), 0, 1e-4);
    assertAlmostEquals(amplitudeOf(heard.subarray(72000, 96000), 1000), 0.5, 0.001);
  });

  test(`createAudioWriter: without samples there is no file, and abort removes what was begun (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.wav");
    writeFileSync(path, "before");
    const idle = await createAudioWriter("pcm", path, { thread });
    const { seconds, bytes, encoder } = await idle.close();
    assertEquals([seconds, bytes, encoder], [0, 0, ""]);
    assertEquals(readFileSync(path, "utf8"), "before");
    const aborted = await createAudioWriter("pcm", path, { thread });
    await writeSine(aborted, 48000, 0.01);
    assert(readFileSync(path, "latin1").startsWith("RIFF"), "the first piece has begun a file");
    await aborted.abort(new Error("enough"));
    assert(!existsSync(path));
    for (const action of [() => writeSine(aborted, 48000, 1), () => aborted.close()]) {
      const error = await assertFails(action, {
        type: WriterClosedError,
        code: "ABORTED",
        says: ["aborted"],
      });
      assertEquals((error.cause as Error).message, "enough");
    }
    const abort = new AbortController();
    const signalled = await createAudioWriter("pcm", path, { thread, signal: abort.signal });
    await writeSine(signalled, 48000, 0.1);
    abort.abort();
    await signalled[Symbol.asyncDispose]();
    assert(!existsSync(path));
  });

  test(`createAudioWriter: a failing disk is reported by every later call, and what is there stays playable (${thread})`, async () => {
    const writer = await createAudioWriter("pcm", "/dev/full", { thread, format: "wav", logLevel: "quiet" });
    const write = async (): Promise<void> => {
      for (let piece = 0; piece < 200; piece++) await writeSine(writer, 48000, 0.25);
      await writer.close();
    };
    const error = await assertFails(write, {
      type: WriteError,
      code: "ENOSPC",
      says: ["/dev/full", "space"],
    });
    assertEquals(await writer.close().catch((again) => again), error);
    assertEquals(await writeSine(writer, 48000, 0.1).catch((again) => again), error);
  });
}

test("createAudioWriter: a stream of samples can be piped into a writer", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.flac");
  const writer = await createAudioWriter("flac", path);
  let piece = 0;
  const source = new ReadableStream<AudioSamples>({
    pull(controller) {
      if (piece === 10) return controller.close();
      controller.enqueue(sine({ from: piece++ * 4800, count: 4800, sampleRate: 48000 }));
    },
  });
  await source.pipeTo(writer.writable);
  assertEquals((await writer.close()).seconds, 1);
  assertAlmostEquals(amplitudeOf(listen(path), 1000), 0.5, 0.001);
});

test("createAudioWriter: a recording that is killed is playable, and recoverable", async () => {
  for (
    const [codec, name] of [["aac", "a.m4a"], ["pcm", "a.wav"], ["flac", "a.mka"], ["flac", "a.flac"], [
      "mp3",
      "a.mp3",
    ]] as const
  ) {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const writer = await createAudioWriter(codec, path, { thread: "main" });
    await writeSine(writer, 48000, 5);
    // What is on the disk now is what a kill would leave.
    const copy = folder.file(`copy-${name}`);
    copyFileSync(path, copy);
    await writer.abort();
    const heard = listen(copy);
    assert(heard.length > 4 * heardRate, `${name}: ${heard.length / heardRate} s`);
    const { frames } = await recoverFile(copy);
    assertEquals(frames, 0);
    const recovered = listen(copy);
    assert(
      recovered.length >= heard.length - 4800,
      `${name}: ${recovered.length} samples of ${heard.length}`,
    );
    // LAME makes all a little quieter.
    assertAlmostEquals(amplitudeOf(recovered.subarray(4800, 4 * heardRate), 1000), 0.5, 0.03, name);
  }
});

test("createAudioWriter: invalid samples are reported, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const writer = await createAudioWriter("flac", folder.file("a.flac"));
  const data = new Float32Array(6);
  const wrong: readonly (readonly [unknown, unknown, typeof TypeError | typeof RangeError, string])[] = [
    [null, undefined, TypeError, "null"],
    [{ data, sampleRate: 0 }, undefined, RangeError, "sampleRate 0"],
    [{ data, sampleRate: 48000, layout: "round" }, undefined, RangeError, "round"],
    [{ data, sampleRate: 48000, track: 1 }, undefined, RangeError, "track is 1"],
    [{ data, sampleRate: 48000 }, { timestamp: -1 }, RangeError, "-1"],
    [{ data, sampleRate: 48000 }, 5, TypeError, "options"],
  ];
  for (const [samples, timing, type, part] of wrong) {
    await assertFails(() => writer.write(samples as AudioSamples, timing as never), { type, says: [part] });
  }
  await writeSine(writer, 48000, 1);
  assertEquals((await writer.close()).seconds, 1);
  await assertFails(() => writeSine(writer, 48000, 1), {
    type: WriterClosedError,
    code: "CLOSED",
    says: ["closed"],
  });
});

test("createAudioWriter: invalid options are refused when the writer opens, and the disk stays as it was", async () => {
  using folder = new TemporaryFolder();
  // deno-lint-ignore no-explicit-any
  type ErrorClass = new (...parameters: any[]) => Error;
  const refused: readonly (readonly [unknown, string, unknown, ErrorClass, string])[] = [
    ["", "a.wav", {}, TypeError, "codec"],
    ["acc", "a.wav", {}, EncoderNotFoundError, '"aac"'],
    ["libx264", "a.wav", {}, EncoderNotFoundError, "neither"],
    ["aac", "a.wave", {}, UnsupportedError, "wav"],
    ["aac", "a.gif", {}, UnsupportedError, "no audio"],
    ["flac", "a.mp3", {}, UnsupportedError, "Containers that take flac"],
    ["flac", "none/a.flac", {}, WriteError, "folder"],
    ["flac", "a.flac", 5, TypeError, "options"],
    ["flac", "a.flac", { bitRate: 5 }, TypeError, '"bitrate"'],
    ["flac", "a.flac", { from: "a.wav" }, TypeError, '"from"'],
    ["flac", "a.flac", { quality: "high" }, TypeError, '"quality"'],
    ["flac", "a.flac", { channels: 2, layout: "5.1" }, TypeError, "channels"],
    ["flac", "a.flac", { sampleRate: 0 }, RangeError, "sampleRate 0"],
    ["opus", "a.ogg", { sampleRate: 44100 }, UnsupportedError, "48000"],
    ["flac", "a.flac", { encoderOptions: { compresion_level: 5 } }, OptionError, "compression_level"],
    ["pcm", "a.wav", { formatOptions: { rf65: "sometimes" } }, OptionError, "rf64"],
    ["pcm", "a.wav", { chapters: [{ title: "One", start: 0 }] }, UnsupportedError, "chapters"],
  ];
  for (const [codec, name, options, type, part] of refused) {
    const path = folder.file(name);
    await assertFails(() => createAudioWriter(codec as string, path, options as AudioWriterOptions), {
      type,
      says: [part],
    });
    assert(!existsSync(path));
  }
});
