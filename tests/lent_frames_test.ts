import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createFileReader,
  createFileWriter,
  type DecodedFrame,
  ReadError,
  type VideoSource,
  WriterClosedError,
} from "../mod.ts";
import { undisposedObjects } from "../src/libav/owned.ts";
import { noteFrameTaker, writeFrame } from "../src/source/pipeline/frame_taker.ts";
import { SourceFrame } from "../src/source/pipeline/source_frame.ts";
import { convertClip, frameHashes, hashOf, makeClip } from "./support/clips.ts";
import { Watcher } from "./support/drawn.ts";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isAll, some, test, testAll, testBoth } = testsOf(import.meta.url);

/** Without a thread, files are read in this one, where all that is not freed is counted. */
const noThread = new URL("nothing.js", import.meta.url);

/** A lossless file of 12 frames: every one is found again by its hash. */
function makeSource(folder: TemporaryFolder, ...options: string[]): string {
  return makeClip(folder.file("from.mkv"), "25", 0.48, ...options, "-c:v", "ffv1", "-threads", "1");
}

/** Files of frames that lie in memory in their own ways: extension, pixel format, further options. */
const layouts: readonly (readonly [string, string, ...string[]])[] = [
  ["mkv", "yuv420p", "-c:v", "ffv1"],
  // Its decoder gives rows from the bottom up.
  ["avi", "bgr24", "-c:v", "rawvideo"],
  ["mkv", "yuv422p10le", "-vf", "scale=33:17", "-c:v", "ffv1"],
  ["mkv", "gray", "-vf", "scale=31:15", "-c:v", "ffv1"],
  ["mkv", "pal8", "-c:v", "png"],
  ["mov", "uyvy422", "-c:v", "rawvideo"],
  ["mkv", "rgba", "-c:v", "png"],
  ["mkv", "gbrp", "-c:v", "ffv1"],
];

for (const [extension, format, ...options] of some(layouts, 4)) {
  testBoth(`attach: frames of ${format} reach writers of both kinds as they are`, {
    skip: missingEncoders("ffv1", "png"),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(`from.${extension}`);
    makeClip(path, "25", 0.2, ...options, "-pix_fmt", format);
    await using source = await createFileReader(path);
    assertEquals(source.format, format);
    const names = ["main", "worker"] as const;
    const writers = await Promise.all(
      names.map((thread) => createFileWriter("ffv1", folder.file(`${thread}.mkv`), 25, { thread })),
    );
    await Promise.all(writers.map((writer) => source.attach(writer).finished));
    await Promise.all(writers.map((writer) => writer.close()));
    // What a palette has is compared as colours.
    const as = format === "pal8" || format === "bgr24" ? "rgba" : format;
    const expected = frameHashes(path, 0, "-pix_fmt", as);
    assertEquals(expected.length, 5);
    for (const name of names) {
      assertEquals(frameHashes(folder.file(`${name}.mkv`), 0, "-pix_fmt", as), expected);
    }
  });
}

test("attach: whoever joins a writer gets pixels, and so does the writer, whatever was sent before", async () => {
  using folder = new TemporaryFolder();
  const path = makeSource(folder), copy = folder.file("copy.mkv");
  const expected = frameHashes(path);
  await using source = await createFileReader(path);
  const writer = await createFileWriter("ffv1", copy, 25);
  const late = new Watcher();
  const written = source.attach(writer, { frames: 2 });
  while (written.written < 3) await sleep(1);
  const watched = source.attach(late);
  await Promise.all([written.finished, watched.finished]);
  await writer.close();
  assertEquals(frameHashes(copy), expected);
  const seen = late.frames.map(({ data }) => hashOf(data));
  assert(seen.length > 0);
  assertEquals(seen, expected.slice(-seen.length));
});

test("crop: a part that is set while a writer gets frames is exact from then on", async () => {
  using folder = new TemporaryFolder();
  const path = makeSource(folder), copy = folder.file("copy.mkv");
  await using source = await createFileReader(path);
  const writer = await createFileWriter("ffv1", copy, 25, { resize: "fill", width: 80, height: 60 });
  const written = source.attach(writer, { frames: 1 });
  while (written.written < 2) await sleep(1);
  source.crop = { x: 40, y: 20, width: 80, height: 60 };
  await written.finished;
  await writer.close();
  const parts = frameHashes(path, 0, "-vf", "crop=80:60:40:20");
  const hashes = frameHashes(copy);
  assertEquals(hashes.length, 12);
  assertEquals(hashes.slice(-4), parts.slice(-4));
});

testBoth("attach: frames that are dropped, lost, left or never taken are freed with the source", async () => {
  using folder = new TemporaryFolder();
  const path = makeSource(folder);
  const before = undisposedObjects();
  const open = () => createFileReader(path, { workerUrl: noThread, logLevel: "quiet" });
  const write = (name: string) => createFileWriter("ffv1", folder.file(name), 25, { thread: "main" });
  {
    // Its queue leaves most of them out.
    await using source = await open();
    await using slow = await write("slow.mkv");
    await using fast = await write("fast.mkv");
    const attached = [source.attach(slow, { policy: "latest" }), source.attach(fast, { frames: 1 })];
    await Promise.all(attached.map(({ finished }) => finished));
  }
  {
    // The writer ends in the middle of it, and another one goes on.
    await using source = await open();
    const writer = await write("aborted.mkv");
    const written = source.attach(writer);
    while (written.written < 2) await sleep(1);
    await writer.abort();
    await assertRejects(() => written.finished, WriterClosedError);
    await using other = await write("other.mkv");
    const going = source.attach(other);
    while (going.written < 1) await sleep(1);
    await source.detach(other);
  }
  {
    // A target is stuck, its queue is full, and the next frame waits for it.
    await using source = await open();
    const { promise, reject } = Promise.withResolvers<void>();
    const write = (): Promise<void> => promise;
    const target = { write };
    noteFrameTaker(target, { ownWrite: write, takesLent: () => true, write });
    const stuck = source.attach(target, { bytes: 40_000 });
    while (stuck.queued < 2) await sleep(1);
    await sleep(20);
    reject(new Error("enough"));
    await assertRejects(() => stuck.finished, Error, "enough");
    await source.close();
  }
  {
    // A copy that ends early, is repeated after a seek, and then the source is closed.
    await using source = await open();
    await using writer = await write("copied.mkv");
    await writer.copyFrom(source, { seconds: 0.1 });
    await source.seek(0.2);
    await writer.copyFrom(source, { seconds: 0.1 });
    const left = source.attach(writer);
    await source.close();
    await assertRejects(() => left.finished, ReadError, "closed");
  }
  assertEquals(undisposedObjects(), before);
});

test("close: frames of a source that is closed reach the writer whole", async () => {
  using folder = new TemporaryFolder();
  const path = makeSource(folder), copy = folder.file("copy.mkv");
  const writer = await createFileWriter("ffv1", copy, 25);
  {
    await using source = await createFileReader(path);
    await source.attach(writer).finished;
  }
  // Its thread reads another file already.
  await using other = await createFileReader(path);
  await other.nextFrame();
  await writer.close();
  assertEquals(frameHashes(copy), frameHashes(path));
});

testBoth(
  "attach, copyFrom: who stands before a writer sees pixels, and so do those that come late",
  async () => {
    using folder = new TemporaryFolder();
    const path = makeSource(folder), copy = folder.file("copy.mkv");
    const expected = frameHashes(path);
    const open = () => createFileWriter("ffv1", copy, 25, { timing: "timestamps" });
    type Writer = Awaited<ReturnType<typeof open>>;
    const seen: string[] = [];
    const watched = (writer: Writer) => {
      const write = writer.write.bind(writer);
      return (...[frame, options]: Parameters<Writer["write"]>) => {
        seen.push(hashOf((frame as DecodedFrame).data));
        return write(frame, options);
      };
    };
    const replaced = (writer: Writer) => Object.assign(writer, { write: watched(writer) });
    const ways: readonly ((source: VideoSource, writer: Writer) => Promise<void>)[] = [
      (source, writer) => replaced(writer).copyFrom(source),
      (source, writer) => source.attach(replaced(writer)).finished,
      (source, writer) => {
        const before = { write: { value: watched(writer) }, timing: { value: "timestamps" } };
        return source.attach(Object.create(writer, before)).finished;
      },
      (source, writer) => {
        const write = watched(writer);
        const get = (target: Writer, name: string | symbol) =>
          name === "write" ? write : Reflect.get(target, name, target);
        return source.attach(new Proxy(writer, { get })).finished;
      },
      async (source, writer) => {
        const written = source.attach(writer);
        while (written.written < 2) await sleep(1);
        replaced(writer);
        await written.finished;
      },
    ];
    for (const [way, write] of ways.entries()) {
      await using source = await createFileReader(path);
      await using writer = await open();
      await write(source, writer);
      await writer.close();
      assertEquals(frameHashes(copy), expected);
      const count = way === 4 ? seen.length : 12;
      assert(count > 0);
      assertEquals(seen.splice(0), expected.slice(-count));
    }
  },
);

test("write: a frame that is given back already is not read", async () => {
  using folder = new TemporaryFolder();
  const lender = { giveBack: () => {}, load: () => Promise.reject(new Error("it was read")) };
  const facts = { ...{ format: "gray", width: 8, height: 8, timestamp: 0, duration: null }, color: {} };
  const frame = SourceFrame.lent(
    { address: 0 as never, bytes: 64 },
    { ...facts, isDiscontinuous: false },
    lender,
  );
  frame.close();
  await using writer = await createFileWriter("ffv1", folder.file("none.mkv"), 25, { logLevel: "quiet" });
  await assertRejects(() => writeFrame(writer, frame), TypeError, "it was closed");
  await assertRejects(() => frame.loaded(), TypeError, "it was closed");
  await assertRejects(() => writer.write(frame), RangeError);
});

test("copyFrom: after a part of a source, or all, no frame is lent but those that come next", async () => {
  using folder = new TemporaryFolder();
  const path = makeSource(folder);
  /** How many objects a source has after this. */
  const objectsAfter = async (use: (source: VideoSource) => Promise<void>): Promise<number> => {
    const before = undisposedObjects();
    await using source = await createFileReader(path, {
      workerUrl: noThread,
      logLevel: "quiet",
      queueSize: 4,
    });
    await use(source);
    return undisposedObjects() - before;
  };
  const copy = async (source: VideoSource, seconds: number): Promise<void> => {
    const options = { thread: "main", queueSize: 16 } as const;
    await using writer = await createFileWriter("ffv1", folder.file("copy.mkv"), 25, options);
    await writer.copyFrom(source, { seconds });
  };
  const read = async (source: VideoSource): Promise<void> => void await Array.fromAsync(source);
  const own = await objectsAfter(read);
  assertEquals(await objectsAfter((source) => copy(source, 9)), own);
  assertEquals(await objectsAfter((source) => copy(source, 0.2)), own + 4);
  const both = async (source: VideoSource) => (await copy(source, 0.2), await read(source));
  assertEquals(await objectsAfter(both), own);
});

test("crop: goes with the frame that a copy has left", async () => {
  using folder = new TemporaryFolder();
  const path = makeSource(folder);
  await using source = await createFileReader(path);
  const area = { x: 40, y: 20, width: 80, height: 60 };
  const copied: string[] = [];
  for (const crop of [null, area, null]) {
    source.crop = crop;
    await using writer = await createFileWriter("ffv1", folder.file("part.mkv"), 25);
    await writer.copyFrom(source, { seconds: 0.16 });
    await writer.close();
    copied.push(...frameHashes(folder.file("part.mkv")));
  }
  const whole = frameHashes(path), parts = frameHashes(path, 0, "-vf", "crop=80:60:40:20");
  assertEquals(copied, [...whole.slice(0, 4), ...parts.slice(4, 8), ...whole.slice(8)]);
});

test("copyFrom: a signal stops a write that waits, and that frame stays in the source", async () => {
  using folder = new TemporaryFolder();
  const path = makeClip(folder.file("slow.mkv"), "2", 1.5, "-c:v", "ffv1"), copy = folder.file("copy.mkv");
  for (const timing of ["timestamps", "constant"] as const) {
    await using source = await createFileReader(path);
    await using writer = await createFileWriter("ffv1", copy, 2, { timing, live: true });
    const control = new AbortController();
    const copied = writer.copyFrom(source, { signal: control.signal });
    copied.catch(() => {});
    while (writer.stats.frames === 0 || writer.desiredSize > 0) await sleep(1);
    control.abort(new Error("enough"));
    await assertRejects(() => copied, Error, "enough");
    // What the writer waits for is not there yet.
    assertEquals([writer.stats.frames, writer.desiredSize], [1, 0]);
    const next = (await source.nextFrame())!;
    assertEquals(next.timestamp, 0.5);
    await writer.write(next, timing === "constant" ? {} : { timestamp: 0.5 });
    await writer.close();
    assertEquals(frameHashes(copy), frameHashes(path).slice(0, 2));
  }
});

testAll(
  "attach: a hundred files, aborted at any time, leave no memory behind and end no process",
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("large.mp4");
    convertClip(
      path,
      ...["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=3", "-c:v", "libx264"],
      ...["-preset", "ultrafast"],
    );
    let settled = 0;
    for (let round = 0; round < 100; round++) {
      const source = await createFileReader(path);
      const writer = await createFileWriter("libx264", folder.file(`${round % 3}.mp4`), 30, {
        preset: "ultrafast",
      });
      const written = source.attach(writer);
      written.finished.catch(() => {});
      await sleep(round * 7 % 200);
      const ends = [() => writer.abort(), () => source.close(), () => source[Symbol.asyncDispose]()];
      for (let step = 0; step < 3; step++) await ends[(round + step) % 3]!();
      if (round === 30) settled = process.memoryUsage().rss;
    }
    const grown = process.memoryUsage().rss - settled;
    assert(isAll && grown < 150 * 2 ** 20, `grown by ${(grown / 2 ** 20).toFixed(0)} MB`);
  },
);
