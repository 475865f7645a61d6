import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { WriterOptions } from "../mod.ts";
import type { ChildReport, ChildRequest } from "./support/child.ts";
import { missingDevices, type SkipReason } from "./support/features.ts";
import { probe, TemporaryFolder } from "./support/media.ts";
import { isDeno, repository, runOnTerminal } from "./support/processes.ts";
import { test } from "./support/test.ts";

/** Why there are no prompts to see here. */
const skip: SkipReason = !isDeno && "only Deno has such permissions" ||
  spawnSync("script", ["--version"]).status !== 0 && "there is no program that makes a terminal (script)";

const child = fileURLToPath(new URL("support/child.ts", import.meta.url));

/** Writes three frames on a terminal, whose user answers all prompts alike. */
async function write(
  path: string,
  permissions: readonly string[],
  answer: "y" | "n",
  options: WriterOptions = {},
): Promise<{ report: ChildReport; prompts: number; shown: string }> {
  const request: ChildRequest = { codec: "mpeg4", path, frames: 3, width: 64, height: 48, options };
  const { status, shown, prompts } = await runOnTerminal(
    child,
    [JSON.stringify(request)],
    permissions,
    answer,
  );
  assertEquals(status, 0, shown);
  const report = shown.split("\n").find((line) => line.startsWith("{"));
  assert(report !== undefined, shown);
  return { report: JSON.parse(report), prompts, shown };
}

/** What README allows. */
const readme = ["--allow-ffi", "--allow-read", "--allow-write"];

test("permissions: with README's three, a terminal shows no prompt and no warning", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const { report, prompts, shown } = await write(path, readme, "n");
  assertEquals([report.error, prompts], [null, 0], shown);
  assert(!shown.includes("avwriter:") && !/requests|Uncaught/.test(shown), shown);
  assertEquals(probe(path).frames, 3);
});

test("audio.from: a device's thread asks a terminal for nothing, either", {
  skip: skip || missingDevices(),
}, async () => {
  using folder = new TemporaryFolder();
  const options = { audio: { from: { system: "alsa", name: "null" } } } as const;
  const { report, prompts, shown } = await write(folder.file("a.mkv"), readme, "n", options);
  assertEquals([report.error, prompts], [null, 0], shown);
});

test(
  "permissions: without the one for avwriter's folder, a terminal asks for it once, and no is one warning",
  {
    skip,
  },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const grants = ["--allow-ffi", `--allow-write=${folder.path}`, `--allow-read=${folder.path}`];
    const { report, prompts, shown } = await write(path, grants, "n");
    assertEquals([report.error, prompts], [null, 1], shown);
    assertStringIncludes(shown, "requests read access");
    assertEquals(shown.split("avwriter: frames are encoded in the thread").length, 2, shown);
    assert(!shown.includes("Uncaught"), shown);
    const granted = await write(path, [...grants, `--allow-read=${repository}`], "n");
    assertEquals([granted.report.error, granted.prompts], [null, 0], granted.shown);
    assert(!granted.shown.includes("avwriter:"), granted.shown);
  },
);

test("permissions: without --allow-ffi, a terminal asks for it once, and the answer counts", {
  skip,
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const grants = ["--allow-read", "--allow-write"];
  const refused = await write(path, grants, "n");
  assertEquals([refused.report.error?.type, refused.report.error?.code], ["LibraryNotFoundError", "EPERM"]);
  assertEquals([refused.prompts, readdirSync(folder.path)], [1, []], refused.shown);
  const { report, prompts, shown } = await write(path, grants, "y");
  assertEquals([report.error, prompts], [null, 1], shown);
  assertStringIncludes(shown, "requests ffi access");
  assertEquals(probe(path).frames, 3);
});

test("permissions: without --allow-write, a terminal asks for the file, and the answer counts", {
  skip,
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const grants = ["--allow-ffi", "--allow-read"];
  const refused = await write(path, grants, "n");
  assertEquals(refused.report.error?.type, "NotCapable", refused.shown);
  assertEquals(readdirSync(folder.path), []);
  const { report, prompts, shown } = await write(path, grants, "y");
  assertEquals(report.error, null, shown);
  assert(prompts >= 1, shown);
  assertStringIncludes(shown, "requests write access");
  assertEquals(probe(path).frames, 3);
});
