/**
 * A program that records bars by HLS into a folder, at 100 frames a second, until it is killed.
 *
 * Its parameter is the folder. It prints a line for each frame that is written.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createStreamWriter } from "../../mod.ts";
import { barFrame } from "./media.ts";

const [folder] = process.argv.slice(2) as [string];
const fps = 100;
const writer = await createStreamWriter("libx264", join(folder, "index.m3u8"), fps, {
  ...{ tune: "zerolatency", preset: "ultrafast", audio: {} },
  adaptive: { segmentSeconds: 0.2 },
});
const beganMs = performance.now();
for (let index = 0;; index++) {
  await writer.writeAudio({ data: new Float32Array(48_000 / fps), sampleRate: 48_000, channels: 1 });
  await writer.write(barFrame(index));
  console.log(index);
  await sleep(Math.max(0, beganMs + (index + 1) * 1000 / fps - performance.now()));
}
