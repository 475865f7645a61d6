import { existsSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { createFileWriter, ReadError, UnsupportedError, type VideoWriter } from "../mod.ts";
import { ArrivalClock } from "../src/capture/arrival_clock.ts";
import { amplitudeOf, heardRate, listen, loudness, probeAudio } from "./support/audio.ts";
import { missingDevices, type SkipReason } from "./support/features.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { isDeno, Recording } from "./support/processes.ts";
import { hasPulse, PulseServer } from "./support/pulse.ts";
import { test } from "./support/test.ts";

const withoutDevices = missingDevices();
/** The reason where there is no PulseAudio to record from. */
const withoutPulse: SkipReason = withoutDevices || !hasPulse() && "there is no pulseaudio here";

/** The reason where nothing is heard of what PulseAudio plays. */
async function missingTone(): Promise<SkipReason> {
  if (withoutPulse !== false) return withoutPulse;
  using server = await PulseServer.start();
  return !server.play(1000) && "the ffmpeg program does not hear a thing, either";
}

const withoutTone = await missingTone();

/** Records four seconds of bars, at the pace of the clock on the wall, with the audio of a device. */
function record(
  path: string,
  server: PulseServer,
  name: string,
  thread: "worker" | "main" = "worker",
): Recording {
  return new Recording({
    codec: "mpeg4",
    path,
    fps: 25,
    width: 160,
    height: 90,
    frames: 100,
    pace: 25,
    options: { audio: { from: { system: "pulse", name } }, timing: "wallclock", thread, logLevel: "quiet" },
  }, { variables: server.variables });
}

/** Waits until a quarter of the video is written. */
async function quarter(recording: Recording): Promise<void> {
  await recording.reach("write");
  while (recording.framesWritten < 25) await new Promise((resolve) => setTimeout(resolve, 20));
}

test(
  "audio.from: what a device hears is in the file from the first frame to the last",
  { skip: withoutTone },
  async () => {
    using server = await PulseServer.start();
    assert(server.play(1000));
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    using recording = record(path, server, server.device);
    assertEquals(await recording.end(), null);
    const { duration, frames } = probe(path);
    assertEquals(frames, 100);
    assertEquals(probeAudio(path)[0]!.codec_name, "aac");
    const heard = listen(path);
    assertAlmostEquals(heard.length / heardRate, duration, 0.2);
    // It is there at both ends: the player began before, and ends later.
    for (const from of [0.5, 1.5, 2.5, 3.3]) {
      const piece = heard.subarray(from * heardRate, (from + 0.4) * heardRate);
      const level = loudness(piece);
      assert(level > 0.3 && level < 0.8, `${level} at ${from} s`);
      // In short pieces: the pitch is bent a little while the clocks find together.
      for (let at = 0; at < piece.length; at += 960) {
        const tone = amplitudeOf(piece.subarray(at, at + 960), 1000);
        assert(tone > 0.7 * level, `${tone} of ${level} at ${from + at / heardRate} s`);
      }
    }
  },
);

/** Records, has the device die when a quarter is written, and checks what is left and told. */
async function recordDying(
  server: PulseServer,
  end: "freeze" | "unplug",
  thread: "worker" | "main",
): Promise<void> {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  using recording = record(path, server, server.device, thread);
  await quarter(recording);
  server[end]();
  const failure = await recording.end();
  assertEquals(failure?.type, "ReadError");
  assertStringIncludes(failure!.message, 'Cannot continue recording from the pulse device "speaker.monitor"');
  assertEquals(failure!.code, end === "freeze" ? "NO_AUDIO" : "EXTERNAL");
  assertEquals(probe(path).frames, 100, end);
  const heard = listen(path);
  const seconds = heard.length / heardRate;
  assert(seconds > 0.8 && seconds < 2, `${end}: ${seconds} s`);
  assert(loudness(heard.subarray(heardRate / 4, heardRate / 2)) > 0.3, end);
}

test(
  "audio.from: a microphone that dies leaves a whole video, and close reports it",
  { skip: withoutTone },
  async () => {
    using frozen = await PulseServer.start();
    using unplugged = await PulseServer.start();
    // Before either recording begins: this blocks.
    assert(frozen.play(1000) && unplugged.play(1000));
    await Promise.all([recordDying(frozen, "freeze", "worker"), recordDying(unplugged, "unplug", "main")]);
  },
);

test(
  "audio.from: a missing device is reported when the writer opens, and no file is made",
  { skip: withoutPulse },
  async () => {
    using server = await PulseServer.start();
    using folder = new TemporaryFolder();
    for (const name of ["nothing.monitor", server.device]) {
      if (name === server.device) {
        // Bun's process ends only when libpulse has given up, after half a minute.
        if (!isDeno) continue;
        server.freeze();
      }
      using recording = record(folder.file("a.mp4"), server, name);
      const failure = await recording.end();
      assertEquals(failure?.type, "ReadError");
      assertStringIncludes(failure!.message, `Cannot record from the pulse device "${name}"`);
      assert(!existsSync(folder.file("a.mp4")));
    }
  },
);

/** Opens a recording of ALSA's null device. */
function openNullDevice(path: string): Promise<VideoWriter> {
  return createFileWriter("mpeg4", path, 25, {
    audio: { from: { system: "alsa", name: "null" } },
    timing: "wallclock",
    logLevel: "quiet",
  });
}

/** The reason where there is none: without ALSA's files it has no device of that name. */
async function missingNullDevice(): Promise<SkipReason> {
  if (withoutDevices !== false) return withoutDevices;
  using folder = new TemporaryFolder();
  try {
    await (await openNullDevice(folder.file("a.mp4"))).abort();
    return false;
  } catch (error) {
    assert(error instanceof ReadError, String(error));
    return error.message;
  }
}

test("audio.from: ALSA's null device, which never waits, is recorded at the pace of the clock", {
  skip: await missingNullDevice(),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await openNullDevice(path);
  for (let index = 0; index < 25; index++) {
    await writer.write(barFrame(index % 20));
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const { seconds } = await writer.close();
  const [track] = writer.stats.audio;
  assertAlmostEquals(track!.seconds, seconds, 0.3);
  assertAlmostEquals(listen(path).length / heardRate, seconds, 0.3);
});

test(
  "audio.from: a device of another system is refused when the writer opens",
  { skip: withoutDevices },
  async () => {
    using folder = new TemporaryFolder();
    const open = () =>
      createFileWriter("mpeg4", folder.file("a.mp4"), 25, { audio: { from: { system: "dshow" } } });
    await assertFails(open, { type: UnsupportedError, code: "NO_DEVICES", says: ["dshow"] });
    assert(!existsSync(folder.file("a.mp4")));
  },
);

test("ArrivalClock: the time of samples is that of the earliest arrival, whatever comes late", () => {
  const clock = new ArrivalClock(48000);
  const late = [0.05, 0.02, 0.2, 0.01, 0.03, 0.4, 0.01, 0.02, 0.05, 0.01];
  let worst = 0;
  for (let piece = 0; piece < 400; piece++) {
    const now = 100 + (piece + 1) * 0.02 + late[piece % late.length]!;
    const time = clock.place(960, now);
    if (piece > 10) worst = Math.max(worst, Math.abs(time - 0.01 - (100 + piece * 0.02)));
  }
  assertAlmostEquals(worst, 0, 1e-9);
  // A device that runs 0.1 % too slow is followed, and so is one that was asleep for a second.
  const slow = new ArrivalClock(48000);
  let time = 0;
  for (let piece = 0; piece < 1000; piece++) time = slow.place(960, 100 + (piece + 1) * 0.02 * 1.001);
  assertAlmostEquals(time, 100 + 999 * 0.02 * 1.001, 0.003);
  for (let piece = 1000; piece < 1100; piece++) time = slow.place(960, 101 + (piece + 1) * 0.02 * 1.001);
  assertAlmostEquals(time, 101 + 1099 * 0.02 * 1.001, 0.003);
});
