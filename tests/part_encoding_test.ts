/**
 * Recipes decode and encode in one thread: what happens there in the middle of the work, and what comes out.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFileReader, createFileWriter, ReadError, WriteError } from "../mod.ts";
import { transcode, type TranscodeProgress } from "../recipes.ts";
import { convertClip, frameHashes, makeClip, unevenClip } from "./support/clips.ts";
import { missingEncoders } from "./support/features.ts";
import { probe, TemporaryFolder } from "./support/media.ts";
import { SmallDisk } from "./support/small_disk.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("ffv1", "flac", "mpeg4", "aac");

const threads = ["worker", "main"] as const;
const tone = ["-f", "lavfi", "-i", "sine=440:sample_rate=44100:duration=4"];

let clipPath: string | null = null;
/** Four seconds of bars and a tone. */
function clip(): string {
  return clipPath ??= makeClip(folder.file("clip.mkv"), "25", 4, ...tone, "-c:v", "mpeg4", "-c:a", "flac");
}

test("transcode: both threads make the same file, and tell how far it is", { skip }, async () => {
  const files = [];
  for (const thread of threads) {
    const told: TranscodeProgress[] = [];
    const output = folder.file(`${thread}.mkv`);
    const { frames } = await transcode(clip(), output, "ffv1", {
      ...{ thread, width: 64, audio: { codec: "flac" } },
      onProgress: (progress) => void told.push(progress),
    });
    assertEquals(frames, 100);
    assertEquals([told.at(-1)!.frames, told.at(-1)!.finished], [100, 1]);
    for (const [index, { frames, finished }] of told.entries()) {
      const before = told[index - 1] ?? { frames: 0, finished: 0 };
      assert(frames >= before.frames && finished! >= before.finished!, "it went back");
    }
    files.push(frameHashes(output));
  }
  assertEquals(files[0], files[1]);
  const scaled = ["-vf", "scale=64:48:flags=bicubic,format=yuv420p"];
  assertEquals(files[0]!.length, 100);
  assertEquals(files[0], frameHashes(clip(), 0, ...scaled));
});

testAll("transcode: an abort in the middle ends the work soon, and the next one has the thread", {
  skip,
}, async () => {
  const long = makeClip(folder.file("long.mkv"), "25", 60, "-c:v", "mpeg4");
  for (const thread of threads) {
    const output = folder.file(`aborted-${thread}.mkv`);
    const control = new AbortController();
    let abortedMs = 0;
    const ended = transcode(long, output, "ffv1", {
      ...{ thread, width: 640, signal: control.signal },
      onProgress: ({ frames }) => {
        if (frames === 0 || abortedMs > 0) return;
        abortedMs = performance.now();
        control.abort(new Error("enough"));
      },
    });
    await assertRejects(() => ended, Error, "enough");
    const tookMs = performance.now() - abortedMs;
    assert(abortedMs > 0 && tookMs < 2000, `it took ${tookMs} ms`);
    assertEquals([existsSync(output), existsSync(`${output}.avwriter.mkv`)], [false, false]);
    const { frames } = await transcode(clip(), output, "ffv1", { thread, audio: false });
    assertEquals(frames, 100);
  }
});

testAll("transcode: a disk that is full in the middle is a fault of the new file", {
  skip: skip || SmallDisk.missing,
}, async () => {
  for (const thread of threads) {
    using disk = new SmallDisk(1);
    const options = { thread, width: 640, audio: { codec: "flac" } } as const;
    const ended = transcode(clip(), disk.file("full.mkv"), "ffv1", options);
    const { code } = await assertRejects(() => ended, WriteError);
    assertEquals([code, disk.names], ["ENOSPC", []]);
  }
});

testAll(
  "transcode: a damaged file is a fault of that file, whatever was encoded of it",
  { skip },
  async () => {
    const damaged = makeClip(folder.file("damaged.mkv"), "25", 4, ...tone, "-c:v", "png", "-c:a", "flac");
    const bytes = readFileSync(damaged);
    bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 2000);
    writeFileSync(damaged, bytes);
    for (const thread of threads) {
      for (const audio of [false, { codec: "flac" }] as const) {
        const output = folder.file("of-damaged.mkv");
        const { code, message } = await assertRejects(
          () => transcode(damaged, output, "ffv1", { thread, audio }),
          ReadError,
        );
        assertEquals([code, message.includes(damaged), existsSync(output)], ["INVALIDDATA", true, false]);
      }
    }
  },
);

testAll("transcode: pictures that change their size are refused as written ones are", { skip }, async () => {
  const paths = ["160x120", "320x240"].map((size) =>
    convertClip(
      folder.file(`${size}.ts`),
      ...["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=25:duration=1`, "-c:v", "mpeg2video"],
    )
  );
  const both = folder.file("both.ts");
  convertClip(both, "-i", `concat:${paths.join("|")}`, "-c", "copy");
  for (const thread of threads) {
    const output = folder.file("both.mkv");
    const ended = transcode(both, output, "ffv1", { thread });
    await assertRejects(() => ended, RangeError, "this video is 160x120; scale the frame first");
    assertEquals(existsSync(output), false);
  }
});

testAll("transcode: a turned picture and its audio are the same from both threads", { skip }, async () => {
  const turned = folder.file("turned.mov");
  {
    await using source = await createFileReader(clip());
    const options = { rotation: 90, audio: { codec: "aac", from: clip() } } as const;
    await using writer = await createFileWriter("mpeg4", turned, 25, options);
    await source.attach(writer).finished;
    await writer.close();
  }
  const files = [];
  for (const thread of threads) {
    const output = folder.file(`turned-${thread}.mkv`);
    const { width, height } = await transcode(turned, output, "ffv1", { thread, audio: { codec: "flac" } });
    assertEquals([width, height], [120, 160]);
    files.push(readFileSync(output));
  }
  assert(files[0]!.equals(files[1]!), "the files differ");
});

testAll("transcode: frames are repeated as long as they are shown where the rate is constant", {
  skip,
}, async () => {
  const times = [0, 0.1, 0.15, 0.5, 0.9, 1.7];
  const input = await unevenClip(folder.file("uneven.mkv"), times);
  const hashes = frameHashes(input, 0, "-vsync", "passthrough");
  const begins = times.map((time) => Math.round(time * 30));
  // How long the last one is shown is the container's matter.
  const expected = hashes.slice(0, -1).flatMap((hash, index) =>
    Array<string>(begins[index + 1]! - begins[index]!).fill(hash)
  );
  for (const thread of threads) {
    const output = folder.file("repeated.avi");
    const { frames } = await transcode(input, output, "ffv1", { thread });
    const found = frameHashes(output);
    assertEquals([found.length, found.slice(0, expected.length)], [frames, expected]);
    assertEquals(new Set(found.slice(expected.length)), new Set(hashes.slice(-1)));
    assertEquals(probe(output).r_frame_rate, "30/1");
  }
});

testAll("transcode: several at once share threads, and make what each makes alone", { skip }, async () => {
  const make = (name: string) =>
    transcode(clip(), folder.file(name), "mpeg4", { width: 320, audio: { codec: "aac" } });
  await make("alone.mp4");
  const alone = readFileSync(folder.file("alone.mp4"));
  const names = ["a", "b", "c", "d", "e"].map((name) => `${name}.mp4`);
  await Promise.all(names.map(make));
  for (const name of names) assert(readFileSync(folder.file(name)).equals(alone), name);
});
