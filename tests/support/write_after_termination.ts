/**
 * A program that terminates its own worker in the middle of its writing, and then goes on with the file: run
 * by tests in a process of its own, which might never end. Prints what came of each call.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { createFileWriter, recoverFile, WriteError } from "../../mod.ts";
import type { EndlessRequest } from "./endless_writer.ts";
import { barFrame } from "./media.ts";
import { startWorker } from "./program_worker.ts";

/** What came of the calls: `"IN_USE"`, or the number of frames in the file. */
export interface AfterTermination {
  readonly recovered: number | "IN_USE";
  readonly written: number | "IN_USE";
}

async function framesOrRefusal(call: () => Promise<{ readonly frames: number }>): Promise<number | "IN_USE"> {
  try {
    return (await call()).frames;
  } catch (error) {
    if (error instanceof WriteError && error.code === "IN_USE") return error.code;
    throw error;
  }
}

const request = JSON.parse(process.argv[2]!) as EndlessRequest;
const { codec, path, options } = request;
const worker = await startWorker(new URL("./endless_writer.ts", import.meta.url), request);
await delay(300);
worker.terminate();
const recovered = await framesOrRefusal(() => recoverFile(path));
const written = await framesOrRefusal(async () => {
  const writer = await createFileWriter(codec, path, 30, options);
  for (let index = 0; index < 3; index++) await writer.write(barFrame(index));
  return await writer.close();
});
// The program ends by itself.
console.log(JSON.stringify({ recovered, written } satisfies AfterTermination));
