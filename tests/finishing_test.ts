import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, type WriterOptions } from "../mod.ts";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { barFrame, frameTimes, TemporaryFolder } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { assertOrdinary, boxes, play } from "./support/record.ts";
import type { SlowCloseReport, SlowCloseRequest } from "./support/slow_close.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const cannotTrace: SkipReason =
  spawnSync("strace", ["--seccomp-bpf", "-f", "-o", "/dev/null", "-e", "trace=write", "true"]).status !== 0 &&
  "strace cannot be used here";

const calls = "write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2";

/** Closes a recording on a disk on which each write of the second file takes so many milliseconds. */
function closeSlowly(
  request: SlowCloseRequest,
  writeMs: number,
): { readonly report: SlowCloseReport; readonly trace: readonly string[] } {
  const { path } = request;
  const log = `${path}.log`;
  const wrapper = ["strace", "--seccomp-bpf", "-f", "-y", "-s", "0", "-o", log, "-e", `trace=${calls}`];
  if (writeMs > 0) wrapper.push("-e", `inject=write:delay_enter=${writeMs * 1000}`);
  wrapper.push("-P", `${path}.avwriter`);
  if (writeMs === 0) wrapper.push("-P", path.slice(0, path.lastIndexOf("/")));
  const script = fileURLToPath(new URL("support/slow_close.ts", import.meta.url));
  const { status, stdout, stderr } = runScript(script, [JSON.stringify(request)], { wrapper });
  assertEquals(status, 0, stderr);
  return {
    report: JSON.parse(stdout.trim().split("\n").at(-1)!),
    trace: readFileSync(log, "utf8").split("\n"),
  };
}

test("close: writes an mp4 once more, onto the disk before it takes the recording's place", {
  skip: cannotTrace,
}, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const { trace } = closeSlowly({ path, thread: "worker", frames: 32, abortMs: null }, 0);
  const written = trace.filter((line) => /\bp?write/.test(line) && line.includes("a.mp4.avwriter>"))
    .reduce((sum, line) => sum + Number(/= (\d+)/.exec(line)![1]), 0);
  const { size } = statSync(path);
  assert(written >= size * 0.99 && written <= size * 1.05, `${written} bytes were written for ${size}`);
  const order = trace.flatMap((line) =>
    /\b(fsync|rename)\w*\(.*?(a\.mp4\.avwriter|\/)?[>"]/.exec(line)?.[1] ?? []
  );
  assertEquals(order.slice(-3), ["fsync", "rename", "fsync"], trace.join("\n"));
  assertEquals(frameTimes(path).length, 32);
});

for (const thread of some(["worker", "main"] as const, 2)) {
  testBoth(
    `close, ${thread}: tells how far it is, and lets the event loop run`,
    { skip: cannotTrace },
    () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mp4");
      const { report } = closeSlowly({ path, thread, frames: 64, abortMs: null }, 25);
      const { closeMs, longestMs, finished, error } = report;
      assertEquals(error, null);
      assert(closeMs > 600 && longestMs < closeMs / 2, JSON.stringify(report));
      assertEquals(finished.at(-1), 1);
      assert(finished.length >= 3 && finished[0]! > 0 && finished[0]! < 1, JSON.stringify(finished));
      assertEquals(finished, finished.toSorted((one, other) => one - other));
      assertOrdinary(path);
    },
  );

  testBoth(
    `abort, ${thread}: ends the copying of close at once, and leaves nothing`,
    { skip: cannotTrace },
    () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mp4");
      const { report: { error, abortedMs, longestMs } } = closeSlowly({
        path,
        thread,
        frames: 64,
        abortMs: 250,
      }, 25);
      assertEquals(error, "AbortError");
      // As far as the machine lets a timer run at all.
      assert(
        abortedMs !== null && abortedMs < 200 + 3 * longestMs,
        `${abortedMs} ms, with ${longestMs} of delays`,
      );
      assertEquals(readdirSync(folder.path), ["a.mp4.log"]);
    },
  );
}

/** The bytes of the boxes of a name, all together. */
function boxSum(path: string, name: string): number {
  const data = readFileSync(path);
  let sum = 0;
  for (let at = 0; at < data.length;) {
    const short = data.readUInt32BE(at);
    const bytes = short === 1 ? Number(data.readBigUInt64BE(at + 8)) : short;
    if (data.toString("latin1", at + 4, at + 8) === name) sum += bytes;
    at += bytes;
  }
  return sum;
}

const indexed: Readonly<Record<string, WriterOptions>> = {
  "frames alone": {},
  "everything": {
    audio: {},
    subtitles: {},
    chapters: Array.from({ length: 40 }, (_, index) => ({ title: `Kapitel ü${index}`, start: index / 30 })),
    metadata: { title: "T".repeat(3000), timecode: "01:00:00:00" },
  },
  "uneven times": { timing: "timestamps", audio: { codec: "ac3" } },
};

for (const [what, options] of Object.entries(indexed)) {
  test(`close: the index fits into the room that was left for it: ${what}`, {
    skip: missingEncoders("libx264"),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const writer = await createFileWriter("h264", path, 30, options);
    for (let index = 0; index < 90; index++) {
      const timestamp = index / 30 + (index % 4) * 0.003;
      await writer.write(barFrame(index), options.timing === undefined ? {} : { timestamp });
      if (index % 30 === 0 && options.audio !== undefined) {
        const data = new Float32Array(48000).map((_, at) => Math.sin(at * at / 1e6));
        await writer.writeAudio({ data, sampleRate: 48000, channels: 1 });
      }
      if (index % 10 === 0 && options.subtitles !== undefined) {
        await writer.writeSubtitle({ text: `${index}`, start: index / 30, end: index / 30 + 0.1 });
      }
    }
    await writer.close();
    assertOrdinary(path);
    // With faststart, which is what is done where the room is too small, there is none left.
    const [room, index] = [boxSum(path, "free"), boxSum(path, "moov")];
    assert(room > 8 && room < index + 2048, `${room} bytes are left beside an index of ${index}`);
    assertEquals(play(path, { width: 160, fps: 30 }).frames, 90);
  });
}

test("close: where an option makes the index larger than the room for it, the file is written again", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  // A track of hints for each of the others, which nobody counts.
  const options = { formatOptions: { movflags: "+faststart+rtphint" }, audio: {} };
  const writer = await createFileWriter("mpeg4", path, 30, options);
  for (let index = 0; index < 60; index++) {
    await writer.write(barFrame(index));
    await writer.writeAudio({ data: new Float32Array(1600), sampleRate: 48000, channels: 1 });
  }
  await writer.close();
  assertOrdinary(path);
  // Moved behind the index, which left no room.
  assertEquals(boxSum(path, "free"), 8);
  assert(boxes(path).filter((name) => name === "moov/trak").length === 4, boxes(path).join(" "));
  assertEquals(play(path, { width: 160, fps: 30 }).frames, 60);
  assertEquals(existsSync(`${path}.avwriter`), false);
});
