import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type AudioSamples, createAudioWriter, createFileWriter, UnsupportedError } from "../mod.ts";
import { amplitudeOf, decodeAudio, listen, probeAudio, sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth, testLong } = testsOf(import.meta.url);

const threads = ["worker", "main"] as const;
const sampleRate = 48000;

/** A second of numbers up to a size, the same each time. */
function noise(count: number, size: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (state * 48271) % 0x7fffffff;
    return Math.round((state / 0x7fffffff * 2 - 1) * size);
  });
}

for (
  const [codec, name] of some(
    [
      ["mp3", "a.mp3"],
      ["aac", "a.m4a"],
      ["opus", "a.ogg"],
      ["ac3", "a.mp4"],
      ["flac", "a.flac"],
    ] as const,
    4,
  )
) {
  for (const thread of threads) {
    testBoth(
      `createAudioWriter: ${codec} refuses what is no number, and the writer goes on; loud samples are lowered (${thread})`,
      { skip: codec === "mp3" ? missingEncoders("libmp3lame") : false },
      async () => {
        using folder = new TemporaryFolder();
        const path = folder.file(name);
        const writer = await createAudioWriter(codec, path, { thread });
        const { data } = sine({ count: sampleRate / 2, sampleRate });
        await writer.write({ data, sampleRate });
        for (
          const [value, shown] of [[NaN, "NaN"], [Infinity, "Infinity"], [-Infinity, "-Infinity"]] as const
        ) {
          await assertFails(() => writer.write({ data: data.with(4321, value), sampleRate }), {
            type: RangeError,
            says: [`sample 4321 is ${shown}`],
          });
        }
        await writer.write({ data: data.map((sample) => sample * 6.8e38), sampleRate });
        await writer.write({ data, sampleRate });
        assertEquals((await writer.close()).seconds, 1.5);
        const heard = listen(path);
        assertAlmostEquals(amplitudeOf(heard.subarray(6000, 18000), 1000), 0.5, 0.03);
        assertAlmostEquals(amplitudeOf(heard.subarray(54000, 66000), 1000), 0.5, 0.03);
      },
    );
  }
}

test("createAudioWriter: PCM keeps floats of any size, and NaN in bytes and planes is found", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.wav");
  const writer = await createAudioWriter("pcm_f32le", path);
  const data = Float32Array.of(0.25, 3e38, -1e9, 2, -0.75, 0);
  await writer.write({ data, sampleRate });
  await assertFails(() => writer.write({ data: [data.with(2, NaN)], sampleRate }), {
    type: RangeError,
    says: ["sample 2 of channel 0 is NaN"],
  });
  const unaligned = new Uint8Array(9);
  new DataView(unaligned.buffer).setFloat64(1, Infinity, true);
  await assertFails(() => writer.write({ data: unaligned.subarray(1), format: "dbl", sampleRate }), {
    type: RangeError,
    says: ["sample 0 is Infinity"],
  });
  await writer.close();
  assertSameBytes(decodeAudio(path, "f32"), new Uint8Array(data.buffer), "the samples");
});

/** The same samples, as each format has them. */
const numbers = noise(2 * 4800, 100);
const integers = { u8: 1, s16: 2 ** 8, s32: 2 ** 24 } as const;

function bytesOf(format: string): Uint8Array {
  if (format === "u8") return Uint8Array.from(numbers, (number) => number + 128);
  if (format === "s16") {
    return new Uint8Array(Int16Array.from(numbers, (number) => number * integers.s16).buffer);
  }
  if (format === "s32") {
    return new Uint8Array(Int32Array.from(numbers, (number) => number * integers.s32).buffer);
  }
  if (format === "s64") {
    return new Uint8Array(BigInt64Array.from(numbers, (number) => BigInt(number) * 2n ** 56n).buffer);
  }
  if (format === "flt") return new Uint8Array(Float32Array.from(numbers, (number) => number / 128).buffer);
  return new Uint8Array(Float64Array.from(numbers, (number) => number / 128).buffer);
}

/** Bytes of two interleaved channels, one channel after the other. */
function planar(bytes: Uint8Array): Uint8Array {
  const size = bytes.length / numbers.length;
  const planes = [0, 1].map((channel) =>
    bytes.filter((_, index) => Math.floor(index / size) % 2 === channel)
  );
  return Uint8Array.of(...planes[0]!, ...planes[1]!);
}

testBoth(
  "createAudioWriter: bytes of each format are what they say, in one buffer or one for each channel",
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.wav");
    let whole: Uint8Array | null = null;
    for (const plain of some(["u8", "s16", "s32", "s64", "flt", "dbl"] as const, 4)) {
      const bytes = bytesOf(plain);
      const apart = planar(bytes);
      const [left, right] = [apart.subarray(0, apart.length / 2), apart.subarray(apart.length / 2)];
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3)).subarray(3);
      shared.set(bytes);
      const forms: readonly AudioSamples[] = [
        { data: bytes, format: plain, channels: 2, sampleRate },
        { data: bytes.buffer as ArrayBuffer, format: plain, layout: "stereo", sampleRate },
        { data: shared, format: plain, channels: 2, sampleRate },
        { data: apart, format: `${plain}p`, channels: 2, sampleRate },
        { data: [left, new DataView(right.slice().buffer)], format: `${plain}p`, sampleRate },
        { data: [left, right], format: plain, sampleRate },
      ];
      for (const samples of forms) {
        const writer = await createAudioWriter("pcm", path, { thread: "main", sampleFormat: "s16" });
        await writer.write(samples);
        await writer.close();
        const file = new Uint8Array(readFileSync(path));
        if (whole === null) assertSameBytes(decodeAudio(path, "s16"), bytesOf("s16"), "the first form");
        else assertSameBytes(file, whole, `${plain} as ${Object.keys(samples)}`);
        whole = file;
      }
    }
  },
);

test("createAudioWriter: fields that samples do not have, and formats that do not fit, are refused", async () => {
  using folder = new TemporaryFolder();
  const writer = await createAudioWriter("pcm", folder.file("a.wav"));
  const data = new Uint8Array(8);
  const good = { data, sampleRate };
  const wrong: readonly (readonly [unknown, typeof TypeError | typeof RangeError, string])[] = [
    [{ ...good, fromat: "s16" }, TypeError, 'no field "fromat". Did you mean "format"?'],
    [{ ...good, timestamp: 1 }, TypeError, "the second argument"],
    [{ ...good, numberOfChannels: 2 }, TypeError, 'Did you mean "channels"?'],
    [{ ...good, format: "f32" }, TypeError, 'must be "flt" for that'],
    [{ ...good, format: "s24" }, TypeError, '"s16", "s16p"'],
    [{ ...good, format: 16 }, TypeError, "format is 16"],
    [{ ...good, data: new Float32Array(2), format: "s16" }, TypeError, "a Float32Array"],
    [{ ...good, data: new Uint8Array(7), format: "s16" }, RangeError, "7 bytes"],
    [{ ...good, data: new Uint8Array(6), format: "s16", channels: 2 }, RangeError, "3 numbers"],
    [{ ...good, data: data.buffer }, TypeError, "an ArrayBuffer"],
    [{ ...good, data: structuredClone }, TypeError, "a function"],
    [data, TypeError, "a Uint8Array"],
    [{ getChannelData: () => data, sampleRate }, TypeError, "AudioBuffer"],
    [{ ...good, track: 1 }, RangeError, "the only one"],
  ];
  for (const [samples, type, part] of wrong) {
    await assertFails(() => writer.write(samples as AudioSamples), { type, says: [part] });
  }
  const gone = new Uint8Array(8);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await assertFails(() => writer.write({ data: gone, sampleRate }), { type: TypeError, says: ["detached"] });
  await writer.write(good);
  assertEquals((await writer.close()).seconds, 8 / sampleRate);
});

/** Tones of their own for so many channels. */
const tones = (channels: number): Float32Array[] =>
  Array.from(
    { length: channels },
    (_, channel) =>
      sine({ count: sampleRate / 2, sampleRate, frequency: 300 + 200 * channel, amplitude: 0.3 }).data,
  );

for (
  const [codec, name, channels] of some(
    [
      ["opus", "a.ogg", 4],
      ["alac", "a.m4a", 8],
      ["alac", "b.m4a", 4],
      ["aac", "b.m4a", 8],
      ["ac3", "a.mp4", 6],
      ["flac", "a.flac", 8],
      ["pcm", "a.wav", 7],
    ] as const,
    3,
  )
) {
  testBoth(
    `createAudioWriter: ${codec} keeps each of ${channels} channels`,
    { skip: codec === "opus" ? missingEncoders("libopus") : false },
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const writer = await createAudioWriter(codec, path, { thread: channels === 4 ? "main" : "worker" });
      await writer.write({ data: tones(channels), sampleRate });
      assertEquals((await writer.close()).channels, channels);
      assertEquals(probeAudio(path)[0]!.channels, channels);
      // Not by a number of channels, to which readers would mix them.
      const heard = new Float32Array(decodeAudio(path, "f32").slice().buffer);
      for (let channel = 0; channel < channels; channel++) {
        // The fourth and later of 6 channels and more are for low frequencies only in lossy codecs.
        if (channel === 3 && channels > 5 && ["aac", "ac3"].includes(codec)) continue;
        const own = heard.filter((_, index) => index % channels === channel).subarray(6000, 18000);
        assertAlmostEquals(amplitudeOf(own, 300 + 200 * channel), 0.3, 0.03, `channel ${channel}`);
      }
    },
  );
}

for (const thread of threads) {
  test(`createAudioWriter: channels that no layout of the encoder holds are refused (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const writer = await createAudioWriter("ac3", folder.file("a.mp4"), { thread });
    await assertFails(() => writer.write({ data: tones(8), sampleRate }), {
      type: UnsupportedError,
      says: ["ac3", "7.1"],
    });
    const mixed = await createAudioWriter("ac3", folder.file("b.mp4"), { thread, channels: 6 });
    await mixed.write({ data: tones(8), sampleRate });
    assertEquals((await mixed.close()).channels, 6);
    // Nor does a later piece lose any.
    const later = await createAudioWriter("flac", folder.file("a.flac"), { thread });
    await later.write({ data: tones(1), sampleRate });
    await assertFails(() => later.write({ data: tones(2), sampleRate }), {
      type: RangeError,
      says: ["2 channels", "the track has 1"],
    });
    assertEquals((await later.close()).channels, 1);
  });

  test(`writeAudio: samples that do not say their channels, or have more than the track, are refused (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const audio = [{ codec: "flac" }, { codec: "flac", channels: 1 }];
    const writer = await createFileWriter("mpeg4", path, 25, { audio, thread });
    const { data } = sine({ count: sampleRate, sampleRate });
    await assertFails(() => writer.writeAudio({ data, sampleRate }), {
      type: RangeError,
      says: ["channels: 2"],
    });
    await assertFails(() => writer.writeAudio({ data: tones(6), sampleRate }), {
      type: RangeError,
      says: ["6 channels", "the track has 2"],
    });
    await writer.writeAudio({ data: [data], sampleRate });
    // One channel is what the other track has, and more are mixed down as its options ask.
    await writer.writeAudio({ data: data.subarray(0, sampleRate / 2), sampleRate, track: 1 });
    const half = tones(2);
    await writer.writeAudio({ data: half, sampleRate, track: 1 });
    for (let index = 0; index < 25; index++) {
      await writer.write({ data: new Uint8Array(64 * 36 * 4), width: 64, height: 36 });
    }
    await writer.close();
    assertEquals(probeAudio(path).map(({ channels }) => channels), [2, 1]);
    assertAlmostEquals(listen(path).length / sampleRate, 1, 0.001);
  });
}

/** The values that decoders of 24 bits give for integers of 32. */
const upper = (value: number): number => value & ~0xff;

for (
  const [codec, name, container] of some(
    [["flac", "a.flac", null], ["alac", "a.m4a", null], ["flac", "a.mkv", "video"]] as const,
    2,
  )
) {
  testBoth(
    `${
      container === null ? "createAudioWriter" : "writeAudio"
    }: ${codec} in ${name} keeps 24 of 32 bits, 24 of floats, and 16 of 16`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      const wide = Int32Array.from(noise(9600, 2 ** 31 - 1));
      const floats = Float32Array.from(noise(9600, 2 ** 23 - 1), (number) => number / 2 ** 23);
      const narrow = Int16Array.from(noise(9600, 2 ** 15 - 1));
      for (
        const [data, expected] of [
          [wide, wide.map(upper)],
          [floats, Int32Array.from(floats, (number) => number * 2 ** 31)],
          [narrow, Int32Array.from(narrow, (number) => number * 2 ** 16)],
        ] as const
      ) {
        if (container === null) {
          const writer = await createAudioWriter(codec, path);
          await writer.write({ data, sampleRate });
          await writer.close();
          const raw = data === narrow ? "s16" : "s32";
          assertEquals(probeAudio(path)[0]!.sample_fmt!.replace("p", ""), raw);
        } else {
          const writer = await createFileWriter("mpeg4", path, 25, { audio: { codec, channels: 1 } });
          await writer.writeAudio({ data, sampleRate });
          for (let index = 0; index < 25; index++) {
            await writer.write({ data: new Uint8Array(64 * 36 * 4), width: 64, height: 36 });
          }
          await writer.close();
        }
        assertSameBytes(decodeAudio(path, "s32"), new Uint8Array(expected.buffer), data.constructor.name);
      }
    },
  );
}

test("createAudioWriter: wav has room for the sizes of files beyond 4 GiB", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.wav");
  const writer = await createAudioWriter("pcm", path);
  await writer.write(sine({ count: 4800, sampleRate }));
  await writer.close();
  // The chunk that becomes "ds64" where the sizes need it (EBU Tech 3306); in FFmpeg 9.0, behind "fmt ".
  const head = readFileSync(path).subarray(0, 80).toString("latin1");
  assert(/^RIFF.{4}WAVE(?:fmt .{20})?JUNK/s.test(head), head);
  assertEquals(listen(path).length, 4800);
});

testLong("createAudioWriter: a wav file of more than 4 GiB has its length", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.wav");
  const writer = await createAudioWriter("pcm_f64le", path, { thread: "main" });
  const second = Array.from({ length: 8 }, () => new Float64Array(768_000).fill(0.25));
  for (let count = 0; count < 90; count++) await writer.write({ data: second, sampleRate: 768_000 });
  const { bytes } = await writer.close();
  assert(bytes > 2 ** 32, `${bytes} bytes`);
  const { stdout, stderr } = spawnSync("ffprobe", [
    ...["-v", "error", "-show_entries", "stream=duration", "-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  assertEquals([Number(stdout), stderr], [90, ""]);
});
