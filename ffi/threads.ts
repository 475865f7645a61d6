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
  readonly Worker: new (
    module: URL,
    options: { workerData: string; env?: Readonly<Record<string, string>> },
  ) => AnyWorker & {
    on(event: "message" | "error" | "exit", listener: (value: never) => void): void;
  };
  readonly workerData: unknown;
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
  /** Deno's web workers have the name that they were given, and those of `node:worker_threads` have none. */
  readonly name?: string;
  readonly postMessage?: (message: unknown, transferred: ArrayBuffer[]) => void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** The last of this thread's arguments. */
function lastArgument(): string {
  const { process } = globalThis as unknown as { process: { argv: readonly string[] } };
  return process.argv.at(-1)!;
}

/** The way back to the thread that started this one. */
export function parentThread(): ParentThread {
  const scope = globalThis as unknown as WorkerScope;
  const { postMessage, name } = scope;
  // On Deno, threads of both kinds have it.
  if ("Deno" in globalThis && postMessage !== undefined) {
    return {
      task: name || String(workerThreads().workerData),
      post: (message, transferred = []) => postMessage(message, transferred),
      listen: (take) => scope.addEventListener("message", ({ data }) => take(data)),
    };
  }
  const { parentPort, workerData } = workerThreads();
  if (parentPort === null) throw new Error("This module runs in a thread of its own only");
  return {
    task: "Bun" in globalThis ? lastArgument() : String(workerData),
    post: (message, transferred = []) => parentPort.postMessage(message, transferred),
    listen: (take) => parentPort.on("message", take),
  };
}
