/**
 * A program that records bars in segments of a second, at 40 frames a second, until it is killed.
 *
 * Its parameters are the folder, and what the names of the segments end with. It prints a line for each frame
 * that is written.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileWriter } from "../../mod.ts";
import { barFrame } from "./media.ts";

const [folder, extension] = process.argv.slice(2) as [string, string];
const fps = 40;
const writer = await createFileWriter("h264", folder, fps, {
  segments: { name: `%s-%f.${extension}`, seconds: 1 },
  audio: { codec: "aac", channels: 1 },
});
const beganMs = performance.now();
for (let index = 0;; index++) {
  await writer.writeAudio({ data: new Float32Array(48_000 / fps), sampleRate: 48_000, channels: 1 });
  await writer.write(barFrame(index));
  console.log(index);
  await sleep(Math.max(0, beganMs + (index + 1) * 1000 / fps - performance.now()));
}
