/**
 * The pixel kernels beside libswscale: no case, as no frame is encoded.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { KernelTimes } from "../tools/kernels/measure.ts";
import { runScript, type RuntimeName } from "./runtimes.ts";

/** What it is called where cases are chosen. */
export const kernelsName = "kernels";

/** Conversions by kernels and by libswscale, on one runtime. */
export interface KernelResult {
  readonly runtime: RuntimeName;
  readonly times: readonly KernelTimes[];
}

/** Measures all kernels on a runtime, in as many rounds as told or as they usually take. */
export async function measureOn(
  runtime: RuntimeName,
  program: string,
  rounds: number | undefined,
): Promise<KernelResult> {
  const script = fileURLToPath(new URL("peers/kernels.ts", import.meta.url));
  const line = await runScript({ runtime, program, script, parameter: JSON.stringify({ rounds }) });
  return { runtime, times: JSON.parse(line) };
}
