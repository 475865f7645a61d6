/**
 * Threads, as far as runtimes share them.
 *
 * @module
 */
import type { ParentThread, Thread } from "./contract.ts";

/** What a runtime's workers have in common. */
interface AnyWorker {
  postMessage(message: unknown, transferred: ArrayBuffer[]): void;
  ref(): void;
  unref(): void;
  terminate(): unknown;
}

/** The part of `node:worker_threads` in use. */
interface WorkerThreads {
  readonly Worker: new (module: URL, options?: { env: Readonly<Record<string, string>> }) => AnyWorker & {
    on(event: "message" | "error" | "exit", listener: (value: never) => void): void;
  };
  readonly parentPort: {
    postMessage(message: unknown, transferred: ArrayBuffer[]): void;
    on(event: "message", listener: (message: unknown) => void): void;
  } | null;
}

/** Node's module of threads. */
export function workerThreads(): WorkerThreads {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): WorkerThreads };
  };
  return process.getBuiltinModule("node:worker_threads");
}

/** A thread of a worker. */
export function threadOf(worker: AnyWorker): Thread {
  worker.unref();
  return {
    post: (message, transferred = []) => worker.postMessage(message, transferred),
    keepAlive: (isNeeded) => isNeeded ? worker.ref() : worker.unref(),
    end: () => void worker.terminate(),
  };
}

/** The part of a web worker's global object in use. */
interface WorkerScope {
  readonly postMessage?: (message: unknown, transferred: ArrayBuffer[]) => void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** The way back to the thread that started this one. */
export function parentThread(): ParentThread {
  const scope = globalThis as unknown as WorkerScope;
  const { postMessage } = scope;
  // On Deno, threads of both kinds have it.
  if ("Deno" in globalThis && postMessage !== undefined) {
    return {
      post: (message, transferred = []) => postMessage(message, transferred),
      listen: (take) => scope.addEventListener("message", ({ data }) => take(data)),
    };
  }
  const { parentPort } = workerThreads();
  if (parentPort === null) throw new Error("This module runs in a thread of its own only");
  return {
    post: (message, transferred = []) => parentPort.postMessage(message, transferred),
    listen: (take) => parentPort.on("message", take),
  };
}
