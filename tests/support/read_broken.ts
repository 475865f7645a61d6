/**
 * A program that reads damaged files one after another, by all that a source has, and tells what became of
 * each: `read_broken.ts FOLDER SEED FIRST COUNT`. It prints the number of a file before it reads it, so that
 * a crash or a hang is known by its file, and at the end its resident memory.
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createFileReader, ReadError, type VideoSource } from "../../mod.ts";
import { seeded } from "./chance.ts";

const [folder, seed, first, count] = process.argv.slice(2) as [string, string, string, string];
const names = readdirSync(folder).filter((name) => name.startsWith("whole.")).sort();
const wholes = names.map((name) => new Uint8Array(readFileSync(join(folder, name))));

/** The most of each kind that is read of a file. */
const most = 40;

/** Damages bytes in one of five ways. */
function damaged(whole: Uint8Array, next: () => number): Uint8Array {
  const bytes = new Uint8Array(whole);
  const at = next() % bytes.length;
  const length = 1 + next() % Math.min(4096, bytes.length - at);
  switch (next() % 5) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      for (let times = next() % 24; times >= 0; times--) bytes[next() % bytes.length] = next();
      return bytes;
    case 2:
      // Headers, where sizes and counts are.
      for (let times = next() % 8; times >= 0; times--) {
        bytes[next() % Math.min(2048, bytes.length)] = [0, 1, 127, 128, 255][next() % 5]!;
      }
      return bytes;
    case 3:
      return bytes.fill(next() % 2 === 0 ? 0 : 255, at, at + length);
    default:
      return new Uint8Array([
        ...bytes.subarray(0, at),
        ...bytes.subarray(at + length),
        ...bytes.subarray(0, 64),
      ]);
  }
}

/** Reads a bit of what comes one after another. */
async function some(pieces: AsyncIterable<unknown>): Promise<void> {
  let count = 0;
  for await (const _piece of pieces) if (++count >= most) return;
}

/** Tries a part; damage is a {@linkcode ReadError}, or a time that the damaged file has no frame at. */
async function tried(part: () => Promise<unknown>): Promise<boolean> {
  try {
    await part();
    return true;
  } catch (error) {
    if (error instanceof ReadError || error instanceof RangeError) return false;
    throw error;
  }
}

async function read(source: VideoSource): Promise<void> {
  await tried(() => some(source));
  await tried(() => source.frameAt(0.2));
  await tried(() => source.seek(0.1).then(() => source.nextFrame()));
  await tried(() => some(source.packets));
  for (const track of source.audioTracks.keys()) await tried(() => some(source.audio(track)));
  for (const track of source.subtitleTracks.keys()) await tried(() => some(source.cues(track)));
}

let opened = 0;
for (let index = Number(first); index < Number(first) + Number(count); index++) {
  const next = seeded(Number(seed) * 100_000 + index);
  for (let times = 0; times < 8; times++) next();
  const kind = next() % wholes.length;
  const bytes = damaged(wholes[kind]!, next);
  console.log(`file ${index} ${names[kind]}`);
  const path = join(folder, `broken${first}.${names[kind]!.split(".")[1]}`);
  const isPath = next() % 2 === 0;
  if (isPath) writeFileSync(path, bytes);
  const isOpen = await tried(async () => {
    await using source = await createFileReader(isPath ? path : bytes, { format: "rgba", logLevel: "quiet" });
    await read(source);
  });
  if (isOpen) opened++;
}
console.log(`done ${opened} ${Math.round(process.memoryUsage().rss / 2 ** 20)}`);
process.exit(0);
