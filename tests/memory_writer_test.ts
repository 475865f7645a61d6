import { readFileSync, writeFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  createMemoryWriter,
  UnsupportedError,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { probeAudio, sine } from "./support/audio.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, frameTimes, lightOptions, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { assertOrdinary } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { some, testBoth, test } = testsOf(import.meta.url);

/** What both kinds of writers have. */
type AnyWriter = Pick<Awaited<ReturnType<typeof createFileWriter>>, "write" | "writeAudio">;

async function writeInto(writer: AnyWriter): Promise<void> {
  for (let index = 0; index < 30; index++) {
    await writer.write(barFrame(index));
    if (index === 0) await writer.writeAudio(sine({ count: 48_000, sampleRate: 48_000 }));
  }
}

const cases = [
  ["mpeg4", "mp4", "mp4", "worker"],
  ["mpeg4", "mov", "mov", "main"],
  ["libvpx", "webm", "webm", "main"],
  ["mpeg4", "matroska", "mkv", "worker"],
] as const;

for (const [codec, format, extension, thread] of some(cases, 3)) {
  testBoth(`createMemoryWriter, ${thread}: ${format} is the file that a disk would have`, {
    skip: missingEncoders(codec),
  }, async () => {
    using folder = new TemporaryFolder();
    const [path, other] = [folder.file(`memory.${extension}`), folder.file(`disk.${extension}`)];
    const options: WriterOptions = {
      ...lightOptions(codec),
      ...{ thread, audio: {}, metadata: { title: "Bars" } },
      chapters: [{ title: "One", start: 0 }, { title: "Two", start: 0.5 }],
    };
    const writer = await createMemoryWriter(codec, format, 30, options);
    await writeInto(writer);
    const bytes = await writer.close();
    assertEquals(await writer.close(), bytes);
    writeFileSync(path, bytes);
    const disk = await createFileWriter(codec, other, 30, { ...options, crashSafe: false });
    await writeInto(disk);
    await disk.close();
    assertSameBytes(bytes, readFileSync(other), format);
    assertEquals(frameTimes(path).length, 30);
    assertEquals(probeAudio(path).length, 1);
    if (extension !== "webm") assertOrdinary(path);
  });
}

test("createMemoryWriter: a GIF is whole", async () => {
  using folder = new TemporaryFolder();
  const writer = await createMemoryWriter("gif", "gif", 10);
  for (let index = 0; index < 5; index++) await writer.write(barFrame(index));
  writeFileSync(folder.file("a.gif"), await writer.close());
  assertEquals(frameTimes(folder.file("a.gif")).length, 5);
});

test("createMemoryWriter: without a frame there are no bytes, and after an abort no file", async () => {
  assertEquals((await (await createMemoryWriter("mpeg4", "mp4", 30)).close()).length, 0);
  const writer = await createMemoryWriter("mpeg4", "mp4", 30);
  await writer.write(barFrame(0));
  await writer.abort(new Error("enough"));
  await assertFails(() => writer.close(), { type: WriterClosedError, code: "ABORTED", says: [] });
});

test("createMemoryWriter: what needs files is refused", async () => {
  await assertFails(() => createMemoryWriter("mpeg4", "mp4", 30, { crashSafe: true }), {
    type: TypeError,
    says: ["option crashSafe with a file in memory"],
  });
  await assertFails(() => createMemoryWriter("mpeg4", "", 30), { type: TypeError, says: ["format"] });
  await assertFails(() => createMemoryWriter("mpeg4", "hls", 30), {
    type: UnsupportedError,
    code: "MANY_TARGETS",
    says: ["hls"],
  });
});

test("createMemoryWriter: the writable of a pipe works, and statistics are told", async () => {
  const writer = await createMemoryWriter("mpeg4", "mp4", 30);
  await ReadableStream.from([barFrame(0), barFrame(1)]).pipeTo(writer.writable);
  assertEquals(writer.stats.frames, 2);
  assert((await writer.close()).length > 500);
});
