import { linkSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { createAudioWriter, createFileWriter, recoverFile, type VideoWriter, WriteError } from "../mod.ts";
import { barFrame, TemporaryFolder, writeBars } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { Recording } from "./support/processes.ts";
import { play } from "./support/record.ts";
import { test } from "./support/test.ts";

const inUse = { type: WriteError, code: "IN_USE", says: ["another writer"] } as const;

async function write(writer: VideoWriter, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) await writer.write(barFrame(index));
}

for (const thread of ["worker", "main"] as const) {
  test(
    `createFileWriter, ${thread}: of two writers of one new file the second is refused, and the first goes on`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mp4");
      const first = await createFileWriter("mpeg4", path, 30, { thread });
      const second = await createFileWriter("mpeg4", path, 30, { thread });
      await write(first, 0, 15);
      const error = await rejection(() => write(second, 0, 15));
      assert(error instanceof WriteError && error.code === "IN_USE", String(error));
      await second.abort();
      await write(first, 15, 30);
      await first.close();
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 30);
      assertEquals(readdirSync(folder.path), ["a.mp4"]);
    },
  );

  test(
    `createFileWriter, ${thread}: a file that is written is refused by every name, until its writer ends`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mkv");
      writeFileSync(path, "old");
      linkSync(path, folder.file("hard.mkv"));
      symlinkSync(path, folder.file("soft.mkv"));
      const names = [path, folder.file("hard.mkv"), folder.file("soft.mkv"), `${folder.path}/./x/../a.mkv`];
      const ends: readonly ((writer: VideoWriter) => Promise<unknown>)[] = [
        (writer) => writer.close(),
        (writer) => writer.abort(),
        // What is refused changes nothing.
        (writer) => rejection(() => writer.write({ image: new Uint8Array(3) })).then(() => writer.close()),
      ];
      for (const end of ends) {
        const writer = await createFileWriter("mpeg4", path, 30, { thread });
        for (const name of names) {
          await assertFails(() => createFileWriter("mpeg4", name, 30, { thread }), inUse);
        }
        assertEquals(readFileSync(path, "utf8"), "old");
        await assertFails(() => createAudioWriter("pcm_s16le", path, { format: "matroska" }), inUse);
        await assertFails(() => recoverFile(path), inUse);
        await end(writer);
      }
      for (const name of names) await writeBars(await createFileWriter("mpeg4", name, 30, { thread }), 3);
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 3);
    },
  );
}

for (const thread of ["worker", "main"] as const) {
  test(
    `createFileWriter, ${thread}: a file that took the place of another since the writer opened is its own`,
    async () => {
      using folder = new TemporaryFolder();
      for (const isReplaced of [true, false]) {
        const path = folder.file("a.mkv");
        writeFileSync(path, "old");
        const first = await createFileWriter("mpeg4", path, 30, { thread });
        rmSync(path);
        if (isReplaced) writeFileSync(path, "new");
        await write(first, 0, 15);
        await assertFails(() => createFileWriter("mpeg4", path, 30, { thread }), inUse);
        await first.close();
        assertEquals(play(path, { width: 160, fps: 30 }).frames, 15);
      }
      // It may be another writer's by then.
      const path = folder.file("b.mkv");
      writeFileSync(path, "old");
      const first = await createFileWriter("mpeg4", path, 30, { thread });
      rmSync(path);
      const second = await createFileWriter("mpeg4", path, 30, { thread });
      await write(second, 0, 15);
      const error = await rejection(() => write(first, 0, 15));
      assert(error instanceof WriteError && error.code === "IN_USE", String(error));
      await write(second, 15, 30);
      await second.close();
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 30);
    },
  );
}

test(
  "createFileWriter: a file that another process writes is refused, until that has ended",
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    using recording = new Recording({
      codec: "mpeg4",
      path,
      width: 320,
      height: 180,
      fps: 30,
      frames: 4000,
      pace: 30,
      content: "bars",
    });
    await recording.reach("write");
    await delay(1000);
    await assertFails(() => createFileWriter("mpeg4", path, 30), inUse);
    await assertFails(() => recoverFile(path), inUse);
    await recording.kill();
    assert(play(path, { width: 320, fps: 30, isCut: true }).frames > 0);
    await recoverFile(path);
    await writeBars(await createFileWriter("mpeg4", path, 30), 3);
    assertEquals(readdirSync(folder.path), ["a.mp4"]);
  },
);
