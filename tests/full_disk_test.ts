import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFileWriter, recoverFile, WriteError } from "../mod.ts";
import type { ChildReport } from "./support/child.ts";
import { missingEncoders, missingMuxers, type SkipReason } from "./support/features.ts";
import { assertSameBytes, TemporaryFolder } from "./support/media.ts";
import { assertFails, assertReadable, assertSame, rejection } from "./support/messages.ts";
import { runChild } from "./support/processes.ts";
import { SmallDisk } from "./support/small_disk.ts";
import { assertOrdinary, noisyFrame, play, type Played, playRest } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth, testLong } = testsOf(import.meta.url);

/** Encoders and containers; each has its own way to fail. */
const allOutputs: readonly (readonly [encoder: string, muxer: string])[] = [
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
const outputs = isLong
  ? allOutputs
  : allOutputs.filter(([, muxer]) => ["mp4", "matroska", "gif"].includes(muxer));

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

const withoutFullDevice: SkipReason =
  !(existsSync("/dev/full") && lstatSync("/dev/full").isCharacterDevice()) && "there is no /dev/full here";

// /dev/full is reached by a link in a folder of its own: nothing that goes wrong here may remove the device.
for (const frames of isLong ? [1, 40] : [40]) {
  testBoth(
    `write: a full device refuses ${frames} frame${
      frames > 1 ? "s" : ""
    } with a clear error, and every later call alike`,
    {
      skip: withoutFullDevice || missingEncoders(...outputs.map(([encoder]) => encoder)) ||
        missingMuxers(...outputs.map(([, muxer]) => muxer)),
    },
    () => {
      using folder = new TemporaryFolder();
      const path = folder.file("full.bin");
      symlinkSync("/dev/full", path);
      assertEquals(writeEach(() => path, frames, 64), []);
      assert(lstatSync("/dev/full").isCharacterDevice());
    },
  );
}

const withoutSmallDisk = SmallDisk.missing;

testBoth(
  "write: a disk that fills up is reported clearly, by every later call too",
  { skip: withoutSmallDisk },
  () => {
    using disk = new SmallDisk(1);
    const unlike: string[] = [];
    for (
      const [codec, format] of ([
        ["ffv1", "matroska"],
        ["mpeg4", "mp4"],
        ["mjpeg", "avi"],
        ["mpeg2video", "mpegts"],
      ] as const).slice(0, isLong ? 4 : 2)
    ) {
      const path = disk.file("a.bin");
      const options = { format, ...(codec === "ffv1" ? {} : { quality: 2 }), logLevel: "quiet" } as const;
      try {
        const report = runChild({ codec, path, options, frames: 60, width: 320, height: 240 });
        assertNoSpace(report, path);
        assert(report.framesWritten > 0, "no frame was written");
      } catch (error) {
        unlike.push(`${codec} in ${format}: ${(error as Error).message}`);
      }
      rmSync(path, { force: true });
    }
    assertEquals(unlike, []);
  },
);

const width = 320;
const height = 180;
const fps = 30;

/** Frames that were written before a writer failed, and what it failed with; `null`: it did not fail. */
interface Recorded {
  readonly written: number;
  readonly failedAt: "write" | "close";
  readonly error: Error | null;
}

/** Records frames of noise until there is no more space, or there are so many. */
async function record(codec: string, path: string, frames: number): Promise<Recorded> {
  // Large frames: few are enough.
  const quality = codec === "h264" ? { quality: 5 } : {};
  const writer = await createFileWriter(codec, path, fps, { ...quality, logLevel: "quiet" });
  let written = 0;
  let failedAt: Recorded["failedAt"] = "write";
  try {
    for (; written < frames; written++) await writer.write(noisyFrame(written, width, height));
    failedAt = "close";
    await writer.close();
    return { written, failedAt, error: null };
  } catch (error) {
    assertSame(await rejection(() => writer.close()), error);
    return { written, failedAt, error: error as Error };
  }
}

function assertFull(error: unknown, path: string): asserts error is WriteError {
  assert(error instanceof WriteError, `${error}`);
  assertReadable(error);
  assertEquals(error.code, "ENOSPC", error.message);
  assertStringIncludes(error.message, path);
  assertStringIncludes(error.message.toLowerCase(), "no space left on device");
}

/** Checks the error of a full disk, and that what is left plays up to two seconds before. */
function checkLeft(disk: SmallDisk, path: string, { written, error }: Recorded): Played | null {
  assertFull(error, path);
  assertEquals(disk.names, [basename(path)]);
  return playRest(path, written, { width, fps });
}

testBoth(
  "write: what a disk that fills up leaves plays up to two seconds before",
  { skip: withoutSmallDisk || missingEncoders("libx264") },
  async () => {
    using disk = new SmallDisk(3);
    const unlike: string[] = [];
    for (
      const [codec, name] of ([
        ["h264", "a.mp4"],
        ["mpeg4", "d.mkv"],
        ["mpeg4", "b.mov"],
        ["h264", "c.mkv"],
        ["ffv1", "e.mkv"],
      ] as const).slice(0, isLong ? 5 : 1)
    ) {
      const path = disk.file(name);
      try {
        const recorded = await record(codec, path, 1000);
        assertEquals(recorded.failedAt, "write");
        assertStringIncludes(recorded.error!.message, "Free some space");
        checkLeft(disk, path, recorded);
      } catch (error) {
        unlike.push(`${codec} in ${name}: ${(error as Error).message}`);
      }
      rmSync(path, { force: true });
    }
    assertEquals(unlike, []);
  },
);

testLong(
  "close: a disk that fills up with the last bytes leaves what plays, too",
  { skip: withoutSmallDisk },
  async () => {
    using disk = new SmallDisk(3);
    const unlike: string[] = [];
    for (const name of ["a.mp4", "b.mkv"]) {
      const path = disk.file(name);
      const { written: most } = await record("mpeg4", path, 1000);
      rmSync(path);
      const failedAt: string[] = [];
      for (let frames = most; frames > most - 6; frames--) {
        try {
          const recorded = await record("mpeg4", path, frames);
          if (recorded.error === null) break;
          failedAt.push(recorded.failedAt);
          checkLeft(disk, path, recorded);
        } catch (error) {
          unlike.push(`${frames} frames of ${most} in ${name}: ${(error as Error).message}`);
        }
        rmSync(path, { force: true });
      }
      rmSync(path, { force: true });
      if (!failedAt.includes("close")) unlike.push(`${name} failed at ${failedAt}`);
    }
    assertEquals(unlike, []);
  },
);

test(
  "close: a disk with no room for the ordinary file keeps every frame, and recoverFile makes it once there is",
  {
    skip: withoutSmallDisk,
  },
  async () => {
    using disk = new SmallDisk(3);
    for (const name of ["a.mp4", "a.mov"]) {
      const path = disk.file(name);
      const recorded = await record("mpeg4", path, 60);
      const all = { frames: 60, seconds: 2 };
      assertEquals(recorded.failedAt, "close");
      assertEquals(checkLeft(disk, path, recorded), all);
      const { message } = recorded.error!;
      for (const part of ["Cannot make an ordinary file", "Every frame is in that file", "recoverFile"]) {
        assertStringIncludes(message, part);
      }
      const before = readFileSync(path);
      const error = await assertFails(() => recoverFile(path), {
        type: WriteError,
        code: "ENOSPC",
        says: [path, "Free some space"],
      });
      assertSameBytes(readFileSync(path), before, error.message);
      assertEquals(disk.names, [name]);

      disk.grow(8);
      assertEquals((await recoverFile(path)).frames, 60);
      assertOrdinary(path);
      assertEquals(play(path, { width, fps }), all);
      assertEquals(disk.names, [name]);
      rmSync(path);
      disk.grow(3);
    }
  },
);

for (const thread of ["worker", "main"] as const) {
  test(
    `write: a disk with no room for the frames of a GIF is told clearly, and its path is free (${thread})`,
    { skip: withoutSmallDisk },
    async () => {
      using disk = new SmallDisk(1);
      const path = disk.file("a.gif");
      const writer = await createFileWriter("gif", path, fps, { palette: "clip", thread });
      const error = await rejection(async () => {
        for (let index = 0; index < 30; index++) await writer.write(noisyFrame(index, width, height));
      });
      assertFull(error, path);
      assertStringIncludes(error.message, "Free some space");
      assertSame(await rejection(() => writer.close()), error);
      const { queued, encoding } = writer.stats;
      assert(queued === 0 && encoding >= 0, `${queued}, ${encoding}`);
      assertEquals(writer.desiredSize, 0);
      const next = await createFileWriter("gif", path, fps, { thread });
      await next.write(noisyFrame(0, 32, 32));
      assertEquals((await next.close()).frames, 1);
      assertEquals(disk.names, ["a.gif"]);
    },
  );
}
