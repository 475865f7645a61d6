import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, symlinkSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ChildReport } from "./support/child.ts";
import { requireEncoders, requireMuxers, skipped } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { runChild } from "./support/processes.ts";

/** Encoders and containers; each has its own way to fail. */
const outputs: readonly (readonly [encoder: string, muxer: string])[] = [
  ["mpeg4", "mp4"],
  ["mpeg4", "mov"],
  ["mpeg4", "avi"],
  ["mpeg4", "m4v"],
  ["ffv1", "matroska"],
  ["mpeg2video", "mpegts"],
  ["mpeg2video", "mpeg"],
  ["mpeg2video", "mxf"],
  ["flv", "flv"],
  ["wmv2", "asf"],
  ["rawvideo", "nut"],
  ["gif", "gif"],
];

function assertNoSpace(report: ChildReport, path: string): void {
  const { failedAt, error, sameErrorLater } = report;
  assert(failedAt === "write" || failedAt === "close", `${failedAt}`);
  assertEquals([error!.type, error!.code], ["WriteError", "ENOSPC"], error!.message);
  assert(error!.message.startsWith("Cannot "), error!.message);
  assertStringIncludes(error!.message, path);
  assertStringIncludes(error!.message, "No space left on device");
  assertStringIncludes(error!.message, "Free some space");
  assertEquals(sameErrorLater, true, "later calls reject with the first error");
}

/** Writes to a full device or disk in a process of its own; tells what does not end as it should. */
function writeEach(pathOf: (muxer: string) => string, frames: number, size: number): string[] {
  const unlike: string[] = [];
  for (const [codec, format] of outputs) {
    const path = pathOf(format);
    try {
      const options = { format, logLevel: "quiet" } as const;
      assertNoSpace(runChild({ codec, path, options, frames, width: size, height: size * 3 / 4 }), path);
    } catch (error) {
      unlike.push(`${codec} in ${format}, ${frames} frames: ${(error as Error).message}`);
    }
  }
  return unlike;
}

// /dev/full is reached by a link in a folder of its own: nothing that goes wrong here may remove the device.
for (const frames of [1, 40]) {
  test(`a full device refuses ${frames} frame${frames > 1 ? "s" : ""} in words, and every later call alike`, (t) => {
    if (!existsSync("/dev/full") || !lstatSync("/dev/full").isCharacterDevice()) {
      return skipped(t, "there is no /dev/full here");
    }
    if (!requireEncoders(t, ...outputs.map(([encoder]) => encoder))) return;
    if (!requireMuxers(t, ...outputs.map(([, muxer]) => muxer))) return;
    using folder = new TemporaryFolder();
    const path = folder.file("full.bin");
    symlinkSync("/dev/full", path);
    assertEquals(writeEach(() => path, frames, 64), []);
    assert(lstatSync("/dev/full").isCharacterDevice());
  });
}

test("a disk that fills up refuses in words, and every later call alike", (t) => {
  using folder = new TemporaryFolder();
  const disk = folder.file("disk");
  mkdirSync(disk);
  try {
    if (process.platform !== "linux") throw new Error("not Linux");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stdio: "pipe" });
  } catch {
    return skipped(t, "a small disk can't be mounted here");
  }
  const unlike: string[] = [];
  try {
    for (
      const [codec, format] of [["ffv1", "matroska"], ["mpeg4", "mp4"], ["mjpeg", "avi"], [
        "mpeg2video",
        "mpegts",
      ]] as const
    ) {
      const path = `${disk}/a.bin`;
      const options = { format, quality: codec === "ffv1" ? undefined : 2, logLevel: "quiet" } as const;
      try {
        const report = runChild({ codec, path, options, frames: 60, width: 320, height: 240 });
        assertNoSpace(report, path);
        assert(report.framesWritten > 0, "no frame was written");
      } catch (error) {
        unlike.push(`${codec} in ${format}: ${(error as Error).message}`);
      }
      execFileSync("rm", ["-f", path]);
    }
  } finally {
    execFileSync("umount", ["-l", disk]);
  }
  assertEquals(unlike, []);
});
