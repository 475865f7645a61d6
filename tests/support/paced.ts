/**
 * A program that records pictures at a pace, in a process that can be killed.
 *
 *     paced.ts PATH CODEC PACE AUDIO B-FRAMES TIMING FRAMES
 *
 * It tells of each picture when it was to be written, and when it was, in seconds since the first.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import { barFrame, lightOptions } from "./media.ts";

const [path = "", codec = "", pace = "1", audio = "none", order = "", timing = "wallclock", frames = ""] =
  process
    .argv.slice(2);
const rate = Number(pace);
const sampleRate = 48_000;

const writer = await createFileWriter(codec, path, timing === "constant" ? rate : 30, {
  timing: timing as "constant" | "wallclock" | "timestamps",
  ...lightOptions(codec),
  ...(order === "0" ? { encoderOptions: { bf: 0 } } : {}),
  ...(audio === "none" ? {} : { audio: audio === "silent" ? { from: { silence: true } } : {} }),
});
const start = performance.now();
let samples = 0;

/** Writes what a microphone would have heard since the last call. */
async function receive(): Promise<void> {
  const count = Math.round((performance.now() - start) / 1000 * sampleRate) - samples;
  if (audio !== "samples" || count < sampleRate / 50) return;
  samples += count;
  await writer.writeAudio({ data: new Float32Array(count).fill(0.1), sampleRate, channels: 1 });
}

for (let index = 0;; index++) {
  // A program that stops, and does not close.
  if (`${index}` === frames) await new Promise((resolve) => setTimeout(resolve, 60_000));
  const seconds = (performance.now() - start) / 1000;
  await writer.write(barFrame(index), timing === "timestamps" ? { timestamp: index / rate } : undefined);
  console.log(JSON.stringify({ index, seconds, doneSeconds: (performance.now() - start) / 1000 }));
  while (performance.now() - start < (index + 1) / rate * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await receive();
  }
}
