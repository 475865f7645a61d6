import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter } from "../mod.ts";
import { barFrame, decode, probe, psnr, TemporaryFolder, writeBars } from "./support/media.ts";

test("frames become a file that another program decodes to the same frames", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("bars.mp4");
  await writeBars(await createFileWriter("h264", path, 30), 29);
  const stream = probe(path);
  assertEquals(stream.codec_name, "h264");
  assertEquals(stream.frames, 29);
  assertEquals(stream.duration, Number((29 / 30).toFixed(6)));
  const decoded = decode(path, "rgba");
  const frameBytes = 160 * 90 * 4;
  for (let index = 0; index < 29; index++) {
    const ratio = psnr(decoded.subarray(index * frameBytes, (index + 1) * frameBytes), barFrame(index).data);
    assert(ratio > 35, `frame ${index} has ${ratio} dB`);
  }
});
