import { execFileSync } from "node:child_process";
import { linkSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { createAudioWriter, createFileWriter, recoverFile, type VideoWriter, WriteError } from "../mod.ts";
import { loadNative } from "../ffi/mod.ts";
import { resolveTrack } from "../src/audio/audio_options.ts";
import { checkSamples, readSamplesFields } from "../src/audio/samples.ts";
import { AudioSession } from "../src/engine/audio_session.ts";
import { SessionControl } from "../src/engine/ending/session_control.ts";
import { VideoSession } from "../src/engine/video_session.ts";
import { parseFrameRate } from "../src/video/frame_rate.ts";
import { checkOptions } from "../src/writer/options.ts";
import { barFrame, TemporaryFolder, writeBars } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { Recording } from "./support/processes.ts";
import { play } from "./support/record.ts";
import { test } from "./support/test.ts";

const inUse = { type: WriteError, code: "IN_USE", says: ["another writer"] } as const;

async function write(writer: VideoWriter, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) await writer.write(barFrame(index));
}

for (const thread of ["worker", "main"] as const) {
  test(
    `createFileWriter, ${thread}: of two writers of one new file the second is refused, and the first goes on`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mp4");
      const first = await createFileWriter("mpeg4", path, 30, { thread });
      const second = await createFileWriter("mpeg4", path, 30, { thread });
      await write(first, 0, 15);
      const error = await rejection(() => write(second, 0, 15));
      assert(error instanceof WriteError && error.code === "IN_USE", String(error));
      await second.abort();
      await write(first, 15, 30);
      await first.close();
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 30);
      assertEquals(readdirSync(folder.path), ["a.mp4"]);
    },
  );

  test(
    `createFileWriter, ${thread}: a file that is written is refused by every name, until its writer ends`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mkv");
      writeFileSync(path, "old");
      linkSync(path, folder.file("hard.mkv"));
      const names = [path, folder.file("hard.mkv"), `${folder.path}/./x/../a.mkv`];
      // Links need a right of their own on Windows.
      if (process.platform !== "win32") {
        symlinkSync(path, folder.file("soft.mkv"));
        names.push(folder.file("soft.mkv"));
      }
      const ends: readonly ((writer: VideoWriter) => Promise<unknown>)[] = [
        (writer) => writer.close(),
        (writer) => writer.abort(),
        // What is refused changes nothing.
        (writer) => rejection(() => writer.write({ image: new Uint8Array(3) })).then(() => writer.close()),
      ];
      for (const end of ends) {
        const writer = await createFileWriter("mpeg4", path, 30, { thread });
        for (const name of names) {
          await assertFails(() => createFileWriter("mpeg4", name, 30, { thread }), inUse);
        }
        assertEquals(readFileSync(path, "utf8"), "old");
        await assertFails(() => createAudioWriter("pcm_s16le", path, { format: "matroska" }), inUse);
        await assertFails(() => recoverFile(path), inUse);
        await end(writer);
      }
      for (const name of names) await writeBars(await createFileWriter("mpeg4", name, 30, { thread }), 3);
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 3);
    },
  );
}

for (const thread of ["worker", "main"] as const) {
  test(
    `createFileWriter, ${thread}: a file that took the place of another since the writer opened is its own`,
    { skip: process.platform === "win32" && "by Wine, a new file may get the number of a removed one" },
    async () => {
      using folder = new TemporaryFolder();
      for (const isReplaced of [true, false]) {
        const path = folder.file("a.mkv");
        writeFileSync(path, "old");
        const first = await createFileWriter("mpeg4", path, 30, { thread });
        rmSync(path);
        if (isReplaced) writeFileSync(path, "new");
        await write(first, 0, 15);
        await assertFails(() => createFileWriter("mpeg4", path, 30, { thread }), inUse);
        await first.close();
        assertEquals(play(path, { width: 160, fps: 30 }).frames, 15);
      }
      // It may be another writer's by then.
      const path = folder.file("b.mkv");
      writeFileSync(path, "old");
      const first = await createFileWriter("mpeg4", path, 30, { thread });
      rmSync(path);
      const second = await createFileWriter("mpeg4", path, 30, { thread });
      await write(second, 0, 15);
      const error = await rejection(() => write(first, 0, 15));
      assert(error instanceof WriteError && error.code === "IN_USE", String(error));
      await write(second, 15, 30);
      await second.close();
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 30);
    },
  );
}

test(
  "createFileWriter: a file that another process writes is refused, until that has ended",
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    using recording = new Recording({
      codec: "mpeg4",
      path,
      width: 320,
      height: 180,
      fps: 30,
      frames: 4000,
      pace: 30,
      content: "bars",
    });
    await recording.reach("write");
    await delay(1000);
    await assertFails(() => createFileWriter("mpeg4", path, 30), inUse);
    await assertFails(() => recoverFile(path), inUse);
    await recording.kill();
    assert(play(path, { width: 320, fps: 30, isCut: true }).frames > 0);
    await recoverFile(path);
    await writeBars(await createFileWriter("mpeg4", path, 30), 3);
    assertEquals(readdirSync(folder.path), ["a.mp4"]);
  },
);

for (const kind of ["video", "audio"] as const) {
  test(
    `${
      kind === "video" ? "VideoWriter" : "AudioWriter"
    }.abort: after the end of its file, that of a writer which began since then stays`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mkv");
      const writeOnce = (): VideoSession | AudioSession => {
        const session = kind === "video" ? videoSession(path) : audioSession(path);
        const steps = session.finish(1n);
        while (!steps.next().done);
        return session;
      };
      // Without another writer, its own file goes.
      writeOnce().abort();
      assertEquals(readdirSync(folder.path), []);
      const first = writeOnce();
      const second = await createFileWriter("mpeg4", path, 30);
      await write(second, 0, 15);
      first.abort();
      await write(second, 15, 30);
      await second.close();
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 30);
      await writeBars(await createFileWriter("mpeg4", path, 30), 3);
    },
  );
}

/** A session that has taken a frame. */
function videoSession(path: string): VideoSession {
  const { session: options } = checkOptions({});
  const request = { kind: "video", codec: "mpeg4", path, frameRate: parseFrameRate(30), options } as const;
  const session = new VideoSession(loadNative(), request, new SessionControl(), {}, {});
  const png = execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90", "-frames:v", "1"],
    ...["-c:v", "png", "-f", "image2pipe", "-"],
  ]);
  session.encodeImage(png, { ticks: 0n, seconds: 0, timestamp: null, duration: null, keyFrame: false });
  return session;
}

/** A session that has taken samples. */
function audioSession(path: string): AudioSession {
  const track = resolveTrack({ codec: "pcm_s16le" }, { kind: "samples" }, "");
  const { session } = checkOptions({});
  const request = { kind: "audio", path, options: { ...session, audio: [track] } } as const;
  const audio = new AudioSession(loadNative(), request, new SessionControl(), {});
  const data = new Float32Array(4800);
  audio.writeAudio(0, checkSamples(readSamplesFields({ data, sampleRate: 48000 })).samples, null);
  return audio;
}
