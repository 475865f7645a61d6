import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFileWriter, type RawFrame, WriteError, type WriterOptions } from "../mod.ts";
import { permissionBitsAreIgnored, type SkipReason, withoutRootsRights } from "./support/features.ts";
import { barFrame, probe, TemporaryFolder, writeBars } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { runChild } from "./support/processes.ts";
import { test } from "./support/test.ts";

const quiet: WriterOptions = { logLevel: "quiet" };
const frame = barFrame(0, 64, 48);

test("createFileWriter: a missing folder is named as the reason", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("no/such/folder/a.mp4");
  await assertFails(() => createFileWriter("mpeg4", path, 25), {
    type: WriteError,
    code: "ENOENT",
    operation: `open ${path} for writing`,
    says: [`Cannot write ${JSON.stringify(path)}: its folder does not exist`, "Create the folder first"],
  });
  assertEquals(readdirSync(folder.path), []);
});

test("createFileWriter: a path that is a folder is refused as one", async () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.file("a.mp4"));
  for (
    const [path, options] of [[folder.file("a.mp4"), {}], [`${folder.path}/`, { format: "mp4" }]] as const
  ) {
    await assertFails(() => createFileWriter("mpeg4", path, 25, options), {
      type: WriteError,
      code: "EISDIR",
      says: [`Cannot write ${JSON.stringify(path.replace(/\/$/, ""))}`, "it is a folder", "file name"],
    });
  }
  assertEquals(readdirSync(folder.file("a.mp4")), []);
});

test("createFileWriter: a file in the place of a folder is refused", {
  skip: process.platform === "win32" && "Windows calls this a missing folder",
}, async () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.file("file"), "x");
  await assertFails(() => createFileWriter("mpeg4", folder.file("file/a.mp4"), 25), {
    type: WriteError,
    code: "ENOTDIR",
    says: ["a.mp4", "a part of the path is a file, not a folder"],
  });
});

test("createFileWriter: a name that is too long is refused", {
  skip: process.platform === "win32" && "Windows calls this a missing folder",
}, async () => {
  using folder = new TemporaryFolder();
  await assertFails(() => createFileWriter("mpeg4", folder.file(`${"a".repeat(300)}.mp4`), 25), {
    type: WriteError,
    code: "ENAMETOOLONG",
    says: ["the name is too long", "shorter"],
  });
});

test("createFileWriter: a place that the system keeps to itself is refused, for root too", {
  skip: process.platform !== "linux" && "/proc and /sys are Linux's",
}, async () => {
  for (const place of ["/proc/avwriter.mp4", "/sys/kernel/avwriter.mp4"]) {
    if (!existsSync(place.slice(0, place.lastIndexOf("/")))) continue;
    const error = await assertFails(() => createFileWriter("mpeg4", place, 25), {
      type: WriteError,
      operation: `open ${place} for writing`,
      says: [`Cannot write ${JSON.stringify(place)}: `],
    });
    assert(["ENOENT", "EACCES", "EPERM", "EROFS"].includes(error.code), error.code);
  }
});

test("createFileWriter: missing permission is reported as such, for a new file and for an existing one", {
  skip: permissionBitsAreIgnored(),
}, () => {
  const wrapper = withoutRootsRights();
  using folder = new TemporaryFolder();
  mkdirSync(folder.file("closed"));
  writeFileSync(folder.file("kept.mp4"), "precious");
  chmodSync(folder.file("closed"), 0o555);
  chmodSync(folder.file("kept.mp4"), 0o444);
  for (const path of [folder.file("closed/a.mp4"), folder.file("kept.mp4")]) {
    const { failedAt, error } = runChild({ codec: "mpeg4", path, frames: 1, width: 64, height: 48 }, {
      wrapper,
    });
    assertEquals(failedAt, "open");
    assertEquals([error!.type, error!.code, error!.operation], [
      "WriteError",
      "EACCES",
      `open ${path} for writing`,
    ]);
    assertStringIncludes(error!.message, `Cannot write ${JSON.stringify(path)}: permission denied`);
    assertStringIncludes(error!.message, "may write to");
  }
  assertEquals(readFileSync(folder.file("kept.mp4"), "utf8"), "precious");
  assertEquals(readdirSync(folder.file("closed")), []);
});

/** Every kind of failing open, each with the file's extension. */
const failingOpens:
  readonly (readonly [what: string, codec: string, extension: string, fps: unknown, options: unknown])[] = [
    ["unknown codec", "h265", "mp4", 25, {}],
    ["unknown encoder option", "mpeg4", "mp4", 25, { encoderOptions: { qmaxx: 1 } }],
    ["bad option value", "mpeg4", "mp4", 25, { encoderOptions: { qmin: "abc" } }],
    ["option out of range", "mpeg4", "mp4", 25, { encoderOptions: { qmin: 500 } }],
    ["unknown muxer option", "mpeg4", "mp4", 25, { formatOptions: { movflag: 1 } }],
    ["bad muxer option value", "mpeg4", "mp4", 25, { formatOptions: { movflags: "+nonsense" } }],
    ["unknown option", "mpeg4", "mp4", 25, { qualty: 1 }],
    ["option of the wrong type", "mpeg4", "mp4", 25, { width: "64" }],
    ["quality and bitrate", "mpeg4", "mp4", 25, { quality: 5, bitrate: 5 }],
    ["quality off the scale", "mpeg4", "mp4", 25, { quality: 50 }],
    ["codec not for the container", "mpeg4", "webm", 25, {}],
    ["codec that the muxer refuses itself", "mpeg4", "gif", 25, {}],
    ["unknown extension", "mpeg4", "qqqqqq", 25, {}],
    ["unknown format", "mpeg4", "mp4", 25, { format: "qqqqqq" }],
    ["bad rate", "mpeg4", "mp4", NaN, {}],
    ["unknown pixel format", "mpeg4", "mp4", 25, { pixelFormat: "yuv42p" }],
    ["size that the encoder refuses", "mpeg1video", "avi", 25, { width: 10_000, height: 16 }],
    ["aborted signal", "mpeg4", "mp4", 25, { signal: AbortSignal.abort() }],
    ["another library", "mpeg4", "mp4", 25, { libraryPath: "/nowhere" }],
  ];

test("createFileWriter: a failing open leaves an existing file as it was, and makes none", async () => {
  for (const [what, codec, extension, fps, options] of failingOpens) {
    using folder = new TemporaryFolder();
    const kept = folder.file(`kept.${extension}`);
    writeFileSync(kept, "precious");
    for (const path of [kept, folder.file(`new.${extension}`)]) {
      const merged = { ...quiet, ...options as WriterOptions };
      await rejection(() => createFileWriter(codec, path, fps as number, merged), what);
    }
    assertEquals([what, ...readdirSync(folder.path)], [what, `kept.${extension}`]);
    assertEquals([what, readFileSync(kept, "utf8")], [what, "precious"]);
  }
});

test("write: a failure with the first frame leaves an existing file as it was, and makes none", async () => {
  const wide: RawFrame = { data: new Uint8Array(10_000 * 16 * 4), width: 10_000, height: 16 };
  const short: RawFrame = { data: new Uint8Array(3), width: 64, height: 48 };
  for (const [first, options] of [[wide, {}], [short, {}], [frame, { width: 32, height: 24 }]] as const) {
    using folder = new TemporaryFolder();
    writeFileSync(folder.file("kept.avi"), "precious");
    for (const name of ["kept.avi", "new.avi"]) {
      const writer = await createFileWriter("mpeg1video", folder.file(name), 25, { ...quiet, ...options });
      await rejection(() => writer.write(first));
      await writer.close().catch(() => {});
      await writer.abort();
    }
    assertEquals(readdirSync(folder.path), ["kept.avi"]);
    assertEquals(readFileSync(folder.file("kept.avi"), "utf8"), "precious");
  }
});

test("write: an existing file is replaced by the first good frame, whole, also where it was longer", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  writeFileSync(path, new Uint8Array(1_000_000).fill(1));
  await writeBars(await createFileWriter("mpeg4", path, 25), 3, 64, 48);
  assertEquals(probe(path).frames, 3);
  assert(lstatSync(path).size < 1_000_000);
});

test("createFileWriter: a link to a file that does not exist yet is written through", {
  skip: process.platform === "win32" && "links need a right of their own on Windows",
}, async () => {
  using folder = new TemporaryFolder();
  symlinkSync(folder.file("target.mp4"), folder.file("link.mp4"));
  await writeBars(await createFileWriter("mpeg4", folder.file("link.mp4"), 25), 2, 64, 48);
  assertEquals(probe(folder.file("target.mp4")).frames, 2);
  assert(lstatSync(folder.file("link.mp4")).isSymbolicLink());
});

/** Writes to a path, aborts, and checks that what is there stays. */
async function abortAt(path: string): Promise<void> {
  const writer = await createFileWriter("mpeg4", path, 25);
  await writer.write(frame);
  await writer.abort();
  assert(lstatSync(path, { throwIfNoEntry: false }) !== undefined, `${path} was removed`);
}

test("abort: removes no link", {
  skip: process.platform === "win32" && "links need a right of their own on Windows",
}, async () => {
  using folder = new TemporaryFolder();
  symlinkSync("/dev/null", folder.file("link.avi"));
  await abortAt(folder.file("link.avi"));
});

/** Makes a device node that takes all that is written to it. */
function makeDevice(folder: TemporaryFolder): string {
  const path = folder.file("device.avi");
  execFileSync("mknod", [path, "c", "1", "3"], { stdio: "ignore" });
  writeFileSync(path, "x");
  return path;
}

/** The reason where there can be no device node. */
function missingDeviceNodes(): SkipReason {
  using folder = new TemporaryFolder();
  try {
    makeDevice(folder);
    return false;
  } catch {
    return "device nodes cannot be made or used here";
  }
}

test("abort: removes no device", { skip: missingDeviceNodes() }, async () => {
  using folder = new TemporaryFolder();
  await abortAt(makeDevice(folder));
});
