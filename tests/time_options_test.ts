import { existsSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createAudioWriter, createFileWriter } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { listen } from "./support/audio.ts";
import { cuesOf } from "./support/subtitles.ts";
import { testsOf } from "./support/test.ts";
import { firstPacketTime, makeTone, packetTimes, readTimes } from "./support/timelines.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const sampleRate = 48_000;

/** So many seconds of a loud constant: what is heard of it is easily told from silence. */
function loud(seconds: number): { data: Float32Array; sampleRate: number; channels: number } {
  const data = Float32Array.from(
    { length: Math.round(seconds * sampleRate) },
    (_, n) => n % 2 === 0 ? 0.5 : -0.5,
  );
  return { data, sampleRate, channels: 1 };
}

/** When audio is first heard, in seconds. */
function heardFrom(path: string): number {
  return listen(path).findIndex((sample) => Math.abs(sample) > 0.2) / sampleRate;
}

for (const extension of some(["mp4", "mkv", "ts"], 2)) {
  testBoth(
    `timestampOrigin: with "first", ${extension} counts frames, audio and the length from the first timestamp`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(`a.${extension}`);
      const begin = 1_796_000_000.25;
      const writer = await createFileWriter("h264", path, 30, {
        timing: "timestamps",
        timestampOrigin: "first",
        audio: { codec: "aac" },
      });
      const times = [0, 0.5, 0.7, 1.25];
      for (const time of times) await writer.write(barFrame(0), { timestamp: begin + time });
      await writer.writeAudio(loud(0.5), { timestamp: begin + 0.5 });
      const { seconds } = await writer.close();
      assertAlmostEquals(seconds, 1.25 + 1 / 30, 1e-6);
      const read = frameTimes(path);
      const shift = extension === "ts" ? read[0]! : 0;
      assertEquals(read.length, times.length);
      for (const [index, time] of read.entries()) assertAlmostEquals(time - shift, times[index]!, 0.000_51);
    },
  );
}

test("timestampOrigin: timestamps that count from 1970 are refused without it, with the option's name", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("h264", folder.file("a.mp4"), 30, { timing: "timestamps" });
  await assertFails(() => writer.write(barFrame(0), { timestamp: 1_796_000_000 }), {
    type: RangeError,
    says: ["1796000000", 'timestampOrigin "first"'],
  });
  await writer.abort();
  const first = await createFileWriter("h264", folder.file("b.mp4"), 30, {
    timing: "timestamps",
    timestampOrigin: "first",
  });
  await first.write(barFrame(0), { timestamp: 1_796_000_000 });
  await assertFails(() => first.write(barFrame(0), { timestamp: 1_795_999_999 }), {
    type: RangeError,
    says: ["1795999999", "before the first"],
  });
  await first.abort();
});

test("capturedAt: frames that a program has queued are shown when they were captured", async () => {
  using folder = new TemporaryFolder();
  for (const extension of ["mp4", "mkv"]) {
    const path = folder.file(`a.${extension}`);
    const writer = await createFileWriter("h264", path, 30, { timing: "wallclock" });
    const begin = performance.now() - 2000;
    const times = [0, 0.04, 0.5, 0.51, 1.2];
    for (const time of times) await writer.write(barFrame(0), { capturedAt: begin + time * 1000 });
    await writer.close();
    const read = frameTimes(path);
    for (const [index, time] of read.entries()) assertAlmostEquals(time, times[index]!, 0.000_51);
    assertEquals(read.length, times.length);
    // The last one is shown until the writer is closed.
    assert(probe(path).duration >= 1.9, `${extension} is ${probe(path).duration} s long`);
  }
});

test("capturedAt: a moment that cannot be is refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("h264", folder.file("a.mp4"), 30, { timing: "wallclock" });
  const now = performance.now();
  await writer.write(barFrame(0), { capturedAt: now });
  const refusals = [
    { capturedAt: now - 10, type: RangeError, says: ["frame 1", "later"] },
    { capturedAt: now + 60_000, type: RangeError, says: ["capturedAt", "up to now"] },
    { capturedAt: NaN, type: RangeError, says: ["capturedAt", "NaN"] },
    { capturedAt: "1" as unknown as number, type: TypeError, says: ["capturedAt", "performance.now()"] },
  ] as const;
  for (const { capturedAt, type, says } of refusals) {
    await assertFails(() => writer.write(barFrame(0), { capturedAt }), { type, says: [...says] });
  }
  await writer.write(barFrame(0));
  assertEquals((await writer.close()).frames, 2);
  const constant = await createFileWriter("h264", folder.file("b.mp4"), 30);
  await assertFails(() => constant.write(barFrame(0), { capturedAt: now }), {
    type: TypeError,
    says: ["capturedAt", '"wallclock"'],
  });
  await constant.abort();
});

for (const [extension, most] of [["mp4", 23_860.9], ["ts", 47_721.8]] as const) {
  test(`timestamp: a pause that ${extension} cannot tell is refused at its frame, and the writer goes on`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(`a.${extension}`);
    const writer = await createFileWriter("h264", path, 30, { timing: "timestamps" });
    await writer.write(barFrame(0), { timestamp: 0 });
    await assertFails(() => writer.write(barFrame(1), { timestamp: most + 1 }), {
      type: RangeError,
      says: ["it comes after", "write frames more often, or use mkv"],
    });
    await writer.write(barFrame(1), { timestamp: most - 1 });
    await writer.write(barFrame(2), { timestamp: most });
    await writer.close();
    const { frames, isOrdered } = readTimes(path);
    assertEquals(frames.length, 3);
    assertAlmostEquals(frames[1]! - frames[0]!, most - 1, 1e-3);
    assertAlmostEquals(frames[2]! - frames[0]!, most, 1e-3);
    assert(isOrdered);
  });
}

testBoth("fps: a picture an hour, with B-frames, comes back whole and in order", async () => {
  using folder = new TemporaryFolder();
  for (const extension of some(["mp4", "mov", "mkv"], 2)) {
    const path = folder.file(`a.${extension}`);
    const writer = await createFileWriter("h264", path, 1 / 3600, { encoderOptions: { bf: 3 } });
    for (let index = 0; index < 30; index++) await writer.write(barFrame(index));
    await writer.close();
    const { frames, duration, isOrdered } = readTimes(path);
    assertEquals(frames, Array.from({ length: 30 }, (_, index) => index * 3600), extension);
    assertAlmostEquals(duration, 30 * 3600, 0.01);
    assert(isOrdered);
  }
});

for (const extension of some(["mp4", "mkv", "ts", "flv"], 2)) {
  testBoth(
    `writeAudio: a track may begin long after the file in ${extension}, and costs no silence before`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(`a.${extension}`);
      const start = 20;
      const writer = await createFileWriter("h264", path, 30, {
        timing: "timestamps",
        audio: { codec: "aac" },
      });
      for (let index = 0; index < 10; index++) {
        await writer.write(barFrame(index), { timestamp: start + index / 10 });
        if (index === 4) await writer.writeAudio(loud(0.5), { timestamp: start + 0.4 });
      }
      await writer.close();
      assert(writer.stats.audio[0]!.silence < 1, `${writer.stats.audio[0]!.silence} s of silence were made`);
      const { frames } = readTimes(path);
      assertEquals(frames.length, 10);
      // The first packet has the encoder's delay before it, where the container does not leave that out.
      assertAlmostEquals(firstPacketTime(path, "a") - frames[0]!, 0.4, 0.025);
    },
  );
}

for (const extension of some(["mp4", "mkv", "ts", "flv"], 3)) {
  testBoth(
    `audio.from: a file begins with a late video in ${extension}, and costs no silence before`,
    async () => {
      using folder = new TemporaryFolder();
      const [path, from] = [folder.file(`a.${extension}`), folder.file("tone.wav")];
      makeTone(from);
      const audio = { codec: "aac", from };
      const writer = await createFileWriter("h264", path, 30, { timing: "timestamps", audio });
      for (let index = 0; index < 10; index++) {
        await writer.write(barFrame(index), { timestamp: 3600 + index / 10 });
      }
      await writer.close();
      const [{ silence, seconds } = { silence: NaN, seconds: NaN }] = writer.stats.audio;
      assert(silence < 1, `${silence} s of silence were made`);
      assertAlmostEquals(seconds, 3600.9 + 1 / 30, 0.1);
      const { frames } = readTimes(path);
      assertAlmostEquals(firstPacketTime(path, "a") - frames[0]!, 0, 0.025);
    },
  );
}

test("writeAudio: with timing wallclock, what comes before the first frame is left out", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 30, { timing: "wallclock", audio: { codec: "aac" } });
  // Two seconds of a microphone before the camera gives its first picture.
  const silent = { data: new Float32Array(sampleRate / 2), sampleRate, channels: 1 };
  for (let piece = 0; piece < 4; piece++) await writer.writeAudio(loud(0.5));
  await writer.write(barFrame(0));
  await new Promise((resolve) => setTimeout(resolve, 520));
  await writer.writeAudio(silent);
  await writer.write(barFrame(1));
  await writer.close();
  assert(listen(path).every((sample) => Math.abs(sample) < 0.1), "what was heard before is in the file");
  assertAlmostEquals(writer.stats.audio[0]!.dropped, 2, 0.05);
});

test("writeAudio: a timestamp an hour beyond all else is refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 30, { audio: { codec: "aac" } });
  await writer.write(barFrame(0));
  await writer.writeAudio(loud(0.1), { timestamp: 0 });
  await assertFails(() => writer.writeAudio(loud(0.1), { timestamp: 5_000_000 }), {
    type: RangeError,
    says: ["5000000 s", "timestamps count in seconds", "3600"],
  });
  await writer.writeAudio(loud(0.1), { timestamp: 0.1 });
  await writer.close();
  assertEquals(probe(path).frames, 1);
  const audio = folder.file("a.flac");
  const alone = await createAudioWriter("flac", audio);
  await assertFails(() => alone.write(loud(0.1), { timestamp: 5_000_000 }), {
    type: RangeError,
    says: ["in seconds"],
  });
  await alone.abort();
  assert(!existsSync(audio));
});

for (const extension of some(["mp4", "mkv", "ts", "flv"], 4)) {
  for (const first of ["video", "audio"] as const) {
    testBoth(`writeAudio: all ${first} first, slowly, comes out interleaved in ${extension}`, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(`a.${extension}`);
      const writer = await createFileWriter("h264", path, 30, {
        audio: { codec: "aac" },
        preset: "ultrafast",
        tune: "zerolatency",
      });
      const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2300));
      const video = async (): Promise<void> => {
        for (let index = 0; index < 90; index++) {
          await writer.write(barFrame(index, 64, 48));
          if (index === 20 && first === "video") await pause();
        }
      };
      const audio = async (): Promise<void> => {
        for (let piece = 0; piece < 30; piece++) await writer.writeAudio(loud(0.1));
      };
      if (first === "video") await video();
      await audio();
      if (first === "audio") await video();
      await writer.close();
      const { frames } = readTimes(path);
      assertEquals(frames.length, 90);
      const shift = extension === "ts" || extension === "flv" ? frames[0]! : 0;
      assertAlmostEquals(heardFrom(path), shift, 0.03);
      assert(mostLate(path) < 0.5, `packets are up to ${mostLate(path)} s late in the file`);
    });
  }
}

/** By how many seconds packets stand after others of their time in a file, at most. */
function mostLate(path: string): number {
  let latest = -Infinity;
  let most = 0;
  for (const seconds of packetTimes(path)) {
    latest = Math.max(latest, seconds);
    most = Math.max(most, latest - seconds);
  }
  return most;
}

test("timing: wallclock pictures that stop for a while last until the next, and the last one until close", {
  skip: missingEncoders("libx264", "libvpx"),
}, async () => {
  using folder = new TemporaryFolder();
  await Promise.all(["mp4", "mkv", "webm"].map(async (extension) => {
    const path = folder.file(`a.${extension}`);
    const writer = await createFileWriter(extension === "webm" ? "vp8" : "h264", path, 30, {
      timing: "wallclock",
    });
    const begin = performance.now();
    const times: number[] = [];
    for (let index = 0; index < 3; index++) {
      times.push((performance.now() - begin) / 1000);
      await writer.write(barFrame(index));
      await new Promise((resolve) => setTimeout(resolve, 1400));
    }
    const { seconds } = await writer.close();
    const { frames, duration } = readTimes(path);
    for (const [index, time] of frames.entries()) assertAlmostEquals(time, times[index]! - times[0]!, 0.2);
    assertAlmostEquals(duration, seconds, 0.002, extension);
    assert(seconds > 4.1, `${extension}: ${seconds} s`);
  }));
});

test("writeSubtitle: cues that are hours apart are at their times in mp4 and mkv", async () => {
  using folder = new TemporaryFolder();
  const cues = [{ start: 0, end: 2 }, { start: 30_000, end: 30_001 }, { start: 86_000, end: 86_002.5 }];
  // mov can't be so long (QuickTime File Format, Media Header Atoms).
  for (const extension of ["mp4", "mkv"]) {
    for (const crashSafe of [true, false]) {
      const path = folder.file(`a.${extension}`);
      const writer = await createFileWriter("h264", path, 30, {
        timing: "timestamps",
        subtitles: {},
        crashSafe,
      });
      for (const cue of cues) await writer.writeSubtitle({ text: `at ${cue.start}`, ...cue });
      for (let hour = 0; hour <= 24; hour++) await writer.write(barFrame(hour), { timestamp: hour * 3600 });
      await writer.close();
      assertEquals(
        cuesOf(path),
        cues.map((cue) => ({ text: `at ${cue.start}`, ...cue })),
        `${extension} ${crashSafe}`,
      );
      assertEquals(readTimes(path).frames.length, 25);
    }
  }
});
