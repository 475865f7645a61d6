import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { createStreamWriter, type StreamWriterOptions } from "../mod.ts";
import { sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, frameTimes, TemporaryFolder } from "./support/media.ts";
import { filesIn, playlistAt } from "./support/segments.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll, testLong } = testsOf(import.meta.url);

const fps = 25;
const skip = missingEncoders("libx264");
const fast: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency", audio: {} };

test("createStreamWriter: audio that never comes leaves the video its segments", { skip }, async () => {
  using folder = new TemporaryFolder();
  const options = { ...fast, adaptive: { segmentSeconds: 0.4 } };
  const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
  for (let index = 0; index < 30; index++) await writer.write(barFrame(index));
  await writer.close();
  const { segments } = playlistAt(folder.file("index-video.m3u8"));
  assertEquals(segments.map(({ seconds }) => seconds), [0.4, 0.4, 0.4]);
  assertEquals(frameTimes(folder.file("index.m3u8")).length, 30);
});

for (const audioFrames of [0, 10]) {
  const what = audioFrames === 0 ? "never comes" : "stops";
  (audioFrames > 0 ? testLong : testAll)(
    `createStreamWriter: audio that ${what} does not hold back live segments`,
    { skip },
    async () => {
      using folder = new TemporaryFolder();
      const options = { ...fast, timing: "wallclock", adaptive: { segmentSeconds: 0.4 } } as const;
      const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
      const count = 48_000 / fps;
      for (let index = 0; index < 75; index++) {
        await writer.write(barFrame(index));
        if (index < audioFrames) {
          await writer.writeAudio(sine({ from: index * count, count, sampleRate: 48_000 }));
        }
        await delay(40);
      }
      const during = [...filesIn(folder.path).keys()].filter((name) => /video-\d+\.m4s$/.test(name));
      await writer.close();
      const { segments } = playlistAt(folder.file("index-video.m3u8"));
      // Audio is waited for no longer than 1.5 s.
      assert(
        during.length >= segments.length - 5 && segments.length > 6,
        `${during.length} of ${segments.length}`,
      );
      assertEquals(frameTimes(folder.file("index.m3u8")).length, 75);
    },
  );

  testAll(
    `createStreamWriter: audio that ${what} does not hold back a stream of bytes`,
    { skip },
    async () => {
      let bytes = 0;
      const stream = new WritableStream<Uint8Array>({ write: ({ length }) => void (bytes += length) });
      const options = { ...fast, timing: "wallclock", format: "mp4" } as const;
      const writer = await createStreamWriter("libx264", stream, fps, options);
      for (let index = 0; index < 75; index++) {
        await writer.write(barFrame(index));
        if (index < audioFrames) {
          await writer.writeAudio(sine({ from: index * 1920, count: 1920, sampleRate: 48_000 }));
        }
        await delay(40);
      }
      const before = bytes;
      await writer.close();
      assert(before > bytes / 3, `${before} of ${bytes} bytes`);
    },
  );
}

testAll(
  "createStreamWriter: audio that never comes holds back other outputs for 5 s only",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const outputs = [folder.file("copy.mkv")];
    const options = { ...fast, timing: "wallclock", outputs, adaptive: { segmentSeconds: 0.4 } } as const;
    const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
    const began = performance.now();
    let frames = 0;
    for (; performance.now() - began < 8000; frames++) {
      await writer.write(barFrame(frames));
      await delay(40);
    }
    const during = [...filesIn(folder.path).keys()].filter((name) => /video-\d+\.m4s$/.test(name));
    await writer.close();
    assert(during.length > 12, `${during.length} segments`);
    for (const name of ["index.m3u8", "copy.mkv"]) {
      assertEquals(frameTimes(folder.file(name)).length, frames, name);
    }
  },
);
