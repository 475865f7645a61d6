/**
 * Containers of several files: which may open them by themselves, where, and what they delete.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  UnsupportedError,
  WriteError,
  type WriterOptions,
  type WriteSummary,
} from "../mod.ts";
import { listen, sine } from "./support/audio.ts";
import { missingEncoders, missingMuxers } from "./support/features.ts";
import { barFrame, decode, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

/** Frames at 10 a second, and audio where there is a track. */
async function record(path: string, frames: number, options: WriterOptions): Promise<WriteSummary> {
  const writer = await createFileWriter("h264", path, 10, {
    keyFrameInterval: 0.5,
    preset: "ultrafast",
    ...options,
  });
  for (let index = 0; index < frames; index++) {
    await writer.write(barFrame(index % 20));
    if (options.audio !== undefined) {
      await writer.writeAudio(sine({ from: index * 4800, count: 4800, sampleRate: 48_000 }));
    }
  }
  const summary = await writer.close();
  assertEquals(summary.bytes, writer.stats.bytes);
  return summary;
}

const skip = missingEncoders("libx264") || missingMuxers("hls") || missingMuxers("dash");

test("format: a finished playlist lists all segments, unless told otherwise", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.m3u8");
  const listed = (): number =>
    readFileSync(path, "utf8").split("\n").filter((line) => line.endsWith(".ts")).length;
  const formatOptions = { hls_time: 0.5 };
  const { bytes } = await record(path, 50, { formatOptions });
  assertEquals(listed(), 10);
  const stored = readdirSync(folder.path).reduce((sum, name) => sum + statSync(folder.file(name)).size, 0);
  assert(bytes > stored / 2 && bytes < stored, `${bytes} bytes of video in ${stored}`);
  assertEquals(decode(path, "gray").length, 50 * 160 * 90);
  await record(path, 50, { formatOptions: { ...formatOptions, hls_list_size: 3 } });
  assertEquals(listed(), 3);
});

test("formatOptions: HLS deletes old segments", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.m3u8");
  const options = { hls_time: 0.5, hls_flags: "delete_segments", hls_list_size: 2, hls_delete_threshold: 1 };
  await record(path, 60, { formatOptions: options });
  const segments = readdirSync(folder.path).filter((name) => name.endsWith(".ts"));
  assert(segments.length <= 4, `${segments.length} of 12 segments are left: ${segments}`);
  // Without a size of the list, libavformat's is kept: with all segments in it, none would be old.
  await record(folder.file("b.m3u8"), 60, {
    formatOptions: { hls_time: 0.5, hls_flags: "delete_segments", hls_delete_threshold: 1 },
  });
  assert(readdirSync(folder.path).filter((name) => /^b.*ts$/.test(name)).length < 12);
});

test("formatOptions: DASH deletes old segments", { skip }, async () => {
  using folder = new TemporaryFolder();
  const options = { seg_duration: 0.5, window_size: 2, extra_window_size: 1 };
  await record(folder.file("a.mpd"), 60, { formatOptions: options });
  const chunks = readdirSync(folder.path).filter((name) => name.startsWith("chunk"));
  assert(chunks.length <= 4, `${chunks.length} of 12 segments are left: ${chunks}`);
});

for (
  const [name, inner] of some([
    ...[["part%d.ts", undefined], ["part%d.mkv", undefined], ["part%d.mp4", undefined]] as const,
    ["part%d.bin", "matroska"] as const,
  ], 3)
) {
  for (const thread of ["worker", "main"] as const) {
    testBoth(`format: segments of ${name} have audio (${thread})`, { skip }, async () => {
      using folder = new TemporaryFolder();
      const formatOptions = { segment_time: 1, ...(inner === undefined ? {} : { segment_format: inner }) };
      await record(folder.file(name), 30, {
        format: "segment",
        formatOptions,
        audio: { codec: "aac" },
        thread,
      });
      const parts = readdirSync(folder.path).sort();
      assertEquals(parts.length, 3);
      let frames = 0;
      let samples = 0;
      for (const part of parts) {
        frames += probe(folder.file(part)).frames;
        samples += listen(folder.file(part)).length / 2;
      }
      assertEquals(frames, 30);
      assert(Math.abs(samples - 3 * 48_000) < 8000, `${samples} samples`);
    });
  }
}

test(
  "format: segments take the audio of their own container",
  { skip: skip || missingEncoders("libopus") },
  async () => {
    using folder = new TemporaryFolder();
    await assertFails(
      () => record(folder.file("part%d.flv"), 1, { format: "segment", audio: { codec: "alac" } }),
      { type: UnsupportedError, code: "CODEC_NOT_FOR_CONTAINER", says: ["alac"] },
    );
  },
);

const refused: readonly (readonly [format: string, options: WriterOptions["formatOptions"]])[] = [
  ["fifo", { fifo_format: "tee" }],
  ["fifo", { fifo_format: "matroska" }],
  ["tee", {}],
  ["rtsp", {}],
  ["sap", {}],
];

for (const [format, formatOptions = {}] of some(refused, 2)) {
  testBoth(
    `format: ${format} ${JSON.stringify(formatOptions)} is refused, for nothing could check where it writes`,
    {
      skip: missingMuxers(format),
    },
    async () => {
      using folder = new TemporaryFolder();
      const out = folder.file("out.mkv");
      await assertFails(
        () => createFileWriter("mpeg4", folder.file(`[f=matroska]${out}`), 25, { format, formatOptions }),
        {
          type: UnsupportedError,
          code: "MANY_TARGETS",
          says: [`Cannot write the format ${format}: it opens files`],
        },
      );
      assertEquals(readdirSync(folder.path), []);
    },
  );
}

test("formatOptions: what names files elsewhere is checked where it is", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.m3u8");
  mkdirSync(folder.file("parts"));
  const missing: readonly (readonly [string, WriterOptions])[] = [
    [path, { formatOptions: { hls_segment_filename: folder.file("none/a%d.ts") } }],
    [path, { formatOptions: { hls_segment_filename: `file:${folder.file("none/a%d.ts")}` } }],
    [path, { formatOptions: { master_pl_name: "none/master.m3u8" } }],
    [folder.file("a.mpd"), { formatOptions: { media_seg_name: "none/$Number$.m4s" } }],
    [folder.file("a%d.ts"), { format: "segment", formatOptions: { segment_list: folder.file("none/list") } }],
  ];
  for (const [file, options] of missing) {
    await assertFails(() => createFileWriter("h264", file, 25, options), {
      type: WriteError,
      code: "ENOENT",
      says: ["its folder does not exist"],
    });
  }
  for (const formatOptions of [{ hls_key_info_file: path }, { hls_segment_filename: "%d/../../a.ts" }]) {
    await assertFails(() => createFileWriter("h264", path, 25, { formatOptions }), {
      type: UnsupportedError,
      code: "MANY_TARGETS",
      says: ["Cannot use the muxer option hls_"],
    });
  }
  assert(!existsSync(path));
  await record(path, 5, { formatOptions: { hls_segment_filename: folder.file("parts/a%d.ts") } });
  assertEquals(readdirSync(folder.file("parts")), ["a0.ts"]);
});
