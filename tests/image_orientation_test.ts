/**
 * JPEG images that say which way up they are.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { createFileWriter, type WriterOptions } from "../mod.ts";
import { assertFails } from "./support/messages.ts";
import { decode, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth } = testsOf(import.meta.url);

/** What undoes each orientation (Exif 2.32, tag 0x0112), in the words of ffmpeg's filters. */
const filters = [
  ...["null", "hflip", "hflip,vflip", "vflip", "transpose=0", "transpose=1", "transpose=3", "transpose=2"],
];

/** A JPEG with an Exif segment that tells an orientation. */
function withOrientation(jpeg: Uint8Array, orientation: number, isLittle: boolean): Uint8Array {
  const exif = new Uint8Array(4 + 6 + 8 + 2 + 12 + 4);
  const view = new DataView(exif.buffer);
  exif.set([0xFF, 0xE1], 0);
  view.setUint16(2, exif.length - 2);
  exif.set([..."Exif\0\0"].map((letter) => letter.charCodeAt(0)), 4);
  exif.set([...(isLittle ? "II" : "MM")].map((letter) => letter.charCodeAt(0)), 10);
  view.setUint16(12, 42, isLittle);
  view.setUint32(14, 8, isLittle);
  view.setUint16(18, 1, isLittle);
  view.setUint16(20, 0x0112, isLittle);
  view.setUint16(22, 3, isLittle);
  view.setUint32(24, 1, isLittle);
  view.setUint16(28, orientation, isLittle);
  return Uint8Array.from([...jpeg.subarray(0, 2), ...exif, ...jpeg.subarray(2)]);
}

function makeJpeg(path: string, pixelFormat: string): Uint8Array {
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=64x32:d=0.04", "-frames:v", "1"],
    ...[
      "-vf",
      `gblur=sigma=5,format=${pixelFormat}`,
      "-q:v",
      "2",
      "-strict",
      "-1",
      "-f",
      "image2",
      "-update",
      "1",
      path,
    ],
  ]);
  return readFileSync(path);
}

async function write(path: string, image: Uint8Array, options: WriterOptions = {}): Promise<void> {
  const writer = await createFileWriter("ffv1", path, 25, options);
  for (let index = 0; index < 2; index++) await writer.write({ image });
  await writer.close();
}

for (const pixelFormat of some(["yuvj420p", "yuvj422p", "gray"] as const, 3)) {
  testBoth(`imageOrientation: JPEG of ${pixelFormat} is turned as its Exif data says, or not`, async () => {
    using folder = new TemporaryFolder();
    const plain = makeJpeg(folder.file("a.jpg"), pixelFormat);
    const path = folder.file("a.mkv");
    for (const [index, filter] of filters.entries()) {
      const image = withOrientation(plain, index + 1, index % 2 === 0);
      await write(path, image, { thread: index % 2 === 0 ? "main" : "worker" });
      const [width, height] = index < 4 ? [64, 32] : [32, 64];
      const stream = probe(path);
      assertEquals([stream.width, stream.height, stream.frames], [width, height, 2]);
      const wanted = decode(folder.file("a.jpg"), "rgb24", filter);
      const turned = decode(path, "rgb24").subarray(0, wanted.length);
      // Chroma of 4:2:2 is resampled as it is turned.
      if (psnr(turned, wanted) < 36) throw new Error(`orientation ${index + 1}: ${psnr(turned, wanted)} dB`);
      if (!isLong && index % 4 !== 1) continue;
      await write(path, image, { imageOrientation: "none" });
      const kept = decode(path, "rgb24");
      assertEquals([probe(path).width, kept.length], [64, 2 * 64 * 32 * 3]);
      assertEquals(psnr(kept.subarray(0, 6144), decode(folder.file("a.jpg"), "rgb24")) > 45, true);
    }
  });
}

test("imageOrientation: broken Exif data spoils no picture, and turned ones fit by their shown size", async () => {
  using folder = new TemporaryFolder();
  const plain = makeJpeg(folder.file("a.jpg"), "yuvj420p");
  const path = folder.file("a.mkv");
  for (const orientation of [0, 9, 65535]) {
    await write(path, withOrientation(plain, orientation, true));
    assertEquals(probe(path).width, 64);
  }
  for (const at of [10, 14, 20, 22]) {
    const broken = withOrientation(plain, 6, false);
    broken[2 + at] = 0xEE;
    await write(path, broken);
    assertEquals(probe(path).width, 64);
  }
  const writer = await createFileWriter("ffv1", path, 25, { width: 32, height: 64 });
  await assertFails(() => writer.write({ image: plain }), { type: RangeError, says: ["64x32", "32x64"] });
  await writer.write({ image: withOrientation(plain, 6, true) });
  await writer.write({ image: withOrientation(plain, 8, true) });
  await writer.close();
  assertEquals(probe(path).frames, 2);
  const refused = () => createFileWriter("ffv1", path, 25, { imageOrientation: "exif" as "none" });
  await assertFails(refused, { type: TypeError, says: ["imageOrientation", '"from-image", "none"'] });
});
