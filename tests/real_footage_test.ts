import { createReadStream } from "node:fs";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { after } from "node:test";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Codec, createFileWriter } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { averagePsnr, prepareFootage, readFrames } from "./support/footage.ts";
import { probe, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, testBoth } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
const frameCount = isLong ? 390 : 60;
const seconds = frameCount * 1001 / 30000;
const footage = prepareFootage(folder, frameCount);
after(() => folder[Symbol.dispose]());

async function writeFootage(codec: Codec, name: string): Promise<string> {
  const path = folder.file(name);
  await using writer = await createFileWriter(codec, path, footage.frameRate);
  for (const frame of readFrames(footage)) await writer.write(frame);
  const summary = await writer.close();
  assertEquals(summary.frames, footage.frameCount);
  return path;
}

interface Expectation {
  readonly codec: Codec;
  readonly file: string;
  readonly encoder: string;
  readonly probedCodec: string;
  readonly leastDecibels: number;
}

const expectations: readonly Expectation[] = [
  { codec: "h264", file: "x.mp4", encoder: "libx264", probedCodec: "h264", leastDecibels: 42 },
  { codec: "hevc", file: "hevc.mp4", encoder: "libx265", probedCodec: "hevc", leastDecibels: 42 },
  { codec: "vp9", file: "vp9.webm", encoder: "libvpx-vp9", probedCodec: "vp9", leastDecibels: 42 },
  { codec: "av1", file: "av1.mkv", encoder: "libsvtav1", probedCodec: "av1", leastDecibels: 42 },
  { codec: "mpeg4", file: "mpeg4.avi", encoder: "mpeg4", probedCodec: "mpeg4", leastDecibels: 42 },
  { codec: "xvid", file: "xvid.avi", encoder: "libxvid", probedCodec: "mpeg4", leastDecibels: 42 },
  { codec: "mjpeg", file: "mjpeg.avi", encoder: "mjpeg", probedCodec: "mjpeg", leastDecibels: 42 },
  { codec: "prores", file: "prores.mov", encoder: "prores_ks", probedCodec: "prores", leastDecibels: 42 },
];

for (
  const { codec, file, encoder, probedCodec, leastDecibels } of isLong
    ? expectations
    : expectations.slice(0, 1)
) {
  const name =
    `createFileWriter: footage through ${codec} into ${file} keeps its frames, its rate, its length and ${leastDecibels} dB`;
  testBoth(name, { skip: missingEncoders(encoder) }, async () => {
    const path = await writeFootage(codec, file);
    const stream = probe(path);
    assertEquals(stream.codec_name, probedCodec);
    assertEquals(stream.frames, footage.frameCount);
    assertEquals(stream.r_frame_rate, footage.frameRate);
    assertAlmostEquals(stream.duration, seconds, 0.001);
    const decibels = averagePsnr(path, footage);
    assert(decibels >= leastDecibels, `${decibels} dB`);
  });
}

testBoth("createFileWriter: footage through ffv1 comes back bit for bit", async () => {
  const path = await writeFootage("ffv1", "ffv1.mkv");
  const stream = probe(path);
  assertEquals([stream.frames, stream.r_frame_rate], [footage.frameCount, footage.frameRate]);
  assertAlmostEquals(stream.duration, seconds, 0.001);
  const decoded = folder.file("decoded.rgba");
  execFileSync("ffmpeg", ["-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", decoded]);
  assertEquals(await hash(decoded), await hash(footage.rgba));
});

testBoth(
  "createFileWriter: footage through gif has palettes good for 35 dB, and its times in hundredths of a second",
  async () => {
    const path = await writeFootage("gif", "footage.gif");
    const stream = probe(path);
    assertEquals(stream.frames, footage.frameCount);
    assertAlmostEquals(stream.duration, seconds, 0.01);
    const decibels = averagePsnr(path, footage);
    assert(decibels >= 35, `${decibels} dB`);
  },
);

async function hash(path: string): Promise<string> {
  const digest = createHash("sha256");
  for await (const chunk of createReadStream(path)) digest.update(chunk);
  return digest.digest("hex");
}
