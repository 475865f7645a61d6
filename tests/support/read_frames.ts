/**
 * A program that reads a file, and prints how many frames it has, or the error.
 *
 *     read_frames.ts PATH
 *
 * @module
 */
import process from "node:process";
import { createFileReader } from "../../mod.ts";

try {
  await using source = await createFileReader(process.argv[2]!);
  let count = 0;
  for await (const _frame of source) count++;
  console.log(`${count} frames`);
} catch (error) {
  console.log((error as Error).name);
}
