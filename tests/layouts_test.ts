import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as written from "../ffi/layouts.ts";
import { loadNative } from "../ffi/mod.ts";
import { selfCheck } from "../ffi/selfcheck.ts";
import { StructFields } from "../ffi/struct.ts";
import { LibraryVersionError } from "../mod.ts";
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
    const fields = new StructFields(native.memory, major);
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
