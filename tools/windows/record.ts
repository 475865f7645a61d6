/**
 * Runs on Windows, on Deno or Bun: writes the samples into the folder that is named, and repairs a copy of
 * one.
 *
 * @module
 */
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { createFileWriter, recoverFile } from "../../mod.ts";
import { barFrame } from "../../tests/support/media.ts";
import { frameCount, frameRate, type Sample, samples } from "./samples.ts";

function pathOf(folder: string, { path, form }: Sample): string | URL {
  const full = join(folder, path);
  switch (form) {
    case "backslashes":
      return full;
    case "slashes":
      return full.replaceAll("\\", "/");
    case "relative":
      return relative(process.cwd(), full);
    case "url":
      return pathToFileURL(full);
  }
}

const folder = process.argv[2]!;
for (const sample of samples) {
  mkdirSync(dirname(join(folder, sample.path)), { recursive: true });
  const writer = await createFileWriter(sample.codec, pathOf(folder, sample), frameRate);
  for (let index = 0; index < frameCount; index++) await writer.write(barFrame(index));
  await writer.close();
}
const repaired = join(folder, "repaired.mp4");
copyFileSync(join(folder, samples[0]!.path), repaired);
await recoverFile(repaired);
