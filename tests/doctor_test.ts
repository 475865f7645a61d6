import { writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { libraryFileName, libraryMajor } from "../ffi/locate.ts";
import { type CodecFamily, deviceFamilies, families } from "../src/codecs/families.ts";
import { createFileWriter, doctor, type DoctorReport } from "../mod.ts";
import { TemporaryFolder } from "./support/media.ts";
import { isDeno, type RunOptions, runScript } from "./support/processes.ts";
import { test } from "./support/test.ts";

const system = process.platform === "win32" ? "windows" : process.platform === "darwin" ? "darwin" : "linux";
const separator = system === "windows" ? ";" : ":";

/** The report of a process of its own. */
function reportOf(options: RunOptions): DoctorReport {
  const script = fileURLToPath(new URL("support/print_doctor.ts", import.meta.url));
  const { status, stdout, stderr } = runScript(script, [], options);
  assertEquals([status, stderr], [0, ""]);
  return JSON.parse(stdout);
}

/** Makes empty files in a folder: the doctor is to see them, not to load them. */
function makeFiles(folder: TemporaryFolder, ...names: string[]): void {
  for (const name of names) writeFileSync(folder.file(name), "");
}

test("doctor: reports the libraries in use, and which encoders really open", async () => {
  const report = await doctor();
  const { folder, version, libraryVersions } = loadNative();
  assertEquals(report.libraries, { folder, version, libraries: libraryVersions });
  assertEquals([report.problem, report.install], [null, null]);
  assert(/^(Deno|Bun|Node) \d+\.\d+\.\d+/.test(report.runtime), report.runtime);
  assert(report.system.startsWith(`${system} `), report.system);
  assertEquals(Object.keys(report.encoders), Object.keys(families));
  assertEquals(JSON.parse(JSON.stringify(report)), report);
  for (const { folder: other, avcodecMajor } of report.others) {
    assert(other !== folder || avcodecMajor !== loadNative().avcodecMajor, `${other} twice`);
  }
  using files = new TemporaryFolder();
  for (const [family, checks] of Object.entries(report.encoders)) {
    for (const { name, usable, reason } of checks) {
      assertEquals([name, usable], [name, reason === null]);
      if (reason !== null) assert(/built without it$|^Cannot /.test(reason), reason);
    }
    const first = checks.find(({ usable }) => usable);
    if (first === undefined) continue;
    const writer = await createFileWriter(
      family,
      files.file(family === "gif" || family === "webp" ? `a.${family}` : "a.mkv"),
      25,
    );
    assertEquals(writer.encoder?.name, first.name);
    await writer.abort();
  }
  assertEquals(Object.keys(report.deviceEncoders), Object.keys(deviceFamilies));
  for (const [family, checks] of Object.entries(report.deviceEncoders)) {
    assertEquals(checks.map(({ name }) => name), deviceFamilies[family as CodecFamily]);
    for (const { usable, reason } of checks) assertEquals(usable, reason === null);
  }
  // FFmpeg itself brings these.
  for (const family of ["mpeg4", "mjpeg", "ffv1", "gif", "rawvideo"] as const) {
    assertEquals(report.encoders[family].some(({ usable }) => usable), true, family);
  }
});

test("doctor: without libraries it says why, and which ones it has seen elsewhere", () => {
  using empty = new TemporaryFolder();
  const report = reportOf({ variables: { AVWRITER_LIBRARY_PATH: empty.path } });
  assertEquals(report.libraries, null);
  assertStringIncludes(report.problem!, `Cannot load FFmpeg's libraries`);
  assertStringIncludes(report.problem!, empty.path);
  for (const check of Object.values(report.encoders).flat()) {
    assertEquals([check.usable, check.reason], [false, "FFmpeg's libraries cannot be used"]);
  }
  const { avcodecMajor } = loadNative();
  const seen = report.others.find((other) => other.avcodecMajor === avcodecMajor);
  // Libraries that only a variable names are nowhere else.
  if (process.env["AVWRITER_LIBRARY_PATH"] === undefined || seen !== undefined) {
    assertEquals([seen?.usable, seen?.reason], [true, null]);
    assertEquals(report.install, null);
  }
});

test("doctor: where it sees no libraries at all it says how to install them", {
  skip: !isDeno && "only Deno has permissions to hide the system's folders with",
}, () => {
  using empty = new TemporaryFolder();
  const report = reportOf({
    permissions: ["--allow-ffi", "--allow-env", "--allow-read=/etc/os-release"],
    variables: { AVWRITER_LIBRARY_PATH: empty.path },
  });
  assertEquals([report.libraries, report.others], [null, []]);
  assert(/\b(install|add|emerge|-S|-iA)\b/.test(report.install ?? "install"), report.install!);
  if (system !== "linux") assert(report.install !== null);
});

test("doctor: without permission it asks for it, not for another FFmpeg", {
  skip: !isDeno && "only Deno has such permissions",
}, () => {
  const report = reportOf({ permissions: ["--allow-env"] });
  assertEquals([report.libraries, report.others, report.install], [null, [], null]);
  assertStringIncludes(report.problem!, "--allow-ffi");
});

test("doctor: sees other sets beside the one in use, and says why they cannot be used", () => {
  using broken = new TemporaryFolder();
  const { folder, avcodecMajor } = loadNative();
  const older = avcodecMajor === 58 ? 59 : 58;
  const nameOf = (library: "avcodec" | "avutil", major: number): string =>
    libraryFileName(system, library, libraryMajor(library, major));
  makeFiles(
    broken,
    nameOf("avcodec", older),
    nameOf("avutil", older),
    libraryFileName(system, "avcodec", 64),
  );
  const variables = { AVWRITER_LIBRARY_PATH: `${folder}${separator}${broken.path}` };
  const { libraries, others } = reportOf({ variables });
  assertEquals(libraries?.folder, folder);
  const [newer, incomplete] = others.filter((other) => other.folder === broken.path);
  assertEquals([newer?.avcodecMajor, newer?.usable], [64, false]);
  assertStringIncludes(newer!.reason!, "newer");
  assertEquals([incomplete?.avcodecMajor, incomplete?.usable], [older, false]);
  assertStringIncludes(incomplete!.reason!, "swscale");
  assert(!incomplete!.reason!.includes("avutil"), incomplete!.reason!);
});

test("doctor: a set that several links lead to is seen once", () => {
  const { others } = reportOf({});
  const places = others.map(({ folder, avcodecMajor }) => `${folder} ${avcodecMajor}`);
  assertEquals(places, [...new Set(places)]);
  // On Debian, /lib is a link to /usr/lib.
  assert(!places.some((place) => place.startsWith("/lib/")), places.join(", "));
});
