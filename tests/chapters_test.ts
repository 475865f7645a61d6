import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type Chapter, createFileWriter, recoverFile, UnsupportedError, type WriterOptions } from "../mod.ts";
import { barFrame, decode, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { listen, sine } from "./support/audio.ts";

/** The chapters of a file, as ffprobe tells them. */
function chaptersOf(path: string): Chapter[] {
  const told = execFileSync("ffprobe", ["-v", "error", "-show_chapters", "-of", "json", path], {
    encoding: "utf8",
  });
  return JSON.parse(told).chapters.map((
    { start_time, end_time, tags }: { start_time: string; end_time: string; tags: { title: string } },
  ) => ({ title: tags.title, start: Number(start_time), end: Number(end_time) }));
}

const chapters: readonly Chapter[] = [
  { title: "Start", start: 0 },
  { title: "Über den Wolken: 雲の上", start: 0.5, end: 1 },
  { title: "End", start: 1.24 },
  { title: "Never", start: 2 },
];

/** Fifty frames, two seconds. */
async function record(path: string, options: WriterOptions): Promise<void> {
  const codec = path.endsWith(".webm") ? "vp8" : "mpeg4";
  const writer = await createFileWriter(codec, path, 25, { chapters, ...options });
  for (let index = 0; index < 50; index++) {
    await writer.write(barFrame(index % 20));
    if (options.audio !== undefined) await writer.writeAudio(sine({ count: 1920, sampleRate: 48000 }));
  }
  await writer.close();
}

for (const name of ["a.mp4", "a.mov", "a.mkv", "a.webm"]) {
  for (const options of [{}, { crashSafe: false }, { audio: {} }] as const) {
    test(`chapters: come back from ${name} (${JSON.stringify(options)})`, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(name);
      await record(path, options);
      const found = chaptersOf(path);
      assertEquals(found.map(({ title }) => title), ["Start", "Über den Wolken: 雲の上", "End"]);
      assertEquals(found.map(({ start }) => start), [0, 0.5, 1.24]);
      // The mp4 family knows no end but the next one's beginning.
      assertEquals(found[1]!.end, /mp4|mov/.test(name) ? 1.24 : 1);
      assertEquals(found[2]!.end, 2);
      assertEquals(decode(path, "gray").length, 50 * 160 * 90);
      if ("audio" in options) assert(listen(path).length > 90000);
    });
  }
}

test("recoverFile: a recovered file keeps its chapters", async () => {
  using folder = new TemporaryFolder();
  for (const name of ["a.mp4", "a.mov", "a.mkv"]) {
    const path = folder.file(name);
    await record(path, {});
    const before = chaptersOf(path);
    assertEquals((await recoverFile(path)).frames, 50);
    assertEquals(chaptersOf(path), before);
    assertEquals(decode(path, "gray").length, 50 * 160 * 90);
  }
});

test("chapters: invalid ones are refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const refused: readonly (readonly [string, unknown, typeof TypeError | typeof RangeError, string])[] = [
    ["a.mp4", "Start", TypeError, "list"],
    ["a.mp4", [5], TypeError, "title"],
    ["a.mp4", [{ title: "Start" }], TypeError, "start"],
    ["a.mp4", [{ title: "Start", start: -1 }], TypeError, "-1"],
    ["a.mp4", [{ title: "Start", start: 1, end: 1 }], RangeError, "ends at 1 s"],
    ["a.mp4", [{ title: "A", start: 1 }, { title: "B", start: 1 }], RangeError, "starts at 1 s"],
    ["a.avi", [{ title: "Start", start: 0 }], UnsupportedError as never, "matroska"],
  ];
  for (const [name, chapters, type, part] of refused) {
    const path = folder.file(name);
    await assertFails(() => createFileWriter("mpeg4", path, 25, { chapters: chapters as Chapter[] }), {
      type,
      says: [part],
    });
    assert(!existsSync(path));
  }
});

test("chapters: a first one that mp4 would move to 0 is refused", async () => {
  using folder = new TemporaryFolder();
  const late = [{ title: "Late", start: 0.5 }];
  for (const name of ["a.mp4", "a.mov"]) {
    await assertFails(() => createFileWriter("mpeg4", folder.file(name), 25, { chapters: late }), {
      type: UnsupportedError,
      code: "CHAPTERS",
      says: ['"Late" would begin at 0 s instead of 0.5 s', "matroska"],
    });
  }
  const path = folder.file("a.mkv");
  await record(path, { chapters: late });
  assertEquals(chaptersOf(path).map(({ start }) => start), [0.5]);
});
