import { copyFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type AudioOptions,
  type AudioSamples,
  createFileWriter,
  EncoderNotFoundError,
  UnsupportedError,
  type VideoWriter,
  WriteError,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import {
  amplitudeOf,
  beeps,
  decodeAudio,
  flashAndBeep,
  flashesToBeeps,
  heardRate,
  listen,
  loudness,
  onsets,
  probeAudio,
  sine,
} from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, decode, lightOptions, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth, testLong } = testsOf(import.meta.url);

const threads = ["worker", "main"] as const;

/** Writes frames, ten unless told otherwise, and closes. */
async function finishWithFrames(writer: VideoWriter, count = 10): Promise<void> {
  for (let index = 0; index < count; index++) await writer.write(barFrame(index));
  await writer.close();
}

/** A file of a track of samples, beside as many frames as they need. */
async function writeWithAudio(
  path: string,
  audio: AudioOptions,
  pieces: readonly AudioSamples[],
  options: WriterOptions = {},
): Promise<void> {
  const codec = path.endsWith(".webm") ? "vp9" : "mpeg4";
  const writer = await createFileWriter(codec, path, 50, { audio, ...lightOptions(codec), ...options });
  for (const piece of pieces) await writer.writeAudio(piece);
  const lengths = pieces.map(({ data, sampleRate, channels = 1 }) =>
    (Array.isArray(data) ? data[0]!.length : (data as Float32Array).length / channels) / sampleRate
  );
  const seconds = lengths.reduce((sum, length) => sum + length, 0);
  await finishWithFrames(writer, Math.max(1, Math.ceil(seconds * 50)));
}

for (
  const [name, codec, thread] of some(
    [
      ["a.mp4", "h264", "worker"],
      ["a.mkv", "h264", "worker"],
      ["a.webm", "vp9", "worker"],
      ["a.mov", "mpeg4", "main"],
      ["a.ts", "h264", "main"],
      ["a.nut", "mjpeg", "main"],
    ] as const,
    2,
  )
) {
  testBoth(
    `writeAudio: a flash and a beep of one time are within a packet of each other in ${name} (${codec}, ${thread})`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const [num, den, sampleRate, length] = [30000, 1001, 44100, 12];
      const writer = await createFileWriter(codec, path, "30000/1001", {
        audio: {},
        thread,
        ...lightOptions(codec),
      });
      const samples = await flashAndBeep(writer, { num, den }, sampleRate, length);
      await writer.close();
      const { audio: [stats] } = writer.stats;
      assertAlmostEquals(stats!.seconds, samples / sampleRate, 1e-9);
      assertEquals([stats!.silence, stats!.dropped, stats!.corrected], [0, 0, 0]);
      const apart = flashesToBeeps(path, { num, den });
      assertEquals(apart.length, length);
      // Matroska counts in milliseconds.
      const packet = 1024 / heardRate + 0.001;
      for (const [index, seconds] of apart.entries()) {
        assert(Math.abs(seconds) <= packet, `beep ${index} comes ${seconds} s after its flash`);
      }
    },
  );
}

/** Codecs, containers that take them, and what comes back. */
const codecs: readonly {
  readonly codec: string;
  readonly encoder: string;
  readonly name: string;
  readonly lossless?: "s16" | "s32" | "f32";
  readonly sampleFormat?: string;
}[] = [
  { codec: "aac", encoder: "aac", name: "a.mp4" },
  { codec: "aac", encoder: "aac", name: "a.mkv" },
  { codec: "opus", encoder: "libopus", name: "a.webm" },
  { codec: "opus", encoder: "libopus", name: "a.mp4" },
  { codec: "mp3", encoder: "libmp3lame", name: "a.mp4" },
  { codec: "mp3", encoder: "libmp3lame", name: "a.avi" },
  { codec: "vorbis", encoder: "libvorbis", name: "a.webm" },
  { codec: "ac3", encoder: "ac3", name: "a.mkv" },
  { codec: "ac3", encoder: "ac3", name: "a.ts" },
  { codec: "flac", encoder: "flac", name: "a.mkv", lossless: "s16" },
  { codec: "flac", encoder: "flac", name: "b.mp4", lossless: "s16" },
  { codec: "alac", encoder: "alac", name: "a.mov", lossless: "s16" },
  { codec: "pcm", encoder: "pcm_s16le", name: "a.mov", lossless: "s16" },
  { codec: "pcm", encoder: "pcm_s16le", name: "a.mkv", lossless: "s16" },
  { codec: "pcm", encoder: "pcm_s16le", name: "a.avi", lossless: "s16" },
  { codec: "pcm", encoder: "pcm_s16le", name: "a.nut", lossless: "s16" },
  { codec: "pcm", encoder: "pcm_s32le", name: "b.mkv", lossless: "s32", sampleFormat: "s32" },
  { codec: "pcm_f32le", encoder: "pcm_f32le", name: "c.mkv", lossless: "f32" },
];

const samplesOf = {
  s16: (data: Float32Array): Int16Array => Int16Array.from(data, (sample) => Math.round(sample * 32767)),
  s32: (data: Float32Array): Int32Array => Int32Array.from(data, (sample) => Math.round(sample * 2147483647)),
  f32: (data: Float32Array): Float32Array => data,
} as const;

for (const { codec, encoder, name, lossless, sampleFormat } of some(codecs, 3)) {
  const title = `writeAudio: a sine comes back from ${encoder} in ${name}${
    lossless === undefined ? "" : ", bit for bit"
  }`;
  testBoth(title, { skip: missingEncoders(encoder) }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const audio = {
      codec,
      sampleRate: 48000,
      channels: 1,
      ...(sampleFormat === undefined ? {} : { sampleFormat }),
    };
    const tone = sine({ count: 96000, sampleRate: 48000 });
    const data = lossless === undefined ? tone.data : samplesOf[lossless](tone.data);
    const pieces = [0, 10000, 10001, 50000].map((from, index, all) => ({
      ...tone,
      data: data.subarray(from, all[index + 1] ?? data.length),
    }));
    await writeWithAudio(path, audio, pieces);
    if (lossless !== undefined) {
      const written = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return assertSameBytes(decodeAudio(path, lossless), written, "the samples");
    }
    const heard = listen(path);
    assertAlmostEquals(heard.length / heardRate, 2, 0.06);
    const middle = heard.subarray(12000, 84000);
    const level = 20 * Math.log10(amplitudeOf(middle, 1000) / 0.5);
    assert(Math.abs(level) < 0.5, `the sine's level is ${level} dB off`);
    const all = 20 * Math.log10(loudness(middle) / 0.5);
    assert(Math.abs(all) < 0.5, `the level of all is ${all} dB off`);
  });
}

test("writeAudio: every kind of array, interleaved or planar, at any rate, makes the same audio", async () => {
  const sampleRate = 32000;
  const tone = sine({ count: 32000, sampleRate, channels: 2, amplitude: 0.25 });
  const channels = [0, 1].map((channel) => tone.data.filter((_, index) => index % 2 === channel));
  const kinds: Readonly<Record<string, AudioSamples>> = {
    Float32Array: tone,
    Int16Array: { ...tone, data: samplesOf.s16(tone.data) },
    Int32Array: { ...tone, data: samplesOf.s32(tone.data) },
    Uint8Array: { ...tone, data: Uint8Array.from(tone.data, (sample) => 128 + Math.round(sample * 127)) },
    planes: { data: channels, sampleRate },
    "planes of Int16Array": { data: channels.map(samplesOf.s16), sampleRate },
    "8000 Hz": sine({ count: 8000, sampleRate: 8000, channels: 2, amplitude: 0.25 }),
    "96000 Hz": sine({ count: 96000, sampleRate: 96000, channels: 2, amplitude: 0.25 }),
    mono: sine({ count: 32000, sampleRate, amplitude: 0.25 }),
  };
  for (const [kind, samples] of Object.entries(kinds)) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    await writeWithAudio(path, { codec: "flac", sampleFormat: "s32" }, [samples]);
    const heard = listen(path, { channels: 2 });
    assertAlmostEquals(heard.length / 2 / heardRate, 1, 0.002, kind);
    for (const channel of [0, 1]) {
      const own = heard.filter((_, index) => index % 2 === channel).subarray(4800, 43200);
      // One channel for two loudspeakers is as loud as both of them.
      const expected = kind === "mono" ? 0.25 * Math.SQRT1_2 : 0.25;
      assertAlmostEquals(amplitudeOf(own, 1000), expected, 0.004, `${kind}, channel ${channel}`);
    }
  }
});

test("writeAudio: eight channels keep their places, and two can be made of six", async () => {
  using folder = new TemporaryFolder();
  const sampleRate = 48000;
  const tones = Array.from(
    { length: 8 },
    (_, channel) =>
      sine({ count: sampleRate, sampleRate, frequency: 300 + channel * 100, amplitude: 0.2 }).data,
  );
  const path = folder.file("a.mkv");
  await writeWithAudio(path, { codec: "flac", layout: "7.1" }, [{ data: tones, sampleRate, layout: "7.1" }]);
  assertEquals(probeAudio(path)[0]!.channel_layout, "7.1");
  const heard = listen(path, { channels: 8 });
  for (const channel of tones.keys()) {
    const own = heard.filter((_, index) => index % 8 === channel);
    assertAlmostEquals(amplitudeOf(own, 300 + channel * 100), 0.2, 0.002, `channel ${channel}`);
  }
  const stereo = folder.file("b.mkv");
  await writeWithAudio(stereo, { codec: "flac", channels: 2 }, [{ data: tones.slice(0, 6), sampleRate }]);
  const two = listen(stereo, { channels: 2 });
  const [left, right] = [0, 1].map((channel) => two.filter((_, index) => index % 2 === channel));
  assert(amplitudeOf(left!, 300) > 5 * amplitudeOf(right!, 300), "the left channel is on the left");
  assertAlmostEquals(amplitudeOf(left!, 500), amplitudeOf(right!, 500), 0.002, "the center is on both sides");
});

for (const thread of threads) {
  test(`writeAudio: gaps become silence, and what comes too early is left out (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const sampleRate = 48000;
    const options = { audio: { codec: "flac", channels: 1 }, thread };
    const writer = await createFileWriter("mpeg4", path, 50, options);
    const tone = sine({ count: sampleRate / 2, sampleRate });
    await writer.writeAudio(tone, { timestamp: 0.25 });
    await writer.writeAudio(tone, { timestamp: 1.5 });
    // Half of it is over already; the other half is heard.
    await writer.writeAudio(sine({ count: sampleRate / 2, sampleRate, frequency: 2000 }), {
      timestamp: 1.75,
    });
    await finishWithFrames(writer, 120);
    const [stats] = writer.stats.audio;
    assertAlmostEquals(stats!.seconds, 2.25, 1e-6);
    assertAlmostEquals(stats!.silence, 1, 1e-6);
    assertAlmostEquals(stats!.dropped, 0.25, 1e-6);
    assertEquals(stats!.corrected, 0);
    const heard = listen(path);
    const level = (from: number, to: number, frequency: number): number =>
      amplitudeOf(heard.subarray(from * heardRate, to * heardRate), frequency);
    assertAlmostEquals(heard.length / heardRate, 2.25, 1e-3);
    assertAlmostEquals(loudness(heard.subarray(0, 0.249 * heardRate)), 0, 1e-4);
    assertAlmostEquals(level(0.25, 0.75, 1000), 0.5, 1e-3);
    assertAlmostEquals(loudness(heard.subarray(0.751 * heardRate, 1.499 * heardRate)), 0, 1e-4);
    assertAlmostEquals(level(1.5, 2, 1000), 0.5, 1e-3);
    assertAlmostEquals(level(2, 2.25, 2000), 0.5, 1e-3);
  });
}

test("writeAudio: with wallclock timing, audio that begins later than the video is heard then", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const options = { audio: { codec: "flac", channels: 1 }, timing: "wallclock" } as const;
  const writer = await createFileWriter("mpeg4", path, 25, options);
  await writer.write(barFrame(0));
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const now = performance.now();
  await writer.writeAudio(sine({ count: 4800, sampleRate: 48000 }));
  await writer.writeAudio(sine({ from: 4800, count: 48000, sampleRate: 48000 }));
  await writer.write(barFrame(1));
  await writer.close();
  const [onset] = onsets(listen(path));
  const expected = (now - from) / 1000 - 0.1;
  assert(onset! > expected - 0.02 && onset! < expected + 0.3, `heard at ${onset} s instead of ${expected} s`);
  const { seconds, silence } = writer.stats.audio[0]!;
  assertAlmostEquals(seconds - silence, 1.1, 1e-6);
});

test("writeAudio: a clock that runs 0.1 % too fast or too slow is followed, and the pitch with it", async () => {
  for (const skew of [1.001, 0.999]) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const [sampleRate, count, pieces] = [48000, 4800, 300];
    const writer = await createFileWriter("mpeg4", path, 10, { audio: { codec: "pcm", channels: 1 } });
    for (let piece = 0; piece < pieces; piece++) {
      const samples = beeps(piece * count, count, sampleRate);
      await writer.writeAudio(samples, { timestamp: piece * count / sampleRate * skew });
      await writer.write(barFrame(piece));
    }
    await writer.close();
    const [stats] = writer.stats.audio;
    assertEquals([stats!.silence, stats!.dropped], [0, 0]);
    assertAlmostEquals(stats!.corrected, 30 * (skew - 1), 0.012, `${skew}`);
    const heard = onsets(listen(path));
    assertEquals(heard.length, 30);
    for (const [index, onset] of heard.entries()) {
      assertAlmostEquals(onset, index * skew, 0.02, `beep ${index}, ${skew}`);
    }
  }
});

test("writeAudio: a track ends when its timestamps say, also where a correction is not over yet", async () => {
  // The rate of the samples that come after the jump.
  for (const laterRate of [48000, 44100]) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("mpeg4", path, 10, { audio: { codec: "flac", channels: 1 } });
    const second = (sampleRate: number) => sine({ count: sampleRate, sampleRate });
    await writer.writeAudio(second(48000), { timestamp: 0 });
    await writer.writeAudio(second(48000), { timestamp: 1.09 });
    await writer.writeAudio(second(laterRate), { timestamp: 2.09 });
    await finishWithFrames(writer, 40);
    const [stats] = writer.stats.audio;
    assertAlmostEquals(stats!.corrected, 0.09, 0.01);
    assertAlmostEquals(stats!.seconds, 3.09, 0.01);
    assertAlmostEquals(listen(path).length / heardRate, 3.09, 0.01, `${laterRate}`);
  }
});

testLong(
  "writeAudio: all audio before all frames, all frames before all audio, or no audio at all: the file is whole",
  async () => {
    const sampleRate = 48000;
    const tone = sine({ count: 8 * sampleRate, sampleRate });
    const frames = Array.from({ length: 200 }, (_, index) => barFrame(index % 20));
    for (const name of isLong ? ["a.mp4", "a.mkv", "a.ts", "a.webm"] : ["a.mp4", "a.ts"]) {
      for (const order of ["audio first", "frames first", "no audio"]) {
        using folder = new TemporaryFolder();
        const path = folder.file(name);
        const codec = name === "a.webm" ? "vp9" : "h264";
        const writer = await createFileWriter(codec, path, 25, {
          audio: {},
          preset: "veryfast",
          ...lightOptions(codec),
        });
        const writeSamples = async (): Promise<void> => {
          for (let from = 0; from < tone.data.length; from += 10007) {
            await writer.writeAudio({ ...tone, data: tone.data.subarray(from, from + 10007) });
          }
        };
        // There, a track that is empty, or begins late, can't be told from a broken one.
        if (name === "a.ts" && order !== "audio first") continue;
        if (order === "audio first") await writeSamples();
        for (const frame of frames) await writer.write(frame);
        if (order === "frames first") await writeSamples();
        const { frames: written, seconds } = await writer.close();
        assertEquals([written, seconds], [200, 8], `${name}, ${order}`);
        const { frames: decoded, duration } = probe(path);
        assertEquals(decoded, 200, `${name}, ${order}`);
        assertAlmostEquals(duration, 8, 0.05, `${name}, ${order}`);
        if (order === "no audio") continue;
        const heard = listen(path);
        assertAlmostEquals(heard.length / heardRate, 8, 0.12, `${name}, ${order}`);
        assertAlmostEquals(amplitudeOf(heard.subarray(24000, 360000), 1000), 0.5, 0.01, `${name}, ${order}`);
      }
    }
  },
);

test("writeAudio: a track that falls silent does not hold up the file", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.nut");
  const [width, height, count] = [640, 360, 240];
  const frame = { data: new Uint8Array(width * height * 3 / 2), width, height, format: "yuv420p" };
  const writer = await createFileWriter("rawvideo", path, 25, { audio: {}, thread: "main" });
  await writer.writeAudio(sine({ count: 24000, sampleRate: 48000 }));
  for (let index = 0; index < count; index++) await writer.write(frame);
  const { bytes } = writer.stats;
  assert(bytes > 60 * 2 ** 20, `${bytes} bytes were encoded`);
  const waiting = bytes - statSync(path).size;
  assert(waiting < 34 * 2 ** 20, `${waiting} of ${bytes} bytes are not on the disk yet`);
  await writer.close();
  assertEquals(probe(path).frames, count);
});

test("writeAudio: a recording goes on where a track has been silent for two seconds", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const options = { audio: {}, thread: "main", encoderOptions: { tune: "zerolatency" } } as const;
  const writer = await createFileWriter("libx264", path, 25, options);
  await writer.write(barFrame(0));
  const before = statSync(path).size;
  await new Promise((resolve) => setTimeout(resolve, 2100));
  for (let index = 1; index < 50; index++) await writer.write(barFrame(index % 20));
  assert(statSync(path).size > before + 1000, `${before} and ${statSync(path).size} bytes are on the disk`);
  const copy = folder.file("copy.mp4");
  copyFileSync(path, copy);
  assert(decode(copy, "gray").length > 160 * 90 * 30, "thirty frames would survive a kill");
  await writer.close();
  assertEquals(probe(path).frames, 50);
});

test("audio: several tracks have their codecs, languages and titles", async () => {
  for (const name of ["a.mp4", "a.mkv"]) {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    const audio: AudioOptions[] = [
      { codec: "aac", language: "eng", title: "Speech" },
      { codec: "ac3", language: "fra", channels: 1, sampleRate: 44100, bitrate: "96k" },
    ];
    const writer = await createFileWriter("mpeg4", path, 25, { audio });
    const sampleRate = 48000;
    for (let piece = 0; piece < 10; piece++) {
      const at = { from: piece * 4800, count: 4800, sampleRate };
      await writer.writeAudio(sine({ ...at, frequency: 400 }));
      await writer.writeAudio({ ...sine({ ...at, frequency: 900 }), track: 1 });
    }
    await finishWithFrames(writer, 25);
    const tracks = probeAudio(path);
    assertEquals(tracks.map(({ codec_name }) => codec_name), ["aac", "ac3"]);
    assertEquals(tracks.map(({ channels, sample_rate }) => `${channels} ${sample_rate}`), [
      "2 48000",
      "1 44100",
    ]);
    assertEquals(tracks.map(({ tags }) => tags!.language), ["eng", "fra"]);
    assertEquals(tracks[0]!.tags!.title ?? tracks[0]!.tags!.handler_name, "Speech");
    // Players begin with the first one. Matroska has no handlers.
    assertEquals(tracks.map(({ disposition }) => disposition.default), [1, 0], name);
    const keys = tracks.flatMap(({ tags = {} }) => Object.keys(tags));
    assertEquals(keys.some((key) => /^handler_name$/i.test(key)), name === "a.mp4", `${keys}`);
    for (const [track, frequency, other] of [[0, 400, 900], [1, 900, 400]] as const) {
      const heard = listen(path, { track });
      assert(amplitudeOf(heard, frequency) > 20 * amplitudeOf(heard, other), `${name}, track ${track}`);
    }
  }
});

test("audio.codec: each container gets the codec that plays everywhere it does, at a rate that its encoder takes", async () => {
  const expected = {
    "a.mp4": "aac",
    "a.mov": "aac",
    "a.mkv": "aac",
    "a.webm": "opus",
    "a.avi": "mp3",
    "a.ts": "aac",
  };
  for (const [name, codec] of Object.entries(expected)) {
    using folder = new TemporaryFolder();
    const path = folder.file(name);
    await writeWithAudio(path, {}, [sine({ count: 11025, sampleRate: 22050 })]);
    const [track] = probeAudio(path);
    assertEquals([track!.codec_name, track!.sample_rate, track!.channels], [codec, "48000", 2], name);
  }
});

test("writeAudio: the same audio makes the same file, in both threads", async () => {
  for (const name of ["a.mp4", "a.mkv"]) {
    const files = [];
    for (const thread of threads) {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      await writeWithAudio(path, {}, [sine({ count: 30001, sampleRate: 44100 })], { thread });
      files.push(new Uint8Array(readFileSync(path)));
    }
    assertSameBytes(files[0]!, files[1]!, name);
  }
});

test("crashSafe: a recording with audio that is killed is playable, and recoverable", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 25, {
    audio: {},
    thread: "main",
    encoderOptions: { tune: "zerolatency" },
  });
  const sampleRate = 48000;
  for (let index = 0; index < 100; index++) {
    await writer.write(barFrame(index % 20));
    await writer.writeAudio(sine({ from: index * 1920, count: 1920, sampleRate }));
  }
  // What is on the disk now is what a kill would leave.
  const copy = folder.file("copy.mp4");
  copyFileSync(path, copy);
  await writer.abort();
  assert(!existsSync(path));
  assert(probe(copy).frames > 50, `${probe(copy).frames} frames`);
  const heard = listen(copy);
  assert(heard.length > 2 * heardRate, `${heard.length / heardRate} s of audio`);
  assertAlmostEquals(amplitudeOf(heard.subarray(4800, 86400), 1000), 0.5, 0.02);
});

test("writeAudio: invalid samples are reported, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg4", folder.file("a.mkv"), 25, { audio: {} });
  const data = new Float32Array(6);
  const wrong: readonly (readonly [unknown, unknown, typeof TypeError | typeof RangeError, string])[] = [
    [null, undefined, TypeError, "null"],
    [{ data, sampleRate: 0 }, undefined, RangeError, "sampleRate 0"],
    [{ data, sampleRate: 44100.5 }, undefined, RangeError, "44100.5"],
    [{ data: new Uint16Array(4), sampleRate: 48000 }, undefined, TypeError, "Float32Array"],
    [{ data: [1, 2], sampleRate: 48000 }, undefined, TypeError, "Float32Array"],
    [{ data: [], sampleRate: 48000 }, undefined, RangeError, "no array"],
    [{ data: [data, new Int16Array(6)], sampleRate: 48000 }, undefined, TypeError, "several types"],
    [{ data: [data, new Float32Array(5)], sampleRate: 48000 }, undefined, RangeError, "5"],
    [{ data, sampleRate: 48000, channels: 4 }, undefined, RangeError, "not a multiple"],
    [{ data, sampleRate: 48000, channels: 9 }, undefined, RangeError, "9 channels"],
    [{ data, sampleRate: 48000, channels: 2, layout: "5.1" }, undefined, RangeError, "5.1"],
    [{ data, sampleRate: 48000, channels: 2, layout: "round" }, undefined, RangeError, "round"],
    [{ data, sampleRate: 48000, track: 1 }, undefined, RangeError, "track is 1"],
    [{ data, sampleRate: 48000 }, undefined, RangeError, "channels: 2"],
    [{ data: [data, data, data], sampleRate: 48000 }, undefined, RangeError, "3 channels"],
    [{ data, sampleRate: 48000, channels: 1 }, 5, TypeError, "options"],
    [{ data, sampleRate: 48000, channels: 1 }, { time: 5 }, TypeError, "options"],
    [{ data, sampleRate: 48000, channels: 1 }, { timestamp: -1 }, RangeError, "-1"],
    [{ data, sampleRate: 48000, channels: 1 }, { timestamp: NaN }, RangeError, "NaN"],
    [{ data, sampleRate: 48000, channels: 1 }, { timestamp: "1" }, TypeError, '"1"'],
  ];
  for (const [samples, timing, type, part] of wrong) {
    await assertFails(() => writer.writeAudio(samples as AudioSamples, timing as never), {
      type,
      says: [part],
    });
  }
  await writer.writeAudio({ data: new Float32Array(0), sampleRate: 48000, channels: 1 });
  await writer.writeAudio(sine({ count: 4800, sampleRate: 48000 }));
  await finishWithFrames(writer);
  assertAlmostEquals(writer.stats.audio[0]!.seconds, 0.1, 1e-9);
  await assertFails(() => writer.writeAudio(sine({ count: 1, sampleRate: 48000 })), {
    type: WriterClosedError,
    says: ["closed"],
  });
});

test("audio: an invalid track is refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const refused: readonly (readonly [string, unknown, typeof TypeError, string])[] = [
    ["a.mp4", 5, TypeError, "silence: true"],
    ["a.mp4", "silent", TypeError, "silence: true"],
    ["a.mp4", { code: "aac" }, TypeError, '"codec"'],
    ["a.mp4", { channels: 0 }, TypeError, "channels"],
    ["a.mp4", { layout: "round" }, TypeError, "layout"],
    ["a.mp4", { channels: 2, layout: "5.1" }, TypeError, "channels"],
    ["a.mp4", { language: "English" }, TypeError, "language"],
    ["a.mp4", { sampleRate: -1 }, RangeError, "-1"],
    ["a.mp4", { bitrate: "fast" }, TypeError, "bitrate"],
    ["a.mp4", { sampleFormat: "s12" }, TypeError, "s12"],
    ["a.mp4", { codec: "acc" }, EncoderNotFoundError as never, '"aac"'],
    ["a.mp4", { sampleRate: 44101 }, UnsupportedError as never, "44100"],
    ["a.mp4", { codec: "mp3", channels: 6 }, UnsupportedError as never, "5.1"],
    ["a.webm", { codec: "aac" }, UnsupportedError as never, "mp4"],
    ["a.gif", {}, UnsupportedError as never, "no audio"],
  ];
  for (const [name, audio, type, part] of refused) {
    const codec = { "a.webm": "vp9", "a.gif": "gif" }[name] ?? "mpeg4";
    const path = folder.file(name);
    await assertFails(() => createFileWriter(codec, path, 25, { audio: audio as AudioOptions }), {
      type,
      says: [part],
    });
    assert(!existsSync(path));
  }
  const silent = await createFileWriter("mpeg4", folder.file("b.mp4"), 25);
  await assertFails(() => silent.writeAudio(sine({ count: 1, sampleRate: 48000 })), {
    type: TypeError,
    says: ["audio: {}"],
  });
  await finishWithFrames(silent);
});

for (const thread of some(threads, 2)) {
  testBoth(`audio: a silent track is as long as the video, whatever its timing (${thread})`, async () => {
    for (const timing of ["constant", "timestamps"] as const) {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mp4");
      const writer = await createFileWriter("h264", path, 25, {
        audio: [{ from: { silence: true } }, { codec: "ac3" }],
        timing,
        thread,
      });
      await assertFails(() => writer.writeAudio(sine({ count: 1, sampleRate: 48000 })), {
        type: TypeError,
        says: ["track 0 is a silent one"],
      });
      for (let index = 0; index < 50; index++) {
        await writer.write(barFrame(index % 20), timing === "constant" ? {} : { timestamp: index / 10 });
        await writer.writeAudio({
          ...sine({ from: index * 1920, count: 1920, sampleRate: 48000 }),
          track: 1,
        });
      }
      const { seconds } = await writer.close();
      const [stats] = writer.stats.audio;
      assertAlmostEquals(stats!.seconds, seconds, 1e-4);
      assertAlmostEquals(stats!.silence, seconds, 1e-4);
      const heard = listen(path);
      assertAlmostEquals(heard.length / heardRate, seconds, 0.03);
      assertEquals(loudness(heard), 0);
      assert(amplitudeOf(listen(path, { track: 1 }), 1000) > 0.15);
    }
  });
}

test("writeAudio: audio without a frame is an error, not a recording that is lost without notice", async () => {
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const writer = await createFileWriter("mpeg4", path, 25, { audio: {}, thread });
    await writer.writeAudio(sine({ count: 4800, sampleRate: 48000 }));
    await assertFails(() => writer.close(), { type: WriteError, code: "NO_FRAME", says: ["no frame"] });
    assert(!existsSync(path));
  }
});
