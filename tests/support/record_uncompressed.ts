/**
 * A program that writes without FFmpeg's libraries until it is killed: `record_uncompressed.ts PATH EMPTY`.
 * Each line tells how many frames are written.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import { barFrame } from "./media.ts";

const [path, libraryPath] = process.argv.slice(2) as [string, string];
const writer = await createFileWriter("h264", path, 30, {
  ...{ libraryPath, fallback: "uncompressed", logLevel: "quiet", audio: { sampleRate: 48000, channels: 1 } },
});
for (let n = 0; n < 100_000; n++) {
  await writer.writeAudio({ data: new Int16Array(1600).fill(n), sampleRate: 48000 });
  await writer.write(barFrame(n));
  console.log(n + 1);
}
