import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import {
  createAudioWriter,
  createFileWriter,
  UnsupportedError,
  WriteError,
  type WriterOptions,
} from "../mod.ts";
import type { SkipReason } from "./support/features.ts";
import { barFrame, TemporaryFolder } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { runScript } from "./support/processes.ts";
import { boxes, play } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const skip: SkipReason = process.platform === "win32" && "there are no named pipes here";

function makePipe(folder: TemporaryFolder, name: string): string {
  execFileSync("mkfifo", [folder.file(name)]);
  return folder.file(name);
}

/** Copies what comes out of a pipe into a file; resolves at its end. */
function copyPipe(path: string, to: string): Promise<void> {
  const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "inherit"] });
  return pipeline(reader.stdout, createWriteStream(to));
}

/** Until a reader waits for the pipe. */
const readerMs = 150;

async function writeInto(path: string, format: string, options: WriterOptions): Promise<void> {
  const writer = await createFileWriter("mpeg4", path, 30, { format, ...options });
  await delay(100);
  for (let index = 0; index < 40; index++) await writer.write(barFrame(index));
  await writer.close();
}

for (const thread of ["worker", "main"] as const) {
  testBoth(
    `createFileWriter, ${thread}: a named pipe gives its waiting reader the whole file`,
    { skip },
    async () => {
      using folder = new TemporaryFolder();
      for (
        const [format, extension] of some([["mp4", "mp4"], ["mpegts", "ts"], ["matroska", "mkv"]] as const, 2)
      ) {
        const path = makePipe(folder, `pipe-${extension}`);
        const copied = copyPipe(path, folder.file(`copy.${extension}`));
        await delay(readerMs);
        await writeInto(path, format, { thread });
        await copied;
        assertEquals(play(folder.file(`copy.${extension}`), { width: 160, fps: 30 }).frames, 40, format);
        assert(existsSync(path), "the pipe is gone");
      }
      // What cannot be filled in later comes in fragments.
      assert(boxes(folder.file("copy.mp4")).includes("moof"));
    },
  );
}

test("createAudioWriter: a named pipe gives its waiting reader the whole file", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = makePipe(folder, "pipe");
  const copied = copyPipe(path, folder.file("copy.ogg"));
  await delay(readerMs);
  const writer = await createAudioWriter("vorbis", path, { format: "ogg" });
  await writer.write({ data: new Float32Array(48000), sampleRate: 48000 });
  await writer.close();
  await copied;
  const wanted = ["-v", "error", "-show_entries", "stream=duration", "-of", "csv=p=0"];
  const seconds = execFileSync("ffprobe", [...wanted, folder.file("copy.ogg")], { encoding: "utf8" });
  assertEquals(Math.round(Number(seconds)), 1);
});

test("createFileWriter: a named pipe without a reader is refused in words, at once", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = makePipe(folder, "a.mkv");
  for (const thread of ["worker", "main"] as const) {
    const beganMs = performance.now();
    await assertFails(() => createFileWriter("mpeg4", path, 30, { thread }), {
      type: WriteError,
      code: "ENXIO",
      says: ["a.mkv", "no program reads"],
    });
    assert(performance.now() - beganMs < 2000);
  }
});

test("createFileWriter: what fragments have no place for, or a recording needs, is refused for a pipe", {
  skip,
}, async () => {
  using folder = new TemporaryFolder();
  const refused: readonly (readonly [options: WriterOptions, code: string])[] = [
    [{ format: "mp4", chapters: [{ title: "One", start: 0 }] }, "CHAPTERS"],
    [{ format: "mp4", crashSafe: true }, "NO_REGULAR_FILE"],
    [{ format: "matroska", crashSafe: "fragments" }, "NO_REGULAR_FILE"],
  ];
  for (const [index, [options, code]] of refused.entries()) {
    const path = makePipe(folder, `${index}`);
    const copied = copyPipe(path, folder.file(`${index}.copy`));
    await delay(readerMs);
    await assertFails(() => createFileWriter("mpeg4", path, 30, options), {
      type: UnsupportedError,
      code,
      says: [],
    });
    // The reader sees the end of the file.
    await copied;
  }
});

test("signal: ends a writer within 200 ms whose pipe is not read any more", { skip }, async () => {
  using folder = new TemporaryFolder();
  const path = makePipe(folder, "a.mkv");
  const reader = spawn("sh", ["-c", `exec 3<"$1"; read line <&3; exec sleep 20`, "sh", path], {
    stdio: "ignore",
  });
  try {
    await delay(readerMs);
    const controller = new AbortController();
    const writer = await createFileWriter("rawvideo", path, 30, { format: "nut", signal: controller.signal });
    const written = rejection(async () => {
      for (let index = 0;; index++) await writer.write(barFrame(index, 640, 360));
    });
    await delay(500);
    const beganMs = performance.now();
    controller.abort(new Error("enough"));
    await written;
    await writer.abort();
    const tookMs = performance.now() - beganMs;
    assert(tookMs < 400, `${tookMs} ms`);
    assertEquals(readdirSync(folder.path), ["a.mkv"]);
  } finally {
    reader.kill("SIGKILL");
  }
});

testBoth("createFileWriter: /dev/stdout and /dev/null are written as any file", { skip }, async () => {
  using folder = new TemporaryFolder();
  for (const format of some(["matroska", "mp4", "mpegts"], 2)) {
    const { frames, path } = await (async () => {
      const writer = await createFileWriter("mpeg4", "/dev/null", 30, { format });
      for (let index = 0; index < 10; index++) await writer.write(barFrame(index));
      return await writer.close();
    })();
    assertEquals([frames, path], [10, "/dev/null"], format);
  }
  const script = fileURLToPath(new URL("support/write_stdout.ts", import.meta.url));
  for (const format of some(["matroska", "mp4"], 2)) {
    const copy = folder.file(`copy.${format === "mp4" ? "mp4" : "mkv"}`);
    // Through a pipe, and into a file.
    for (const command of [`"$@" | cat > "$0"`, `"$@" > "$0"`]) {
      const { status, stderr } = runScript(script, [format], { wrapper: ["sh", "-c", command, copy] });
      assertEquals(status, 0, stderr);
      assertEquals(play(copy, { width: 160, fps: 30 }).frames, 40, `${format}: ${command}`);
    }
  }
});
