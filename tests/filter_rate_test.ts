/**
 * Filters before containers of a constant frame rate.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { createFileWriter } from "../mod.ts";
import { barFrame, decode, psnr, TemporaryFolder, writeBars } from "./support/media.ts";
import { test } from "./support/test.ts";

const frameBytes = 160 * 90 * 4;

/** Filters, and the bar of each frame that three frames become. */
const kept = [
  ["null", [0, 1, 2]],
  ["split[a][b];[a][b]overlay", [0, 1, 2]],
  ["split[a][b];[a][b]hstack,crop=160:90:0:0", [0, 1, 2]],
  ["split[a][b];[a][b]blend", [0, 1, 2]],
  ["split[a][b];[a][b]overlay,setpts=PTS+1/TB", [0, 1, 2]],
  ["trim=end_frame=2", [0, 1]],
  // Where frames come in and go is named, as FFmpeg's own descriptions do it.
  ["color=blue:2x2[logo];[in][logo]overlay=shortest=1", [0, 1, 2]],
  ["color=blue:2x2[logo];[in]null[main];[main][logo]overlay=shortest=1[out]", [0, 1, 2]],
  ["color=blue:2x2[logo];[ in ][logo]overlay=shortest=1[ out ]", [0, 1, 2]],
  ["metadata=add:key=a:value='[in]',split[in][b];[in][b]overlay", [0, 1, 2]],
] as const;

for (const file of ["a.avi", "a.y4m"] as const) {
  test(`filter: ${file} gets the last frame of filters with several inputs`, async () => {
    using folder = new TemporaryFolder();
    for (const [filter, bars] of kept) {
      const path = folder.file(file);
      const codec = file === "a.avi" ? "ffv1" : "rawvideo";
      const writer = await createFileWriter(codec, path, 25, { filter });
      await writeBars(writer, 3);
      const decoded = decode(path, "rgba");
      assertEquals(decoded.length / frameBytes, bars.length, filter);
      for (const [place, bar] of bars.entries()) {
        const ratio = psnr(
          decoded.subarray(place * frameBytes, (place + 1) * frameBytes),
          barFrame(bar).data,
        );
        assert(ratio > 28, `${filter}: frame ${place} has ${ratio} dB beside bar ${bar}`);
      }
    }
  });
}
