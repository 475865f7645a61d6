/**
 * A program that tells how much memory it has resident, in MB, before and after writers of frames of growing
 * sizes and of large ones: `memory.ts FOLDER worker|main`
 *
 * @module
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileWriter, type VideoWriter } from "../../mod.ts";

const [folder, thread] = process.argv.slice(2) as [string, "worker" | "main"];
const options = { resize: "fill", width: 64, height: 48, thread } as const;

/** The least that is resident in the next three seconds, in which garbage is collected. */
async function resident(): Promise<number> {
  let least = Infinity;
  for (let times = 0; times < 10; times++) {
    await sleep(300);
    least = Math.min(least, process.memoryUsage().rss / 2 ** 20);
    if (least < enough) break;
  }
  return Math.round(least);
}

/** What is resident without the memory of frames, or little more. */
let enough = Infinity;
async function draw(writer: VideoWriter, [width, height]: readonly [number, number]): Promise<void> {
  const frame = await writer.acquire(width, height);
  frame.data.fill(7);
  await writer.write(frame);
}

const writers: VideoWriter[] = [];

/** Writes acquired frames of these sizes. The program keeps the closed writer. */
async function write(sizes: Iterable<readonly [width: number, height: number]>): Promise<number> {
  const writer = await createFileWriter("mpeg4", `${folder}/a.mkv`, 25, options);
  writers.push(writer);
  for (const size of sizes) await draw(writer, size);
  await writer.close();
  return await resident();
}

const before = await write([[64, 48], [64, 48]]);
enough = before + 50;
const afterGrowing = await write(
  Array.from({ length: 60 }, (_, index) => [64 + 20 * index, 48 + 15 * index]),
);
const large = Array.from({ length: 3 }, () => [5000, 4000] as const);
const afterLarge = [await write(large), await write(large)];
console.log(JSON.stringify({ before, afterGrowing, afterLarge }));
