import { readFileSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Codec, createFileWriter, type WriterOptions } from "../mod.ts";
import { missingEncoders, missingMuxers } from "./support/features.ts";
import { barFrame, decode, probe, psnr, TemporaryFolder, writeBars } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

interface ContainerCase {
  readonly codec: Codec;
  readonly encoder: string;
  readonly file: string;
  readonly muxer: string;
  readonly probed: string;
  readonly options?: WriterOptions;
  /**
   * Seconds by which the container's own length may differ: some do not tell how long the last frame is
   * shown.
   */
  readonly tolerance?: number;
}

const frameSeconds = 1 / 25;

const cases: readonly ContainerCase[] = [
  { codec: "h264", encoder: "libx264", file: "a.mp4", muxer: "mp4", probed: "h264" },
  { codec: "h264", encoder: "libx264", file: "a.mov", muxer: "mov", probed: "h264" },
  { codec: "h264", encoder: "libx264", file: "a.m4v", muxer: "ipod", probed: "h264" },
  { codec: "h264", encoder: "libx264", file: "a.mkv", muxer: "matroska", probed: "h264" },
  { codec: "h264", encoder: "libx264", file: "a.ts", muxer: "mpegts", probed: "h264" },
  { codec: "h264", encoder: "libx264", file: "a.flv", muxer: "flv", probed: "h264", tolerance: 0.09 },
  { codec: "hevc", encoder: "libx265", file: "a.mp4", muxer: "mp4", probed: "hevc" },
  { codec: "av1", encoder: "libsvtav1", file: "a.webm", muxer: "webm", probed: "av1" },
  { codec: "vp9", encoder: "libvpx-vp9", file: "a.webm", muxer: "webm", probed: "vp9" },
  { codec: "vp8", encoder: "libvpx", file: "a.webm", muxer: "webm", probed: "vp8" },
  { codec: "mjpeg", encoder: "mjpeg", file: "a.avi", muxer: "avi", probed: "mjpeg" },
  { codec: "xvid", encoder: "libxvid", file: "a.avi", muxer: "avi", probed: "mpeg4" },
  { codec: "prores", encoder: "prores_ks", file: "a.mov", muxer: "mov", probed: "prores" },
  { codec: "dnxhd", encoder: "dnxhd", file: "a.mov", muxer: "mov", probed: "dnxhd" },
  { codec: "mpeg2video", encoder: "mpeg2video", file: "a.mxf", muxer: "mxf", probed: "mpeg2video" },
  { codec: "rawvideo", encoder: "wrapped_avframe", file: "a.y4m", muxer: "yuv4mpegpipe", probed: "rawvideo" },
  {
    codec: "ffv1",
    encoder: "ffv1",
    file: "a.nut",
    muxer: "nut",
    probed: "ffv1",
    tolerance: frameSeconds + 0.01,
  },
  { codec: "huffyuv", encoder: "huffyuv", file: "a.avi", muxer: "avi", probed: "huffyuv" },
  { codec: "utvideo", encoder: "utvideo", file: "a.avi", muxer: "avi", probed: "utvideo" },
  { codec: "png", encoder: "png", file: "a.mov", muxer: "mov", probed: "png" },
  { codec: "gif", encoder: "gif", file: "a.gif", muxer: "gif", probed: "gif" },
  {
    codec: "h264",
    encoder: "libx264",
    file: "noextension",
    muxer: "matroska",
    probed: "h264",
    options: { format: "matroska" },
  },
];

for (const { codec, encoder, file, muxer, probed, options, tolerance = 0.0011 } of some(cases, 3)) {
  const name = `createFileWriter: ${codec} goes into ${file} as ${muxer} and comes out whole`;
  testBoth(name, { skip: missingEncoders(encoder) || missingMuxers(muxer) }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(file);
    // DNxHR starts at 256x120.
    const [width, height] = [320, 180];
    const writer = await createFileWriter(codec, path, 25, options);
    for (let index = 0; index < 25; index++) await writer.write(barFrame(index, width, height));
    const summary = await writer.close();
    assertEquals([summary.format, summary.encoder], [muxer, encoder]);
    assertEquals(summary.bytes, readFileSync(path).length);
    const stream = probe(path);
    assertEquals([stream.codec_name, stream.frames], [probed, 25]);
    assertEquals([stream.width, stream.height], [width, height]);
    assertAlmostEquals(stream.duration, 1, tolerance);
    const decoded = decode(path, "rgba");
    const last = decoded.subarray(decoded.length - width * height * 4);
    const ratio = psnr(last, barFrame(24, width, height).data);
    assert(ratio > 28, `the last frame has ${ratio} dB`);
  });
}

test("createFileWriter: hevc is tagged hvc1 in mp4 and mov, as QuickTime and Safari want it", {
  skip: missingEncoders("libx265"),
}, async () => {
  using folder = new TemporaryFolder();
  for (const file of ["a.mp4", "a.mov"]) {
    await writeBars(await createFileWriter("hevc", folder.file(file), 25), 3);
    assertEquals(probe(folder.file(file)).codec_tag_string, "hvc1");
  }
});

/** The types of the boxes at the top level of an ISO base media file. */
function topLevelBoxes(path: string): string[] {
  const bytes = readFileSync(path);
  const types: string[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    types.push(bytes.toString("latin1", at + 4, at + 8));
  }
  return types;
}

test("createFileWriter: mp4 and mov have their index in front of the pictures", async () => {
  using folder = new TemporaryFolder();
  for (const file of ["a.mp4", "a.mov", "a.m4v"]) {
    await writeBars(await createFileWriter("h264", folder.file(file), 25), 10);
    const boxes = topLevelBoxes(folder.file(file));
    assert(boxes.indexOf("moov") < boxes.indexOf("mdat"), boxes.join(" "));
  }
});

test("formatOptions: movflags replace the default", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("fragments.mp4");
  const formatOptions = { movflags: "+frag_keyframe+empty_moov" };
  await writeBars(await createFileWriter("h264", path, 25, { formatOptions }), 10);
  assert(topLevelBoxes(path).includes("moof"));
});

/** The durations in milliseconds of an animated WebP file's frames (RIFF container, ANMF chunks). */
function webpDurations(path: string): number[] {
  const bytes = readFileSync(path);
  const durations: number[] = [];
  for (
    let at = 12;
    at < bytes.length;
    at += 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) & 1)
  ) {
    if (bytes.toString("latin1", at, at + 4) === "ANMF") durations.push(bytes.readUIntLE(at + 8 + 12, 3));
  }
  return durations;
}

test(
  "createFileWriter: webp holds an animation with each frame's length",
  { skip: missingEncoders("libwebp_anim") },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("bars.webp");
    await writeBars(await createFileWriter("webp", path, 25), 10);
    assertEquals(webpDurations(path), Array(10).fill(40));
  },
);

test("filter: goes with containers of one constant rate", { skip: missingMuxers("mxf") }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mxf");
  const frame = {
    data: new Uint8Array(720 * 576 * 1.5).fill(128),
    width: 720,
    height: 576,
    format: "yuv420p",
  };
  for (const [filter, frames] of [["hflip", 3], ["fps=50", 6]] as const) {
    const writer = await createFileWriter("mpeg2video", path, 25, { filter });
    for (let index = 0; index < 3; index++) await writer.write(frame);
    assertEquals((await writer.close()).frames, frames);
    assertEquals(decode(path, "gray").length, frames * 720 * 576);
  }
});

test("format: image2 writes numbered images, one a frame", async () => {
  using folder = new TemporaryFolder();
  const options = { format: "image2" };
  await writeBars(await createFileWriter("png", folder.file("frame%03d.png"), 25, options), 3);
  for (let index = 0; index < 3; index++) {
    const decoded = decode(folder.file(`frame00${index + 1}.png`), "rgba");
    assertEquals(psnr(decoded, barFrame(index).data), Infinity);
  }
});

test("createFileWriter: a percent sign, a colon or a query in a path is a part of the name", async () => {
  using folder = new TemporaryFolder();
  for (const file of ["out%03d.mp4", "concat:a.mp4", "a?rw_timeout=1.mp4", "tee:x|y.mp4", "sp ace'ü.mp4"]) {
    await writeBars(await createFileWriter("h264", folder.file(file), 25), 2);
    assertEquals(probe(`file:${folder.file(file)}`).frames, 2);
  }
});
