import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CAP_ANY,
  CAP_FFMPEG,
  CAP_PROP_BACKEND,
  CAP_PROP_FORMAT,
  CAP_PROP_FOURCC,
  CAP_PROP_FPS,
  CAP_PROP_FRAME_COUNT,
  CAP_PROP_FRAME_HEIGHT,
  CAP_PROP_FRAME_WIDTH,
  CAP_PROP_POS_FRAMES,
  CAP_PROP_POS_MSEC,
  CV_8UC1,
  CV_8UC3,
  VideoWriter,
  VideoWriter_fourcc,
  VIDEOWRITER_PROP_IS_COLOR,
} from "../opencv.ts";
import { UnsupportedError, WriterClosedError } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, decode, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { missingOpenCv, readByOpenCv } from "./support/opencv.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const width = 64, height = 48, size = [width, height] as const;

/** A smooth BGR or gray frame. */
function frame(n: number, channels = 3, w = width, h = height): Uint8Array {
  const data = new Uint8Array(w * h * channels);
  for (let at = 0; at < data.length; at++) {
    const pixel = Math.floor(at / channels), channel = at % channels;
    data[at] = 40 + n * 9 + channel * 30 + (channel === 1 ? pixel % w : Math.floor(pixel / w)) * 2;
  }
  return data;
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  frames.reduce((at, one) => {
    all.set(one, at);
    return at + one.length;
  }, 0);
  return all;
}

async function hashOf(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)).toHex();
}

test(
  "VideoWriter: OpenCV reads count, rate and pixels of what it writes",
  { skip: missingOpenCv() },
  async () => {
    using folder = new TemporaryFolder();
    const cases: [string, number, boolean][] = [
      ["plain.avi", 0, true],
      ["gray.avi", 0, false],
      ["ffv1.avi", VideoWriter_fourcc(..."FFV1"), true],
    ];
    for (const [name, fourcc, isColor] of cases) {
      const path = folder.file(name);
      const frames = [0, 1, 2, 3, 4].map((n) => frame(n, isColor ? 3 : 1));
      const writer = new VideoWriter(path, fourcc, 29.97, size, isColor);
      assert(writer.isOpened(), name);
      for (const data of frames) writer.write(data);
      writer.release();
      assert(!writer.isOpened());
      const read = readByOpenCv(path);
      assertEquals([read.frames, read.told, read.shape], [5, 5, [height, width, 3]], name);
      assert(Math.abs(read.fps - 30000 / 1001) < 1e-9, `${read.fps}`);
      const bgr = frames.map((data) =>
        isColor ? data : Uint8Array.from({ length: data.length * 3 }, (_, at) => data[Math.floor(at / 3)]!)
      );
      assertEquals(read.hashes, await Promise.all(bgr.map(hashOf)), name);
    }
  },
);

/** Each FOURCC in a container, the codec in the file, and the encoder that it takes. */
const fourccs: readonly [fourcc: string, extension: string, codec: string, encoder: string][] = [
  ["MJPG", "avi", "mjpeg", "mjpeg"],
  ["avc1", "mp4", "h264", "libx264"],
  ["XVID", "avi", "mpeg4", "mpeg4"],
  ["mp4v", "mp4", "mpeg4", "mpeg4"],
  ["FMP4", "mp4", "mpeg4", "mpeg4"],
  ["DIVX", "avi", "mpeg4", "mpeg4"],
  ["H264", "avi", "h264", "libx264"],
  ["X264", "mp4", "h264", "libx264"],
  ["HEVC", "mp4", "hevc", "libx265"],
  ["hvc1", "mp4", "hevc", "libx265"],
  ["AV01", "mp4", "av1", "libsvtav1"],
  ["VP90", "mp4", "vp9", "libvpx-vp9"],
  ["VP80", "avi", "vp8", "libvpx"],
  ["FFV1", "avi", "ffv1", "ffv1"],
  ["HFYU", "avi", "huffyuv", "huffyuv"],
  ["FFVH", "avi", "ffvhuff", "ffvhuff"],
  ["MPNG", "avi", "png", "png"],
  ["PIM1", "avi", "mpeg1video", "mpeg1video"],
  ["MPG2", "avi", "mpeg2video", "mpeg2video"],
  ["MP42", "avi", "msmpeg4v2", "msmpeg4v2"],
  ["DIV3", "avi", "msmpeg4v3", "msmpeg4"],
  ["FLV1", "avi", "flv1", "flv"],
  ["WMV1", "avi", "wmv1", "wmv1"],
  ["WMV2", "avi", "wmv2", "wmv2"],
  ["I420", "avi", "rawvideo", "rawvideo"],
];

for (const [letters, extension, codec, encoder] of some(fourccs, 13)) {
  testBoth(
    `VideoWriter: the FOURCC ${letters} in ${extension} is ${codec}`,
    { skip: missingEncoders(encoder) },
    () => {
      using folder = new TemporaryFolder();
      const path = folder.file(`out.${extension}`);
      using writer = new VideoWriter();
      writer.setExceptionMode(true);
      assert(writer.open(path, VideoWriter_fourcc(...letters), 25, [160, 96]));
      assertEquals(writer.getBackendName(), "FFMPEG");
      const frames = [0, 1, 2, 3].map((n) => frame(n, 3, 160, 96));
      for (const data of frames) writer.write(data);
      writer.release();
      const { codec_name, frames: count, r_frame_rate } = probe(path);
      assertEquals([codec_name, count, r_frame_rate], [codec, 4, "25/1"]);
      const likeness = psnr(decode(path, "bgr24"), joined(frames));
      assert(likeness > 28, `${likeness} dB`);
    },
  );
}

test("VideoWriter: properties tell what is open, and 0 without", () => {
  using folder = new TemporaryFolder();
  const fourcc = VideoWriter_fourcc(..."DIB ");
  const writer = new VideoWriter(folder.file("out.avi"), CAP_ANY, fourcc, 23.976, size);
  const told = (): number[] =>
    [
      ...[CAP_PROP_FRAME_WIDTH, CAP_PROP_FRAME_HEIGHT, CAP_PROP_FPS, CAP_PROP_FOURCC, CAP_PROP_FRAME_COUNT],
      ...[CAP_PROP_POS_FRAMES, CAP_PROP_POS_MSEC, CAP_PROP_FORMAT, CAP_PROP_BACKEND, 999],
    ].map((property) => writer.get(property));
  const rate = 24000 / 1001;
  assertEquals(told(), [width, height, rate, fourcc, 0, 0, 0, CV_8UC3, CAP_ANY, 0]);
  writer.write(frame(0));
  writer.write(frame(1));
  assertEquals(told(), [width, height, rate, fourcc, 2, 2, (2 * 1001 / 24000) * 1000, CV_8UC3, CAP_ANY, 0]);
  assert(writer.set(CAP_PROP_FRAME_WIDTH, width) && !writer.set(CAP_PROP_FPS, 60));
  assertEquals(writer.getBackendName(), "AVI");
  writer.release();
  assertEquals(told(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assertThrows(() => writer.getBackendName(), WriterClosedError, "not open");
  assert(writer.open(folder.file("gray.avi"), 0, 25, size, [VIDEOWRITER_PROP_IS_COLOR, 0]));
  assertEquals(writer.get(CAP_PROP_FORMAT), CV_8UC1);
});

test("VideoWriter: frames may be bytes, matrices or raw frames", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  const writer = new VideoWriter(path, 0, 25, size);
  const [one, two, three] = [frame(0), frame(1), frame(2)] as const;
  writer.write(one);
  writer.write({ data: two, rows: height, cols: width, channels: () => 3 });
  // Rows with a gap.
  const wide = new Uint8Array((width * 3 + 5) * height);
  for (let row = 0; row < height; row++) {
    wide.set(three.subarray(row * width * 3, (row + 1) * width * 3), row * (width * 3 + 5));
  }
  writer.write({ data: wide, width, height, format: "bgr24", strides: [width * 3 + 5] });
  writer.release();
  assertSameBytes(decode(path, "bgr24"), joined([one, two, three]), "frames");
});

test("VideoWriter: wrong frames are left out in silence, or thrown where that is asked for", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi");
  using writer = new VideoWriter(path, 0, 25, size);
  const wrong: [unknown, RegExp][] = [
    [new Uint8Array(10), /10 bytes/],
    [frame(0, 1), /3072 bytes/],
    [{ data: frame(0), rows: width, cols: height, channels: 3 }, /48x64/],
    [{ data: frame(0), rows: height, cols: width, channels: 4 }, /4 channels/],
    [{ data: new Uint8Array(width * height * 4), width, height, format: "rgba" }, /rgba/],
    [null, /null/],
    ["frame", /frame/],
  ];
  for (const [image] of wrong) writer.write(image as Uint8Array);
  writer.setExceptionMode(true);
  assert(writer.getExceptionMode());
  for (const [image, message] of wrong) {
    const error = assertThrows(() => writer.write(image as Uint8Array), Error);
    assert(message.test(error.message), error.message);
    assert(error instanceof TypeError || error instanceof RangeError, error.name);
  }
  assertThrows(() => writer.set(CAP_PROP_FPS, 60), UnsupportedError, "open sets them all");
  writer.write(frame(3));
  writer.release();
  assertThrows(() => writer.write(frame(3)), WriterClosedError);
  assertSameBytes(decode(path, "bgr24"), frame(3), "the only frame");
});

test("VideoWriter: what can't be opened is false, or thrown where that is asked for", () => {
  using folder = new TemporaryFolder();
  const writer = new VideoWriter();
  const path = folder.file("out.avi");
  const wrong: [() => boolean, RegExp][] = [
    [() => writer.open(path, VideoWriter_fourcc(..."ABCD"), 25, size), /FOURCC "ABCD"/],
    [() => writer.open(path, 0, 0, size), /frame rate|fps/],
    [() => writer.open(path, 0, 25, [0, 48]), /width/],
    [() => writer.open(path, 0, 25, 640 as never), /frameSize/],
    [() => writer.open(path, "MJPG" as never, 25, size), /fourcc/],
    [() => writer.open(path, 2000, 0, 25, size), /backend 2000/],
    [() => writer.open(folder.file("no/out.avi"), 0, 25, size), /folder does not exist/],
    [() => writer.open(folder.file("out.nothing"), VideoWriter_fourcc(..."MJPG"), 25, size), /nothing/],
  ];
  const warn = console.warn;
  const said: string[] = [];
  console.warn = (text: string) => void said.push(text);
  try {
    for (const [open] of wrong) assertEquals([open(), writer.isOpened()], [false, false]);
  } finally {
    console.warn = warn;
  }
  // The first one only.
  assert(said.length === 1 && said[0]!.includes("ABCD"), said.join("\n"));
  writer.setExceptionMode(true);
  for (const [open, message] of wrong) {
    const error = assertThrows(open, Error);
    assert(message.test(error.message), error.message);
  }
  assert(!existsSync(path));
});

test(
  "VideoWriter: an open file is finished when another one is opened, and odd sides are cut where they must be",
  {
    skip: missingEncoders("libx264"),
  },
  () => {
    using folder = new TemporaryFolder();
    const [first, second] = [folder.file("first.mp4"), folder.file("second.avi")];
    using writer = new VideoWriter(first, CAP_FFMPEG, VideoWriter_fourcc(..."avc1"), 25, [65, 49]);
    writer.write(frame(0, 3, 65, 49));
    assert(writer.open(second, 0, 25, [65, 49]));
    const { width: w, height: h, frames } = probe(first);
    assertEquals([w, h, frames], [64, 48, 1]);
    writer.write(frame(1, 3, 65, 49));
    writer.release();
    assertSameBytes(decode(second, "bgr24"), frame(1, 3, 65, 49), "pixels as they are");
    assertEquals(statSync(second).size, readFileSync(second).length);
  },
);

test("VideoWriter: without FFmpeg, a FOURCC of 0 is written, and others say why not", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.avi"), empty = folder.file("empty"), script = folder.file("write.ts");
  mkdirSync(empty);
  const door = JSON.stringify(new URL("../opencv.ts", import.meta.url).href);
  const text = `import { VideoWriter, VideoWriter_fourcc } from ${door};
    const writer = new VideoWriter();
    const codec = writer.open(${JSON.stringify(path)}, VideoWriter_fourcc(..."MJPG"), 25, [16, 16]);
    const plain = writer.open(${JSON.stringify(path)}, 0, 25, [16, 16]);
    for (let n = 0; n < 3; n++) writer.write(new Uint8Array(16 * 16 * 3).fill(n));
    writer.release();
    console.log(JSON.stringify([codec, plain]));`;
  writeFileSync(script, text);
  const { stdout, stderr } = runScript(script, [], { variables: { AVWRITER_LIBRARY_PATH: empty } });
  assertEquals(JSON.parse(stdout), [false, true], stderr);
  for (const part of ["Install FFmpeg's libraries", "FOURCC 0"]) assert(stderr.includes(part), stderr);
  assertEquals(probe(path).frames, 3);
});
