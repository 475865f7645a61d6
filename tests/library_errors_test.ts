import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { libraryFileName, libraryMajor, type LibraryName } from "../ffi/locate.ts";
import { createFileWriter, LibraryVersionError } from "../mod.ts";
import type { ReportedError } from "./support/child.ts";
import { TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { runChild, type RunOptions } from "./support/processes.ts";
import { test } from "./support/test.ts";

const system = process.platform === "win32" ? "windows" : process.platform === "darwin" ? "darwin" : "linux";
const libraries: readonly LibraryName[] = ["avutil", "swresample", "swscale", "avcodec", "avformat"];

function fileName(library: LibraryName, avcodecMajor: number): string {
  return libraryFileName(system, library, libraryMajor(library, avcodecMajor));
}

/** Tries to write in a process of its own, and returns the error that the open throws. */
function openError(options: RunOptions, libraryPath?: string): ReportedError {
  using folder = new TemporaryFolder();
  const { failedAt, error } = runChild({
    codec: "mpeg4",
    path: folder.file("a.mp4"),
    options: libraryPath === undefined ? {} : { libraryPath },
    frames: 1,
    width: 64,
    height: 48,
  }, options);
  assertEquals(failedAt, "open");
  assertEquals(readdirSync(folder.path), []);
  return error!;
}

function assertNotFound(error: ReportedError, ...places: string[]): void {
  const { type, code, operation, message } = error;
  assertEquals([type, code, operation], ["LibraryNotFoundError", "ENOENT", "load FFmpeg's libraries"]);
  assert(message.startsWith("Cannot load FFmpeg's libraries: looked for "), message);
  for (const place of places) assertStringIncludes(message, place);
  // The newest and the oldest name that would have done, and the command.
  assertStringIncludes(message, fileName("avcodec", 63));
  assertStringIncludes(message, fileName("avcodec", 58));
  assert(/Install FFmpeg's (shared )?libraries/.test(message), message);
  assert(/\b(apt-get|dnf|zypper|pacman|apk|emerge|xbps-install|nix-env|brew|winget) /.test(message), message);
  assertStringIncludes(message, "AVWRITER_LIBRARY_PATH");
}

test("LibraryNotFoundError: lists what was tried and how to install FFmpeg", () => {
  using empty = new TemporaryFolder();
  const variables = { AVWRITER_LIBRARY_PATH: empty.path };
  assertNotFound(openError({ variables }), empty.path);
});

test("AVWRITER_LIBRARY_PATH: a dot is the program's own folder, not the system's", () => {
  assertNotFound(openError({ variables: { AVWRITER_LIBRARY_PATH: "." } }), "in .");
});

test("AVWRITER_LIBRARY_PATH: its folders are the only ones that are searched", () => {
  using empty = new TemporaryFolder();
  const other = empty.file("not there");
  const separator = system === "windows" ? ";" : ":";
  const variables = { AVWRITER_LIBRARY_PATH: `${empty.path}${separator}${other}` };
  const error = openError({ variables });
  assertNotFound(error, empty.path, other);
  assert(!error.message.includes("/usr/lib"), error.message);
});

test("libraryPath: names a folder as the variable does, and wins", () => {
  using empty = new TemporaryFolder();
  assertNotFound(openError({}, empty.path), empty.path);
  const variables = { AVWRITER_LIBRARY_PATH: loadNative().folder };
  assertNotFound(openError({ variables }, empty.path), empty.path);
});

test("LibraryNotFoundError: a file that is not a library is named with the system's reason", () => {
  using folder = new TemporaryFolder();
  const major = loadNative().avcodecMajor;
  for (const library of libraries) {
    writeFileSync(folder.file(fileName(library, major)), "this is a text file\n");
  }
  const error = openError({ variables: { AVWRITER_LIBRARY_PATH: folder.path } });
  assertNotFound(error, folder.path);
  assertStringIncludes(error.message, `${folder.file(fileName("avutil", major))} did not load: `);
});

test("LibraryNotFoundError: another library under the name of FFmpeg's is named as what did not load", {
  skip: system !== "linux" && "the trick is made with Linux's symbolic links",
}, () => {
  using folder = new TemporaryFolder();
  const { folder: real, avcodecMajor: major } = loadNative();
  symlinkSync(join(real, fileName("avutil", major)), folder.file(fileName("avutil", major)));
  symlinkSync(join(real, fileName("swscale", major)), folder.file(fileName("swresample", major)));
  const error = openError({ variables: { AVWRITER_LIBRARY_PATH: folder.path } });
  assertNotFound(error, folder.path);
  assertStringIncludes(error.message, `${folder.file(fileName("swresample", major))} did not load: `);
});

test("LibraryVersionError: libraries of another version than their names say are refused with both", {
  skip: system !== "linux" && "the trick is made with Linux's symbolic links",
}, () => {
  using folder = new TemporaryFolder();
  const { folder: real, avcodecMajor: major, libraryVersions } = loadNative();
  const claimed = major === 62 ? 63 : 62;
  for (const library of libraries) {
    symlinkSync(join(real, fileName(library, major)), folder.file(fileName(library, claimed)));
  }
  const { type, code, message } = openError({ variables: { AVWRITER_LIBRARY_PATH: folder.path } });
  assertEquals([type, code], ["LibraryVersionError", "MIXED_VERSIONS"]);
  assertStringIncludes(message, `Cannot use FFmpeg's libraries in ${folder.path}: `);
  assertStringIncludes(message, libraryVersions.avutil!);
  assertStringIncludes(message, `libavutil ${libraryMajor("avutil", claimed)}`);
});

test("LibraryVersionError: a version newer than all known ones is refused with both", {
  skip: system !== "linux" && "the trick is made with Linux's symbolic links",
}, () => {
  using folder = new TemporaryFolder();
  const { folder: real, avcodecMajor: major } = loadNative();
  const newest = libraryMajor("avutil", 63);
  symlinkSync(
    join(real, fileName("avutil", major)),
    folder.file(libraryFileName(system, "avutil", newest + 1)),
  );
  const { type, code, message } = openError({ variables: { AVWRITER_LIBRARY_PATH: folder.path } });
  assertEquals([type, code], ["LibraryVersionError", "TOO_NEW"]);
  assertStringIncludes(
    message,
    `Cannot use FFmpeg's libraries in ${folder.path}: libavutil ${newest + 1} is newer`,
  );
  assertStringIncludes(message, `libavutil ${newest})`);
});

test("libraryPath: another folder than the one in use is refused, the same one is not", async () => {
  using folder = new TemporaryFolder();
  const { folder: inUse } = loadNative();
  const elsewhere = folder.file("elsewhere");
  mkdirSync(elsewhere);
  await assertFails(() => createFileWriter("mpeg4", folder.file("a.mp4"), 25, { libraryPath: elsewhere }), {
    type: LibraryVersionError,
    code: "ALREADY_LOADED",
    operation: "load FFmpeg's libraries",
    says: [`Cannot load FFmpeg's libraries from ${JSON.stringify(elsewhere)}`, inUse, "same libraryPath"],
  });
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25, { libraryPath: inUse });
  await writer.abort();
});

test("libraryPath: the folder in use loads by name, also with a slash at its end and after an empty one", () => {
  using folder = new TemporaryFolder();
  const { folder: inUse } = loadNative();
  for (const libraryPath of [inUse, `${inUse}/`, `${folder.path}:${inUse}`]) {
    if (system === "windows" && libraryPath.startsWith(folder.path)) continue;
    const request = { codec: "mpeg4", path: folder.file("a.mp4"), frames: 1, width: 64, height: 48 };
    assertEquals(runChild({ ...request, options: { libraryPath } }).framesWritten, 1);
  }
});
