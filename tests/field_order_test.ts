/**
 * Interlaced material: encoder and container are told, and other programs read it back.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, type RawFrame, UnsupportedError, type WriterOptions } from "../mod.ts";
import { missingEncoders, missingMuxers } from "./support/features.ts";
import { decode, psnr, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { open } from "./support/opening.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

/** A bar that moves from field to field: 50 fields a second in 25 frames. */
function fieldFrame(
  index: number,
  order: "tff" | "bff",
  format: string,
  width: number,
  height: number,
): RawFrame {
  const chromaRows = format.startsWith("yuv420p") ? height / 2 : height;
  const is10 = format.endsWith("10le");
  const data = is10
    ? new Uint16Array(width * height + width * chromaRows)
    : new Uint8Array(width * height + width * chromaRows);
  data.fill(is10 ? 512 : 128);
  const scale = is10 ? 4 : 1;
  for (let y = 0; y < height; y++) {
    const isFirst = (y % 2 === 0) === (order === "tff");
    const left = ((index * 2 + (isFirst ? 0 : 1)) * 12) % (width - 40);
    for (let x = 0; x < width; x++) {
      data[y * width + x] = (x >= left && x < left + 40 ? 200 : 40 + ((x >> 3) + (y >> 3)) % 5 * 8) * scale;
    }
  }
  return { data, width, height, format };
}

/** Files that say something else than their pictures do, in some releases of FFmpeg: those are refused. */
const uncertain: readonly string[] = ["prores in c.mxf", "dnxhd in d.mxf"];

interface FieldCase {
  readonly codec: string;
  readonly encoder: string;
  readonly file: string;
  readonly format: string;
  readonly size?: readonly [number, number];
  readonly options?: WriterOptions;
}

const cases: readonly FieldCase[] = [
  ...["a.mp4", "a.mov", "a.mkv", "a.ts", "a.mxf"].map((file) => (
    { codec: "h264", encoder: "libx264", file, format: "yuv420p" }
  )),
  {
    codec: "h264",
    encoder: "libx264",
    file: "b.mp4",
    format: "yuv422p",
    options: { pixelFormat: "yuv422p" },
  },
  ...["b.ts", "b.mpg", "b.mxf", "b.mkv"].map((file) => (
    { codec: "mpeg2video", encoder: "mpeg2video", file, format: "yuv420p" }
  )),
  ...["c.mov", "c.mxf", "c.mkv"].map((file) => (
    { codec: "prores", encoder: "prores_ks", file, format: "yuv422p10le" }
  )),
  ...["d.mov", "d.mxf"].map((file) => ({
    ...{ codec: "dnxhd", encoder: "dnxhd", file, format: "yuv422p", size: [1920, 1080] as const },
    options: { profile: "dnxhd", bitrate: "120M" },
  })),
  { codec: "ffv1", encoder: "ffv1", file: "e.mkv", format: "yuv422p", options: { quality: "lossless" } },
];

/** What ffprobe tells of the stream and of its first frame. */
function probeFields(path: string): { order: string; isInterlaced: boolean; isTopFirst: boolean } {
  const { stdout, status } = spawnSync("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_streams", "-show_frames", "-of", "json", path],
  ], { encoding: "utf8" });
  assertEquals(status, 0, path);
  const { streams: [stream], frames } = JSON.parse(stdout);
  const frame = frames.at(-1);
  return {
    order: String(stream.field_order),
    isInterlaced: frame.interlaced_frame === 1,
    isTopFirst: frame.top_field_first === 1,
  };
}

/** How many frames ffmpeg's idet takes for each order, by what is in them. */
function detect(path: string): { tff: number; bff: number } {
  const { stderr } = spawnSync("ffmpeg", ["-i", path, "-vf", "idet", "-f", "null", "-"], {
    encoding: "utf8",
  });
  // A program that learns the order from the first frame starts the filter again.
  const all = [...stderr.matchAll(/Multi frame detection: TFF:\s*(\d+)\s*BFF:\s*(\d+)/g)];
  const [, tff, bff] = all.at(-1)!;
  return { tff: Number(tff), bff: Number(bff) };
}

for (const { codec, encoder, file, format, size = [320, 192], options } of some(cases, 3)) {
  for (const fieldOrder of ["tff", "bff"] as const) {
    testBoth(`fieldOrder: ${fieldOrder} comes back from ${codec} in ${file} as ${format}`, {
      skip: missingEncoders(encoder) || file.endsWith("mxf") && missingMuxers("mxf"),
    }, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(file);
      const [width, height] = size;
      const given = {
        fieldOrder,
        quality: options?.bitrate === undefined ? "high" : undefined,
        ...options,
      } as WriterOptions;
      const writer = await createFileWriter(codec, path, 25, given).catch((error) => error as Error);
      if (writer instanceof Error) {
        assert(uncertain.includes(`${codec} in ${file}`), String(writer));
        assertEquals((writer as UnsupportedError).code, "FIELD_ORDER");
        return;
      }
      const frames = Array.from(
        { length: 8 },
        (_, index) => fieldFrame(index, fieldOrder, format, width, height),
      );
      for (const frame of frames) await writer.write(frame);
      await writer.close();
      const told = probeFields(path);
      const isTop = fieldOrder === "tff";
      assertEquals([told.isInterlaced, told.isTopFirst], [true, isTop], JSON.stringify(told));
      // dnxhd has it in each picture only.
      if (told.order !== "undefined") {
        assert((isTop ? ["tt", "tb"] : ["bb", "bt"]).includes(told.order), told.order);
      }
      const found = detect(path);
      const [right, wrong] = isTop ? [found.tff, found.bff] : [found.bff, found.tff];
      assert(right >= 6 && wrong === 0, JSON.stringify(found));
      // The pictures are what was written, row by row.
      const decoded = decode(path, format);
      const bytes = new Uint8Array((frames[0]!.data as Uint8Array).buffer);
      const ratio = psnr(decoded.subarray(0, width * height), bytes.subarray(0, width * height));
      assert(ratio > 30, `${ratio} dB`);
    });
  }
}

test("fieldOrder: progressive is told, and nothing is where it is not said", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  for (const fieldOrder of ["progressive", undefined] as const) {
    for (const file of ["a.mp4", "a.mov"]) {
      const path = folder.file(file);
      const writer = await createFileWriter("h264", path, 25, { fieldOrder } as WriterOptions);
      for (let index = 0; index < 3; index++) {
        await writer.write(fieldFrame(index, "tff", "yuv420p", 320, 192));
      }
      await writer.close();
      const told = probeFields(path);
      assertEquals([told.order, told.isInterlaced], ["progressive", false]);
    }
  }
});

test("fieldOrder: is refused where encoder or container can't tell it, or fields would be mixed", {
  skip: missingEncoders("libx264") || missingEncoders("libvpx-vp9"),
}, async () => {
  const refuse = (codec: string, file: string, options: WriterOptions, ...says: string[]): Promise<unknown> =>
    assertFails(() => open(codec, file, { fieldOrder: "tff", ...options }), {
      type: UnsupportedError,
      code: "FIELD_ORDER",
      says,
    });
  await refuse(
    "vp9",
    "a.webm",
    {},
    'fieldOrder "tff" and libvpx-vp9: the encoder takes progressive pictures only',
  );
  await refuse("png", "a.mov", {}, "png: the encoder takes progressive pictures only");
  await refuse(
    "rawvideo",
    "a.avi",
    {},
    'Cannot write the fieldOrder "tff" into avi: neither it nor rawvideo tells it',
  );
  await refuse(
    "h264",
    "a.mp4",
    { resize: "contain", width: 320, height: 180 },
    "rows of both fields would be mixed",
  );
  using folder = new TemporaryFolder();
  for (const thread of ["worker", "main"] as const) {
    const writer = await createFileWriter("h264", folder.file("a.mp4"), 25, { fieldOrder: "tff", thread });
    const data = new Uint8Array(320 * 192 * 4);
    await assertFails(() => writer.write({ data, width: 320, height: 192 }), {
      type: UnsupportedError,
      code: "FIELD_ORDER",
      says: ["from rgba to yuv420p: chroma of both fields would be mixed", "yuv422p"],
    });
    await writer.abort();
  }
  // With chroma for each row, fields stay apart.
  const path = folder.file("b.mp4");
  const writer = await createFileWriter("h264", path, 25, { fieldOrder: "bff", pixelFormat: "yuv422p" });
  for (let index = 0; index < 3; index++) {
    await writer.write({ data: new Uint8Array(320 * 192 * 4), width: 320, height: 192 });
  }
  await writer.close();
  assertEquals(probeFields(path).isTopFirst, false);
});

test(
  "oddSize: ProRes of odd width has no green columns",
  { skip: missingEncoders("prores_ks") },
  async () => {
    using folder = new TemporaryFolder();
    for (const [codec, profile] of [["prores", "hq"], ["prores", "4444"], ["prores_aw", "3"]] as const) {
      for (const [width, height] of [[101, 60], [33, 41], [719, 64]] as const) {
        const path = folder.file("a.mov");
        const writer = await createFileWriter(codec, path, 25, { profile });
        const data = new Uint8Array(width * height * 4);
        for (let at = 0; at < data.length; at += 4) data.set([200, 60, 40, 255], at);
        for (let index = 0; index < 2; index++) await writer.write({ data, width, height });
        const summary = await writer.close();
        const pixels = decode(path, "rgb24").subarray(0, summary.width * summary.height * 3);
        for (let at = 0; at < pixels.length; at += 3) {
          const [red, green, blue] = pixels.subarray(at, at + 3);
          const isRight = Math.abs(red! - 200) < 12 && Math.abs(green! - 60) < 12 &&
            Math.abs(blue! - 40) < 12;
          const place = `${at / 3 % summary.width}, ${Math.floor(at / 3 / summary.width)}`;
          assert(isRight, `${profile} ${width}x${height}: ${red},${green},${blue} at ${place}`);
        }
      }
    }
  },
);
