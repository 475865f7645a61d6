/**
 * A program's own worker: a web worker, or one of `node:worker_threads` on Node, which has no others.
 *
 * @module
 */
import { once } from "node:events";
import { parentPort, Worker as NodeWorker } from "node:worker_threads";

const hasWebWorkers = "Worker" in globalThis;

/** Starts a worker, gives it a request, and resolves once it tells that it has begun. */
export async function startWorker(module: URL, request: unknown): Promise<{ terminate(): unknown }> {
  if (!hasWebWorkers) {
    const worker = new NodeWorker(module);
    worker.postMessage(request);
    await once(worker, "message");
    return worker;
  }
  const worker = new Worker(module, { type: "module" });
  await new Promise((resolve, reject) => {
    worker.addEventListener("message", resolve);
    worker.addEventListener("error", reject);
    worker.postMessage(request);
  });
  return worker;
}

/** What web workers have. */
interface WorkerScope {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
}

/** Carries out the request in the worker. `begun` tells that it has begun. */
export function onRequest<Request>(carryOut: (request: Request, begun: () => void) => Promise<void>): void {
  const scope = globalThis as unknown as WorkerScope;
  const begun = (): void => hasWebWorkers ? scope.postMessage("begun") : parentPort!.postMessage("begun");
  if (hasWebWorkers) scope.onmessage = ({ data }) => void carryOut(data as Request, begun);
  else parentPort!.on("message", (data) => void carryOut(data as Request, begun));
}
