import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { WriterOptions } from "../mod.ts";
import type { ChildReport, ChildRequest } from "./support/child.ts";
import type { SkipReason } from "./support/features.ts";
import { assertSameBytes, probe, TemporaryFolder } from "./support/media.ts";
import { repository, runScript } from "./support/processes.ts";
import { test } from "./support/test.ts";

/** Node's program of npm's packages, where the set-up has installed one. */
function findNode(): string | null {
  const folder = `${repository}tools/node_modules`;
  if (!existsSync(folder)) return null;
  const name = readdirSync(folder).find((name) => /^node-(?:linux|darwin|win)-\w+$/.test(name));
  const programs = ["node", "node.exe"].map((program) => `${folder}/${name}/bin/${program}`);
  return programs.find(existsSync) ?? null;
}

const node = findNode();
const skip: SkipReason = node === null && "there is no Node of the set-up";

/** Runs a script on Node. */
function run(script: string, parameters: readonly string[], flags: readonly string[] = []) {
  const path = fileURLToPath(new URL(`support/${script}`, import.meta.url));
  const all = ["--disable-warning=ExperimentalWarning", ...flags, path, ...parameters];
  return spawnSync(node!, all, { cwd: repository, encoding: "utf8" });
}

/** Writes three frames on Node with its permissions. */
function write(
  path: string,
  grants: readonly string[],
  options: WriterOptions = {},
): { report: ChildReport; stderr: string } {
  const request: ChildRequest = { codec: "mpeg4", path, frames: 3, width: 64, height: 48, options };
  const flags = ["--disable-warning=PERM0003", "--disable-warning=PERM0006", "--permission", ...grants];
  const { status, stdout, stderr } = run("child.ts", [JSON.stringify(request)], flags);
  assertEquals(status, 0, stderr);
  return { report: JSON.parse(stdout.trim().split("\n").at(-1)!), stderr };
}

test("createFileWriter: the same frames and options give the same bytes on Node", { skip }, () => {
  using here = new TemporaryFolder();
  using there = new TemporaryFolder();
  const jobs = (folder: TemporaryFolder): string[] => [JSON.stringify([
    ["mpeg4", folder.file("a.mp4"), { quality: "high" }],
    ["ffv1", folder.file("a.mkv"), {}],
    ["mjpeg", folder.file("a.mov"), { thread: "main" }],
  ])];
  const ours = runScript(fileURLToPath(new URL("support/write_bars.ts", import.meta.url)), jobs(here));
  assertEquals(ours.status, 0, ours.stderr);
  const theirs = run("write_bars.ts", jobs(there));
  assertEquals([theirs.status, theirs.stderr], [0, ""]);
  for (const name of ["a.mp4", "a.mkv", "a.mov"]) {
    assertSameBytes(readFileSync(there.file(name)), readFileSync(here.file(name)), name);
  }
});

test("createFileWriter: a Node that can't call native libraries is told what it needs", { skip }, () => {
  using folder = new TemporaryFolder();
  const { status, stderr } = run("unclosed.ts", [folder.file("a.mkv"), "return"], ["--no-experimental-ffi"]);
  assertEquals(status, 1);
  assertStringIncludes(stderr, "Error: Cannot call native libraries here: Node 26");
  assertStringIncludes(stderr, "Use Node 26.10 or newer");
  assert(!stderr.includes("avwriter: frames are encoded"), stderr);
});

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

test("thread: on Node, a program ends by itself though a writer is open", { skip }, () => {
  using folder = new TemporaryFolder();
  for (const [end, status] of [["return", 0], ["exit", 3], ["throw", 1], ["queue", 0]] as const) {
    const ended = run("unclosed.ts", [folder.file("a.mkv"), end]);
    assertEquals([ended.status, ended.signal], [status, null], `${end}: ${ended.stderr}`);
  }
});
