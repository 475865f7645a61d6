/**
 * The frames of filters in memory: how their rows lie, and who frees them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { createFileWriter } from "../mod.ts";
import { undisposedObjects } from "../src/libav/owned.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, decode, TemporaryFolder } from "./support/media.ts";
import { test } from "./support/test.ts";

const width = 44, height = 38;

/** A picture with other rows everywhere. */
function slope(index: number): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < data.length; at += 4) {
    const row = Math.floor(at / 4 / width);
    data.set([row * 6, at & 255, index * 80, 255], at);
  }
  return data;
}

function upsideDown(data: Uint8Array): Uint8Array {
  const rows = Array.from(
    { length: height },
    (_, row) => data.subarray(row * width * 4, (row + 1) * width * 4),
  );
  return Uint8Array.from(rows.toReversed().flatMap((row) => [...row]));
}

for (const codec of ["sgi", "png", "ffv1", "rawvideo"] as const) {
  test(
    `filter: vflip, whose rows go upwards, goes into ${codec}`,
    { skip: missingEncoders(codec) },
    async () => {
      using folder = new TemporaryFolder();
      for (const thread of ["worker", "main"] as const) {
        const path = folder.file(`${thread}.mkv`);
        const writer = await createFileWriter(codec, path, 25, { filter: "vflip", thread });
        for (let index = 0; index < 3; index++) await writer.write({ data: slope(index), width, height });
        await writer.close();
        const decoded = decode(path, "rgba");
        assertEquals(decoded.length, 3 * width * height * 4);
        for (let index = 0; index < 3; index++) {
          const frame = decoded.subarray(index * width * height * 4, (index + 1) * width * height * 4);
          assertSameBytes(frame, upsideDown(slope(index)), `frame ${index} of ${codec}, ${thread}`);
        }
      }
    },
  );
}

test("filter: frames that a graph never gave back are freed with its writer", async () => {
  using folder = new TemporaryFolder();
  // Transparent frames are laid over the background, in memory that the graph goes on to refer to.
  const filter = "nullsink;color=blue:16x16:d=0.3";
  const data = new Uint8Array(width * height * 4);
  for (const end of ["close", "abort"] as const) {
    const before = undisposedObjects();
    const options = { filter, thread: "main" } as const;
    const writer = await createFileWriter("rawvideo", folder.file(`${end}.mkv`), 30, options);
    for (let index = 0; index < 9; index++) await writer.write({ data, width, height });
    await (end === "close" ? writer.close() : writer.abort());
    assertEquals(undisposedObjects(), before, end);
  }
});
