/**
 * What a peer that transcodes is asked, as its one parameter, and what it tells, on its last line: both in
 * JSON.
 *
 * @module
 */
import process from "node:process";
import type { Setting } from "../../cases.ts";
import { cpuSeconds } from "../../resources.ts";
import type { TimeReport } from "../../turns.ts";

/** What a peer shall make of what. */
export interface TranscodingRequest {
  readonly input: string;
  readonly output: string;
  readonly setting: Setting;
}

/** Runs a peer. The clock starts when all modules are loaded. */
export async function serveTranscoding(run: (request: TranscodingRequest) => Promise<void>): Promise<void> {
  const cpu = cpuSeconds();
  const from = performance.now();
  await run(JSON.parse(process.argv[2]!));
  const wallMs = performance.now() - from;
  const after = cpuSeconds();
  const report: TimeReport = { wallMs, cpuSeconds: after === null || cpu === null ? null : after - cpu };
  console.log(JSON.stringify(report));
}
