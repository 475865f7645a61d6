/**
 * The way back from a thread, which Deno and Bun share.
 *
 * @module
 */
import type { ParentThread } from "./contract.ts";

interface ParentPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (message: unknown) => void): void;
}

/** The way back to the thread that started this one. */
export function parentThread(): ParentThread {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): { readonly parentPort: ParentPort | null } };
  };
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  if (parentPort === null) throw new Error("This module runs in a thread of its own only");
  return {
    post: (message) => parentPort.postMessage(message),
    listen: (take) => parentPort.on("message", take),
  };
}
