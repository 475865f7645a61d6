import { assert, assertEquals } from "@std/assert";
import { createFileWriter } from "../mod.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { test } from "./support/test.ts";

const threads = ["worker", "main"] as const;

for (const thread of threads) {
  test(`write: a broken image among frames is refused at its own call (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("ffv1", path, 25, { thread });
    await writer.write(barFrame(0));
    // Not awaited: answers to frames come while the image waits for its own.
    const calls = [1, 2, 3].map((index) => writer.write(barFrame(index)));
    const refused = rejection(() => writer.write({ image: new Uint8Array(100) }), "the image");
    calls.push(writer.write(barFrame(4)));
    await Promise.all(calls);
    const error = await refused;
    assert(error instanceof TypeError && error.message.includes("image"), String(error));
    assertEquals((await writer.close()).frames, 5);
    assertEquals(probe(path).frames, 5);
  });
}
