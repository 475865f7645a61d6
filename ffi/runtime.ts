/**
 * Which runtime is this: the one place that asks.
 *
 * @module
 */
import { createBunRuntime } from "./bun.ts";
import type { Runtime } from "./contract.ts";
import { createDenoRuntime } from "./deno.ts";

let current: Runtime | undefined;

/** The adapter of the runtime that executes this module. Throws where that is neither Deno nor Bun. */
export function runtime(): Runtime {
  if (current === undefined) {
    if ("Deno" in globalThis) current = createDenoRuntime();
    else if ("Bun" in globalThis) current = createBunRuntime();
    else {throw new Error(
        "Cannot call native libraries here: avwriter runs on Deno (2.8 or newer) and Bun (1.4 or newer)",
      );}
  }
  return current;
}
