import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { assertSameBytes, TemporaryFolder } from "./support/media.ts";
import { isDeno, repository, runScript } from "./support/processes.ts";
import { test } from "./support/test.ts";

const program = fileURLToPath(new URL("support/write_bars.ts", import.meta.url));

/**
 * The command that runs a script in another runtime than this: in Bun on Deno, in Deno elsewhere; `null`
 * where that is not at hand.
 */
function otherRuntime(): string[] | null {
  if (isDeno) {
    const installed = `${repository}node_modules/.bin/bun`;
    const bun = existsSync(installed) ? installed : "bun";
    return spawnSync(bun, ["--version"]).status === 0 ? [bun] : null;
  }
  const deno = process.env["AVWRITER_TEST_DENO"] ?? "deno";
  if (spawnSync(deno, ["--version"]).status !== 0) return null;
  return [deno, "run", "-A", "--no-check", `--config=${repository}deno.json`];
}

const jobs = [
  // With AVX-512, its macroblock tree reads memory that was never set.
  ["h264", "libx264", "a.mp4", { encoderOptions: { mbtree: 0 } }],
  ["hevc", "libx265", "a.mkv", {}],
  ["av1", "libsvtav1", "b.mkv", {}],
  ["vp9", "libvpx-vp9", "a.webm", {}],
  ["mpeg4", "mpeg4", "a.avi", { quality: "high" }],
  ["mjpeg", "mjpeg", "a.mov", {}],
  ["prores", "prores_ks", "b.mov", {}],
  ["ffv1", "ffv1", "c.mkv", {}],
  ["gif", "gif", "a.gif", {}],
] as const;

const other = otherRuntime();
const withoutOther: SkipReason = other === null && "the other runtime is not at hand";
const here = new TemporaryFolder();
const there = new TemporaryFolder();
after(() => here[Symbol.dispose]());
after(() => there[Symbol.dispose]());
const usable = jobs.filter(([, encoder]) => missingEncoders(encoder) === false);

test("createFileWriter: the same program runs on two runtimes", { skip: withoutOther }, () => {
  const parameter = (folder: TemporaryFolder): string =>
    JSON.stringify(usable.map(([codec, , file, options]) => [codec, folder.file(file), options]));
  const ours = runScript(program, [parameter(here)]);
  const [command, ...rest] = other!;
  const theirs = spawnSync(command!, [...rest, program, parameter(there)], {
    cwd: repository,
    encoding: "utf8",
  });
  assertEquals([ours.status, theirs.status], [0, 0], `${ours.stderr}${theirs.stderr}`);
});

for (const [codec, encoder, file] of jobs) {
  test(`createFileWriter: the same frames and options give the same bytes of ${codec} on two runtimes`, {
    skip: withoutOther || missingEncoders(encoder),
  }, () => {
    assertSameBytes(readFileSync(there.file(file)), readFileSync(here.file(file)), `${codec} in ${file}`);
  });
}
