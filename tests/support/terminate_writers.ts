/**
 * A program whose workers write, and are terminated while they do: run by tests in a process of its own,
 * which a fault would end. Prints how many files were begun.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import type { EndlessRequest } from "./endless_writer.ts";
import { startWorker } from "./program_worker.ts";

async function terminateWriter(request: EndlessRequest, afterMs: number): Promise<void> {
  const worker = await startWorker(new URL("./endless_writer.ts", import.meta.url), request);
  await delay(afterMs);
  worker.terminate();
}

const requests = JSON.parse(process.argv[2]!) as EndlessRequest[];
await Promise.all(requests.map((request, index) => terminateWriter(request, 30 + index * 40)));
// Threads of encoders run on.
await delay(400);
console.log(JSON.stringify(requests.length));
process.exit(0);
