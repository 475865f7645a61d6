import { Buffer } from "node:buffer";
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import {
  createFileReader,
  createFileWriter,
  createStreamWriter,
  type StreamWriterOptions,
  type VideoWriter,
} from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, frameTimes, TemporaryFolder } from "./support/media.ts";
import { play } from "./support/record.ts";
import { filesIn, playlistAt, type ReadPlaylist, readPlaylist } from "./support/segments.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll, testBoth } = testsOf(import.meta.url);

const fps = 25;
const skip = missingEncoders("libx264");
const light: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency" };

async function write(writer: VideoWriter, frames: number, size = { width: 160, height: 90 }): Promise<void> {
  for (let index = 0; index < frames; index++) {
    await writer.write(barFrame(index, size.width, size.height));
    const samples = { data: new Float32Array(48_000 / fps), sampleRate: 48_000, channels: 1 };
    if (writer.stats.audio.length > 0) await writer.writeAudio(samples);
  }
}

const numbersOf = ({ segments }: ReadPlaylist): number[] =>
  segments.map(({ name }) => Number(/-(\d+)\.m4s$/.exec(name)![1]));

testBoth("createStreamWriter: a live window goes on where another writer has stopped", { skip }, async () => {
  using folder = new TemporaryFolder();
  const adaptive = { segmentSeconds: 0.4, windowSegments: 4 };
  const open = (): Promise<VideoWriter> =>
    createStreamWriter("libx264", folder.file("index.m3u8"), fps, { ...light, audio: {}, adaptive });
  // Segments of others, which stay.
  writeFileSync(folder.file("index-video-x-1.m4s"), "");
  const first = await open();
  await write(first, 65);
  const reached = (path: string, number: number): boolean =>
    existsSync(path) && numbersOf(playlistAt(path)).at(-1) === number;
  while (!reached(folder.file("index-audio.m3u8"), 6)) await delay(10);
  await first.abort();
  const before = playlistAt(folder.file("index-video.m3u8"));
  assertEquals([numbersOf(before), before.tags.has("ENDLIST")], [[3, 4, 5, 6], false]);
  // The camera has another size now.
  const second = await open();
  await write(second, 15, { width: 80, height: 46 });
  await second.close();
  for (const track of ["video", "audio"]) {
    const { tags, segments } = playlistAt(folder.file(`index-${track}.m3u8`));
    const list = { tags, segments } as ReadPlaylist;
    assertEquals([numbersOf(list), tags.get("MEDIA-SEQUENCE")], [[5, 6, 7, 8], "5"], track);
    assertEquals(segments.map(({ isDiscontinuous }) => isDiscontinuous), [false, false, true, false]);
    assertEquals(segments.map(({ header }) => header), [
      ...Array(2).fill(`index-${track}-init.mp4`),
      ...Array(2).fill(`index-${track}-init-7.mp4`),
    ]);
    assert(segments.every(({ date }) => Number.isFinite(date)));
    // Each plays with its header.
    const files = filesIn(folder.path);
    for (const { name, header } of segments) {
      writeFileSync(folder.file("one.mp4"), Buffer.concat([files.get(header)!, files.get(name)!]));
      if (track === "video") assert(frameTimes(folder.file("one.mp4")).length >= 5, name);
    }
  }
  // A third one counts those that are listed no more, and leaves nothing behind.
  const third = await open();
  await write(third, 60);
  await third.close();
  const { tags, segments } = playlistAt(folder.file("index-video.m3u8"));
  assertEquals([tags.get("MEDIA-SEQUENCE"), tags.get("DISCONTINUITY-SEQUENCE")], ["11", "2"]);
  assertEquals(segments.map(({ header }) => header), Array(4).fill("index-video-init-9.mp4"));
  const left = [...filesIn(folder.path).keys()].filter((name) => name.startsWith("index-video-"));
  const numbers = [10, 11, 12, 13, 14, 7, 8, 9].map((number) => `index-video-${number}.m4s`);
  assertEquals(
    left.sort(),
    [...numbers, "index-video-init-7.mp4", "index-video-init-9.mp4", "index-video-x-1.m4s"].sort(),
  );
  assertEquals(frameTimes(folder.file("index.m3u8")).length, 40);
});

testAll("createStreamWriter: without a window, a new writer begins a new stream", { skip }, async () => {
  using folder = new TemporaryFolder();
  for (const frames of [30, 20]) {
    const adaptive = { segmentSeconds: 0.4 };
    const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, {
      ...light,
      adaptive,
    });
    await write(writer, frames);
    await writer.close();
    assertEquals(play(folder.file("index.m3u8"), { width: 160, fps }).frames, frames);
  }
});

testAll(
  "createStreamWriter: no restart changes the sizes of a ladder against each other",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const ladder = [{ width: 160, height: 90 }, { width: 80, height: 46 }];
    for (let run = 0; run < 3; run++) {
      const adaptive = { segmentSeconds: 0.4, windowSegments: 3, ladder };
      const options = { ...light, adaptive, audio: {} };
      const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
      await write(writer, 40);
      await writer.close();
      const [one, other, heard] = ["video1", "video2", "audio"].map((track) =>
        playlistAt(folder.file(`index-${track}.m3u8`))
      );
      for (const list of [one, other, heard]) {
        assertEquals(numbersOf(list!), [1, 2, 3].map((number) => run * 4 + number + 1));
        assertEquals(list!.tags.get("DISCONTINUITY-SEQUENCE") ?? "0", String(run));
      }
    }
  },
);

/** The playlists of a track, as they come. */
async function listed(
  options: StreamWriterOptions,
  track: "video" | "audio",
  use: (writer: VideoWriter) => Promise<void>,
): Promise<{ texts: string[]; names: Set<string> }> {
  const texts: string[] = [];
  const names = new Set<string>();
  const open = (name: string): WritableStream<Uint8Array> => {
    names.add(name);
    return new WritableStream({
      write: (bytes) => void (name === `index-${track}.m3u8` && texts.push(new TextDecoder().decode(bytes))),
    });
  };
  await using writer = await createStreamWriter("libx264", open, fps, {
    ...light,
    ...options,
    format: "hls",
  });
  await use(writer);
  await writer.close();
  return { texts, names };
}

test(
  "createStreamWriter: the lengths that playlists promise hold for uneven frames, and parts for longer ones",
  {
    skip,
  },
  async () => {
    const adaptive = { segmentSeconds: 0.8, partSeconds: 0.2, windowSegments: 9 };
    const { texts, names } = await listed({ timing: "timestamps", adaptive }, "video", async (writer) => {
      // Uneven by up to a frame, and one that stays for 3.3 seconds.
      let timestamp = 0;
      for (let index = 0; index < 60; index++) {
        await writer.write(barFrame(index), { timestamp });
        timestamp += index === 30 ? 3.3 : 0.02 + index % 3 * 0.02;
      }
    });
    const targets = new Set<string>();
    for (const text of texts) {
      const { tags, segments, parts } = readPlaylist(text);
      const target = Number(tags.get("TARGETDURATION"));
      targets.add(`${target} ${tags.get("PART-INF") ?? ""}`);
      for (const { seconds } of segments) assert(Math.round(seconds) <= target, `${seconds} s`);
      // Of a segment with a frame that lasts longer, they are listed up to that.
      for (const { seconds } of parts) assert(seconds <= 0.2354, `${seconds} s`);
    }
    // Of what lasts longer than a segment, the first hint is its end. The last playlist has no parts.
    assertEquals([...targets], ["1 PART-TARGET=0.235294", "4 PART-TARGET=0.235294", "4 "]);
    const { segments, seconds } = readPlaylist(texts.at(-1)!);
    assert(Math.abs(seconds - (59 * 0.04 + 3.3)) < 0.03, `${seconds} s`);
    assert(segments.every(({ name }) => names.has(name)));
  },
);

test("createStreamWriter: the part that comes next is named before it comes", { skip }, async () => {
  for (const track of ["video", "audio"] as const) {
    const adaptive = { segmentSeconds: 0.6, partSeconds: 0.2, windowSegments: 3 };
    const { texts } = await listed({ adaptive, audio: {} }, track, (writer) => write(writer, 50));
    const hints = texts.map((text) => /#EXT-X-PRELOAD-HINT:TYPE=PART,URI="(.*)"/.exec(text)?.[1]);
    const newest = texts.map((text) => readPlaylist(text).parts.at(-1)?.name);
    assertEquals([hints.pop(), newest.pop()], [undefined, undefined]);
    for (const [index, hint] of hints.entries()) {
      const next = newest.slice(index + 1).find((name) => name !== newest[index]);
      if (next !== undefined) assertEquals(hint, next);
    }
    assert(hints.length >= 10, `${hints.length}`);
    assert(texts.every((text) => !text.includes("CAN-BLOCK-RELOAD")));
  }
});

for (
  const [way, thread] of [["attach", "worker"], ["attach", "main"], ["copyFrom", "worker"], [
    "copyFrom",
    "main",
  ]] as const
) {
  testAll(`createStreamWriter, ${thread}: a ladder gets every frame of a file by ${way}, in each size`, {
    skip: skip || missingEncoders("ffv1"),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("from.mkv");
    const source = await createFileWriter("ffv1", path, fps);
    for (let index = 0; index < 60; index++) await source.write(barFrame(index));
    await source.close();
    const ladder = [160, 320].map((width) => ({ width, height: width * 9 / 16 }));
    const copy = folder.file("copy.mkv");
    const options = { ...light, thread, outputs: [copy], adaptive: { segmentSeconds: 0.8, ladder } };
    const writer = await createStreamWriter("libx264", folder.file("index.m3u8"), fps, options);
    await using reader = await createFileReader(path);
    if (way === "attach") await reader.attach(writer).finished;
    else await writer.copyFrom(reader);
    await writer.close();
    const lengths = [1, 2].map((step) => {
      const list = folder.file(`index-video${step}.m3u8`);
      assertEquals(play(list, { width: 160, fps }).frames, 60);
      return playlistAt(list).segments.map(({ seconds }) => seconds);
    });
    assertEquals(lengths, Array(2).fill([0.8, 0.8, 0.8]));
    assertEquals(play(copy, { width: 160, fps }).frames, 60);
  });
}
