import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, recoverFile, type RecoverProgress } from "../mod.ts";
import { noise } from "./support/chance.ts";
import type { SkipReason } from "./support/features.ts";
import { assertSameBytes, barFrame, TemporaryFolder } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { runScript } from "./support/processes.ts";
import { assertOrdinary, boxes, play } from "./support/record.ts";
import type { SlowRecoverReport, SlowRecoverRequest } from "./support/slow_recover.ts";
import { test } from "./support/test.ts";

const cannotTrace: SkipReason =
  spawnSync("strace", ["--seccomp-bpf", "-f", "-o", "/dev/null", "-e", "trace=write", "true"]).status !== 0 &&
  "strace cannot be used here";

const [width, height] = [320, 180];

/** What is on the disk when so many frames were written, as a kill would leave it. */
async function interrupted(path: string, frames: number, isNoise: boolean): Promise<void> {
  const writer = await createFileWriter("mjpeg", `${path}-under-way.mov`, 30);
  const still = { data: noise(640 * 360 * 4, 1), width: 640, height: 360 };
  for (let index = 0; index < frames; index++) {
    await writer.write(isNoise ? still : barFrame(index, width, height));
  }
  copyFileSync(`${path}-under-way.mov`, path);
  await writer.abort();
}

function recoverSlowly(request: SlowRecoverRequest, writeMs: number): SlowRecoverReport {
  const target = request.output ?? request.path;
  const wrapper = [
    ...["strace", "--seccomp-bpf", "-f", "-o", "/dev/null", "-e", "trace=write"],
    ...["-e", `inject=write:delay_enter=${writeMs * 1000}`, "-P", `${target}.avwriter`],
  ];
  const script = fileURLToPath(new URL("support/slow_recover.ts", import.meta.url));
  const { status, stdout, stderr } = runScript(script, [JSON.stringify(request)], { wrapper });
  assertEquals(status, 0, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

test("recoverFile: tells how far it is, lets the event loop run, and ends within 200 ms of an abort", {
  skip: cannotTrace,
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mov");
  await interrupted(path, 64, true);
  const before = readFileSync(path);
  const aborted = recoverSlowly({ path, abortMs: 500 }, 20);
  assertEquals([aborted.frames, aborted.isReason], [null, true]);
  // As far as the machine lets a timer run at all.
  assert(aborted.abortedMs! < 200 + 3 * aborted.longestMs, JSON.stringify(aborted));
  assertSameBytes(readFileSync(path), before, "the recording");
  assertEquals(readdirSync(folder.path), ["a.mov"]);
  const { frames, tookMs, longestMs, finished } = recoverSlowly({ path, abortMs: null }, 20);
  assert(frames! >= 40, `${frames} frames`);
  assert(tookMs > 600 && longestMs < tookMs / 2, `${longestMs} of ${tookMs} ms`);
  assert(finished.length >= 3 && finished.at(-1) === 1, JSON.stringify(finished));
  assertEquals(finished, finished.toSorted((one, other) => one - other));
  assertOrdinary(path);
});

test("recoverFile: output writes to another path, in the container of its extension", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mov");
  await interrupted(path, 40, false);
  const before = readFileSync(path);
  const output = folder.file("b.mov");
  const summary = await recoverFile(path, { output });
  assertEquals([summary.path, summary.format], [output, "mov"]);
  assertSameBytes(readFileSync(path), before, "the recording");
  assertOrdinary(output);
  const played = play(output, { width, fps: 30, isCut: true });
  assertEquals(played.frames, summary.frames);
  const matroska = await recoverFile(path, { output: pathToFileURL(folder.file("c.mkv")) });
  assertEquals([matroska.format, matroska.frames], ["matroska", summary.frames]);
  assertEquals(play(folder.file("c.mkv"), { width, fps: 30, isCut: true }).frames, summary.frames);
  assertEquals(readdirSync(folder.path).sort(), ["a.mov", "b.mov", "c.mkv"]);
  // Without output, the recording itself.
  assertEquals((await recoverFile(path)).frames, summary.frames);
  assert(!boxes(path).includes("moof"));
});

test("recoverFile: an aborted signal leaves the recording as it was, and what onProgress throws changes nothing", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mov");
  await interrupted(path, 40, false);
  const before = readFileSync(path);
  const reason = new Error("no");
  assertEquals(await rejection(() => recoverFile(path, { signal: AbortSignal.abort(reason) })), reason);
  assertSameBytes(readFileSync(path), before, "the recording");
  const told: number[] = [];
  const onProgress = ({ finished }: RecoverProgress): void => {
    told.push(finished);
    throw new Error("mine");
  };
  const { frames } = await recoverFile(path, { onProgress });
  assertEquals(told.at(-1), 1);
  assertEquals(readdirSync(folder.path), ["a.mov"]);
  assertEquals(play(path, { width, fps: 30 }).frames, frames);
});

test("recoverFile: a wrong option is refused by its name", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mov");
  await assertFails(() => recoverFile(path, { output: 3 as never }), {
    type: TypeError,
    says: ["output", "3"],
  });
  await assertFails(() => recoverFile(path, { outputs: "a" } as never), {
    type: TypeError,
    says: ["outputs"],
  });
});
