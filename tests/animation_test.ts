/**
 * Animations: how often they play, and that they say that they are transparent.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, UnsupportedError, type WriterOptions } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { assertFails } from "./support/messages.ts";
import { decode, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const side = 32;

/** Frames of one colour each, half transparent on the right. */
async function writeAnimation(
  path: string,
  codec: string,
  frames: number,
  options: WriterOptions,
): Promise<void> {
  await using writer = await createFileWriter(codec, path, 10, options);
  for (let index = 0; index < frames; index++) {
    const data = new Uint8Array(side * side * 4);
    for (let at = 0; at < data.length; at += 4) {
      data.set([index * 60, 200, 60, (at / 4) % side < side / 2 ? 255 : 0], at);
    }
    await writer.write({ data, width: side, height: side });
  }
}

/** How often a file says that it is played; 0 for ever. */
function playsOf(path: string): number {
  const bytes = readFileSync(path);
  if (path.endsWith(".gif")) {
    const at = bytes.indexOf("NETSCAPE2.0");
    if (at < 0) return 1;
    const again = bytes.readUInt16LE(at + 13);
    return again === 0 ? 0 : again + 1;
  }
  if (path.endsWith(".webp")) return bytes.readUInt16LE(bytes.indexOf("ANIM") + 12);
  return bytes.readUInt32BE(bytes.indexOf("acTL") + 8);
}

/** How many frames an APNG says that it has. */
function apngFrames(path: string): number {
  const bytes = readFileSync(path);
  return bytes.readUInt32BE(bytes.indexOf("acTL") + 4);
}

for (const kind of ["gif", "webp", "apng"] as const) {
  testBoth(`loop: ${kind} plays for ever, or as often as it is told`, {
    skip: missingEncoders(kind === "webp" ? "libwebp_anim" : kind),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(`a.${kind}`);
    for (const thread of ["worker", "main"] as const) {
      await writeAnimation(path, kind, 3, { thread });
      assertEquals(playsOf(path), 0);
    }
    for (const loop of some([0, 1, 2, 7, 65535], 2)) {
      await writeAnimation(path, kind, 3, { loop });
      assertEquals(playsOf(path), loop);
      // FFmpeg reads no animated WebP, and the program of 4.3 ends with such an APNG.
      if (kind === "gif") assertEquals(decode(path, "rgba").length, 3 * side * side * 4);
      if (kind === "apng") assertEquals(apngFrames(path), 3);
    }
    // The muxer of FFmpeg 4.3 takes an animation of libwebp for one picture.
    if (kind === "webp") return;
    await writeAnimation(path, kind, 3, {
      loop: 2,
      formatOptions: { [kind === "gif" ? "loop" : "plays"]: 5 },
    });
    assertEquals(playsOf(path), kind === "gif" ? 6 : 5);
  });
}

test("loop: what is no number of plays, or not for the container, is refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  for (const loop of [-1, 0.5, 65536, NaN, "1", true]) {
    const open = () => createFileWriter("gif", folder.file("a.gif"), 10, { loop: loop as number });
    await assertFails(open, { type: TypeError, says: ["loop", "a whole number of plays from 0 to 65535"] });
  }
  await assertFails(() => createFileWriter("h264", folder.file("a.mp4"), 10, { loop: 0 }), {
    type: UnsupportedError,
    code: "LOOP_NOT_FOR_CONTAINER",
    says: ["loop", "mp4", "gif, webp, apng"],
  });
});

test("alpha: WebP with transparent pixels says so in its header", {
  skip: missingEncoders("libwebp_anim"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.webp");
  for (const frames of [1, 3]) {
    for (const quality of ["medium", "lossless"] as const) {
      await writeAnimation(path, "webp", frames, { quality });
      assert(saysAlpha(readFileSync(path)), `${frames} frames, ${quality}`);
    }
  }
});

/** Whether a WebP file says that it has alpha: in VP8X, or in the header of lossless data (RFC 9649). */
function saysAlpha(bytes: Buffer): boolean {
  const name = bytes.toString("latin1", 12, 16);
  return name === "VP8X" ? (bytes[20]! & 0x10) !== 0 : name === "VP8L" && (bytes[24]! & 0x10) !== 0;
}
