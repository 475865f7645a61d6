/**
 * The process that plays cases. For each line on stdin, `{"seed": 7}` or `{"case": {...}}`, it tells the case
 * on a line of its own before it plays it, and the outcome after: a crash leaves no doubt which case it was.
 *
 *     deno run -A tools/fuzz/child.ts FOLDER STDERR
 *
 * Cases get folders in `FOLDER`; `STDERR` is the file that this process's stderr goes to.
 *
 * @module
 */
import { mkdirSync, readFileSync, statSync, writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { loadNative } from "../../ffi/mod.ts";
import type { FuzzCase, Outcome } from "./case_types.ts";
import { readCatalog } from "./catalog.ts";
import { generateCase } from "./generate.ts";
import { playCase } from "./play.ts";

/** What the process is asked for. */
export type ChildRequest = { readonly seed: number } | { readonly case: FuzzCase };

/** What it tells. */
export type ChildReport = { readonly ready: string } | { readonly case: FuzzCase } | {
  readonly outcome: Outcome;
};

const [root, stderrPath] = process.argv.slice(2) as [string, string];
const native = loadNative();
const catalog = readCatalog(native);
const strays: string[] = [];

function tell(report: ChildReport): void {
  writeSync(1, `${JSON.stringify(report)}\n`);
}

/** What was printed since the file was so long. */
function printedSince(length: number): string {
  return readFileSync(stderrPath).subarray(length).toString("utf8").trim();
}

async function play(test: FuzzCase): Promise<Outcome> {
  const folder = join(root, String(test.seed));
  mkdirSync(folder, { recursive: true });
  process.chdir(folder);
  const before = statSync(stderrPath).size;
  const outcome = await playCase(native, test, folder);
  const complaints = [...outcome.complaints, ...strays.splice(0)];
  const { logLevel } = (test.options ?? {}) as { logLevel?: unknown };
  const printed = printedSince(before);
  if (logLevel === "quiet" && printed !== "") complaints.push(`printed at quiet: ${printed.slice(0, 600)}`);
  process.chdir(root);
  return { ...outcome, complaints };
}

process.on("unhandledRejection", (error) => void strays.push(`a rejection that nobody handles: ${error}`));
process.on("uncaughtException", (error) => void strays.push(`an error that nobody catches: ${error}`));
tell({ ready: native.version });
for await (const line of createInterface({ input: process.stdin })) {
  const request: ChildRequest = JSON.parse(line);
  const test = "case" in request ? request.case : generateCase(request.seed, catalog);
  tell({ case: test });
  tell({ outcome: await play(test) });
}
