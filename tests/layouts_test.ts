import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as written from "../ffi/layouts.ts";
import { loadNative } from "../ffi/mod.ts";
import { selfCheck } from "../ffi/selfcheck.ts";
import { StructFields } from "../ffi/struct.ts";
import { LibraryVersionError } from "../mod.ts";
import { channelLayout } from "../src/audio/channels.ts";
import { setChannels } from "../src/libav/audio_frame.ts";
import { layoutModule, type LayoutTable } from "../tools/generate_layouts.ts";
import { TemporaryFolder } from "./support/media.ts";

const table: LayoutTable = JSON.parse(
  readFileSync(new URL("../tools/layouts.json", import.meta.url), "utf8"),
);

test("layouts: ffi/layouts.ts is what the generator makes of tools/layouts.json", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("layouts.ts");
  writeFileSync(path, layoutModule(table));
  const generated = await import(pathToFileURL(path).href);
  assertEquals({ ...generated }, { ...written });
});

/** A version as libav packs it. */
const versionOf = (major: number, minor: number): number => major << 16 | minor << 8;

test("StructFields: a field is there from its least minor on, as in the releases that share a major", () => {
  const { memory } = loadNative();
  // The minors of libavcodec in FFmpeg 5.0 and 5.1, and in 6.0 and 6.1; what APIchanges tells of them.
  const [old, recent] = [
    new StructFields(memory, versionOf(59, 18)),
    new StructFields(memory, versionOf(59, 37)),
  ];
  for (const struct of ["AVFrame", "AVCodecContext"] as const) {
    assertEquals([old.has(struct, "ch_layout"), recent.has(struct, "ch_layout")], [false, true]);
    for (const field of ["channels", "channel_layout"] as const) {
      assertEquals(old.offset(struct, field), recent.offset(struct, field), `${struct}.${field}`);
    }
    assertThrows(() => old.offset(struct, "ch_layout"), RangeError, "no field ch_layout in libavcodec 59.18");
  }
  assertEquals(old.has("AVChannelLayout", "order"), false);
  const [six, sixOne] = [
    new StructFields(memory, versionOf(60, 3)),
    new StructFields(memory, versionOf(60, 31)),
  ];
  for (const field of ["coded_side_data", "nb_coded_side_data"] as const) {
    assertEquals([six.has("AVCodecParameters", field), sixOne.has("AVCodecParameters", field)], [
      false,
      true,
    ]);
  }
});

test("setChannels: in FFmpeg 5.0, which has no AVChannelLayout, the fields of before are set", () => {
  const native = loadNative();
  // A frame that is only memory here: its fields are those of libavcodec 59.18.
  const fields = new StructFields(native.memory, versionOf(59, 18));
  const frame = native.avutil.av_mallocz(BigInt(fields.size("AVFrame")));
  const layout = channelLayout("5.1");
  setChannels({ ...native, fields }, frame, "AVFrame", layout);
  const set = (["channels", "channel_layout"] as const).map((field) => fields.get(frame, "AVFrame", field));
  native.avutil.av_free(frame);
  assertEquals(set, [6, layout.mask]);
});

/** The offsets that the self-check looks at, in one column. */
function checkedOffsets(column: number): string {
  const { AVFrame, AVPacket, AVCodecParameters, AVCodecContext } = written.layouts;
  const structs = [AVFrame, AVPacket, AVCodecParameters, AVCodecContext];
  return structs.flatMap(({ fields }) => Object.values(fields).map(({ offset }) => offset[column])).join();
}

test("selfCheck: passes with the loaded major's layout, and with no other's that differs", () => {
  const native = loadNative();
  selfCheck(native);
  const column = written.avcodecMajors.findIndex((major) => major === native.avcodecMajor);
  for (const [other, major] of written.avcodecMajors.entries()) {
    if (checkedOffsets(other) === checkedOffsets(column)) continue;
    const fields = new StructFields(native.memory, versionOf(major, 255));
    const error = assertThrows(
      () => selfCheck({ ...native, avcodecMajor: major, fields }),
      LibraryVersionError,
    );
    // The version that is there, and the one that it is not.
    assertEquals(error.code, "LAYOUT_MISMATCH");
    assertStringIncludes(error.message, `FFmpeg ${native.version}`);
    assertStringIncludes(error.message, written.releases[other]!);
  }
});

test("symbols: no function has more parameters than registers hold, where all runtimes agree", () => {
  const folder = new URL("../ffi/", import.meta.url);
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts")
  );
  const functions = paths.flatMap((
    path,
  ) => [...readFileSync(new URL(path, folder), "utf8").matchAll(/(\w+): \{\s*parameters: \[(.*?)\]/gs)]);
  const counts = functions.map(([, name, parameters]) => ({
    name,
    count: parameters!.split('"').length >> 1,
  }));
  assert(counts.length > 100, `${counts.length} functions were found`);
  assertEquals(counts.filter(({ count }) => count > 8), []);
});
