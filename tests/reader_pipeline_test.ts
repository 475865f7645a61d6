import { existsSync } from "node:fs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFileReader, createFileWriter, createVideoNode, ReadError, splitStereo } from "../mod.ts";
import { frameHashes, hashOf, makeClip } from "./support/clips.ts";
import { Watcher } from "./support/drawn.ts";
import { missingEncoders } from "./support/features.ts";
import { realClip } from "./support/footage.ts";
import { decode, frameTimes, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth } = testsOf(import.meta.url);

testBoth(
  "attach: a file that is read goes into an HEVC writer at its own rate: the same size, rate and frames",
  { skip: missingEncoders("libx265") },
  async () => {
    using folder = new TemporaryFolder();
    const made = makeClip(folder.file("made.mp4"), "30000/1001", 1, "-c:v", "libx264", "-bf", "3");
    const path = isLong && existsSync(realClip) ? realClip : made;
    const copy = folder.file("copy.mp4");

    await using reader = await createFileReader(path);
    const writer = await createFileWriter("hevc", copy, reader.frameRate!, { preset: "ultrafast" });
    await reader.attach(writer).finished;
    await reader.detach(writer);
    await writer.close();

    const [before, after] = [probe(path), probe(copy)];
    const facts = ["width", "height", "avg_frame_rate", "frames"] as const;
    assertEquals(facts.map((fact) => after[fact]), facts.map((fact) => before[fact]));
    assertEquals([after.codec_name, reader.status], ["hevc", "ended"]);
    const likeness = psnr(decode(path, "yuv420p"), decode(copy, "yuv420p"));
    assert(likeness > 30, `${likeness} dB`);
  },
);

test("attach: targets and a loop get every frame of a file, decoded once", async () => {
  using folder = new TemporaryFolder();
  const path = makeClip(folder.file("a.mp4"), "25", 2, "-c:v", "libx264", "-bf", "2");
  const expected = frameHashes(path);
  await using reader = await createFileReader(path);
  await using gray = await createVideoNode("format=gray");
  const [plain, filtered] = [new Watcher(), new Watcher()];
  gray.attach(filtered);
  const attached = [reader.attach(plain), reader.attach(gray)];
  const looped: string[] = [];
  for await (const { data } of reader) looped.push(hashOf(data));
  await Promise.all(attached.map(({ finished }) => finished));
  assertEquals(looped, expected);
  assertEquals(plain.frames.map(({ data }) => hashOf(data)), expected);
  assertEquals(
    filtered.frames.map(({ timestamp }) => timestamp),
    plain.frames.map(({ timestamp }) => timestamp),
  );
  assertEquals(filtered.frames.map(({ data }) => hashOf(data)), frameHashes(path, 0, "-pix_fmt", "gray"));
});

test("attach: timestamps of a file with a variable rate are kept by writer and stream", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("variable.mkv");
  const drop = "select=not(eq(mod(n\\,5)\\,2)+eq(mod(n\\,7)\\,3))";
  makeClip(path, "25", 2, "-vf", drop, "-c:v", "ffv1");
  await using reader = await createFileReader(path);
  assertEquals(reader.frameRate, null);
  const [one, other] = await Promise.all(
    ["one.mkv", "other.mkv"].map((name) =>
      createFileWriter("ffv1", folder.file(name), 25, { timing: "timestamps" })
    ),
  );
  const attached = reader.attach(one!);
  await Promise.all([reader.pipeTo(other!.writable), attached.finished]);
  await one!.close();
  for (const name of ["one.mkv", "other.mkv"]) {
    assertEquals(frameTimes(folder.file(name)), frameTimes(path));
    assertEquals(frameHashes(folder.file(name)), frameHashes(path));
  }
});

test("seek: targets that are attached get the frames from there on, also after the end", async () => {
  using folder = new TemporaryFolder();
  const path = makeClip(folder.file("a.mp4"), "25", 2, "-c:v", "libx264", "-g", "10");
  await using reader = await createFileReader(path);
  const first = new Watcher();
  await reader.attach(first).finished;
  assertEquals([first.frames.length, reader.status], [50, "ended"]);
  await reader.seek(1.6);
  const rest = new Watcher();
  await reader.attach(rest).finished;
  assertEquals(
    rest.frames.map(({ timestamp }) => timestamp),
    first.frames.slice(40).map((frame) => frame.timestamp),
  );
  assertEquals(
    rest.frames.map(({ data }) => hashOf(data)),
    first.frames.slice(40).map(({ data }) => hashOf(data)),
  );
  assertEquals(rest.marked.length, 1);
});

test("crop: holds for frames of a file however they are read, and for the views of a stereo pair", async () => {
  using folder = new TemporaryFolder();
  const path = makeClip(folder.file("a.mp4"), "25", 0.4, "-c:v", "libx264");
  await using reader = await createFileReader(path);
  reader.crop = { x: 80, y: 60, width: 40, height: 30 };
  const expected = frameHashes(path, 0, "-vf", "crop=40:30:80:60:exact=1");
  assertEquals(hashOf((await reader.frameAt(0.2))!.data), expected[5]);
  assertEquals(hashOf((await reader.nextFrame())!.data), expected[0]);
  const hashes: string[] = [];
  for await (const { data } of reader) hashes.push(hashOf(data));
  assertEquals(hashes, expected.slice(1));
  await reader.seek(0);
  reader.crop = null;
  const { left, right } = splitStereo(reader, "side-by-side");
  const views = [new Watcher(), new Watcher()];
  await Promise.all([left.attach(views[0]!).finished, right.attach(views[1]!).finished]);
  for (const [at, view] of views.entries()) {
    assertEquals(
      view.frames.map(({ data }) => hashOf(data)),
      frameHashes(path, 0, "-vf", `crop=80:120:${at * 80}:0:exact=1`),
    );
  }
});

test("close: of a file whose frames flow ends its targets with an error", async () => {
  using folder = new TemporaryFolder();
  const path = makeClip(folder.file("a.mp4"), "25", 2, "-c:v", "libx264");
  const reader = await createFileReader(path);
  const target = new Watcher();
  const attached = reader.attach(target);
  while (attached.received < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  await reader.close();
  await assertRejects(() => attached.finished, ReadError, "closed");
  assert(target.frames.length < 50, "all frames");
});
