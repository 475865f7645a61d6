/**
 * Which runtime is this: the one place that asks.
 *
 * @module
 */
import { createBunRuntime } from "./runtimes/bun.ts";
import type { Runtime } from "./contract.ts";
import { createDenoRuntime } from "./runtimes/deno.ts";
import { createNodeRuntime } from "./runtimes/node.ts";

let current: Runtime | undefined;

/** The adapter of the runtime that executes this module. Throws where that can't call native libraries. */
export function runtime(): Runtime {
  return current ??= createRuntime();
}

function createRuntime(): Runtime {
  if ("Deno" in globalThis) return createDenoRuntime();
  if ("Bun" in globalThis) return createBunRuntime();
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node !== undefined) return createNodeRuntime();
  throw new Error(
    "Cannot call native libraries here: avwriter runs on Deno (2.8.2 or newer), Bun (1.4 or newer) and Node (26.10 or newer)",
  );
}
