import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { WriterOptions } from "../mod.ts";
import type { ChildReport, ChildRequest } from "./support/child.ts";
import type { SkipReason } from "./support/features.ts";
import { assertSameBytes, probe, TemporaryFolder } from "./support/media.ts";
import { isNode, runScript } from "./support/processes.ts";
import { test } from "./support/test.ts";

const skip: SkipReason = !isNode && "it is about Node";

const script = (name: string): string => fileURLToPath(new URL(`support/${name}`, import.meta.url));

test("createFileWriter: a Node that can't call native libraries is told what it needs", { skip }, () => {
  using folder = new TemporaryFolder();
  const { status, stderr } = runScript(script("unclosed.ts"), [folder.file("a.mkv"), "return"], {
    variables: { NODE_OPTIONS: "--no-experimental-ffi" },
  });
  assertEquals(status, 1);
  assertStringIncludes(stderr, "Error: Cannot call native libraries here: Node 26");
  assertStringIncludes(stderr, "Use Node 26.10 or newer");
  assert(!stderr.includes("avwriter: frames are encoded"), stderr);
});

test("fallback: a Node that can't call native libraries writes AVI without them", { skip }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const options: WriterOptions = { fallback: "uncompressed", logLevel: "quiet" };
  const request: ChildRequest = { codec: "ffv1", path, frames: 3, width: 64, height: 48, options };
  const { status, stderr } = runScript(script("child.ts"), [JSON.stringify(request)], {
    variables: { NODE_OPTIONS: "--no-experimental-ffi" },
  });
  assertEquals([status, stderr], [0, ""]);
  assertEquals([probe(path).frames, probe(path).codec_name], [3, "rawvideo"]);
});

/** Writes three frames with some of Node's permissions. */
function write(
  path: string,
  grants: readonly string[],
  options: WriterOptions = {},
): { report: ChildReport; stderr: string } {
  const request: ChildRequest = { codec: "mpeg4", path, frames: 3, width: 64, height: 48, options };
  const { status, stdout, stderr } = runScript(script("child.ts"), [JSON.stringify(request)], {
    permissions: ["--disable-warning=PERM0003", "--disable-warning=PERM0006", "--permission", ...grants],
  });
  assertEquals(status, 0, stderr);
  return { report: JSON.parse(stdout.trim().split("\n").at(-1)!), stderr };
}

test("permissions: Node's are honoured, and each that is missing is told", { skip }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const read = "--allow-fs-read=*";
  const files = [`--allow-fs-write=${path}`, `--allow-fs-write=${path}.avwriter`];
  const { report, stderr } = write(path, ["--allow-ffi", "--allow-worker", read, ...files]);
  assertEquals([report.error, stderr], [null, ""]);
  assertEquals([probe(path).frames, readdirSync(folder.path)], [3, ["a.mp4"]]);
  const inPlace = write(path, ["--allow-ffi", read, ...files], { crashSafe: true });
  assertEquals(inPlace.report.error, null);
  assertEquals(inPlace.stderr.split("avwriter: frames are encoded in the thread").length, 2, inPlace.stderr);
  assertStringIncludes(inPlace.stderr, "--allow-worker");
  const before = readFileSync(path);
  const withoutFfi = write(path, ["--allow-worker", read, ...files]).report;
  assertEquals([withoutFfi.error?.type, withoutFfi.error?.code], ["LibraryNotFoundError", "EPERM"]);
  const withoutFile = write(path, ["--allow-ffi", "--allow-worker", read]).report;
  assertEquals([withoutFile.failedAt, withoutFile.error?.code], ["open", "ERR_ACCESS_DENIED"]);
  assertSameBytes(readFileSync(path), before, "the file that may not be written");
});

test("ffmpeg: under Node's permissions a command needs one of its own", { skip }, () => {
  const args = ["ffmpeg", "ask", "-f", "lavfi", "-i", "testsrc=duration=0.1", "-f", "null", "-"];
  const run = (...grants: string[]): string => {
    const permissions = ["--permission", "--allow-fs-read=*", ...grants];
    const { stdout, stderr } = runScript(script("run_command.ts"), args, { permissions });
    return stdout === "" ? stderr : (JSON.parse(stdout) as { message: string }).message;
  };
  assertStringIncludes(run(), "needs --allow-child-process");
  assertEquals(run("--allow-child-process"), "");
});
