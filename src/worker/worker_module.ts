/**
 * Where the module of avwriter's threads is.
 *
 * @module
 */

/**
 * Its address: beside this module, and with this module's extension. JSR's npm package has each module as
 * `.js`, beside the `.ts` that it was made from; in a bundle, both are the bundle's.
 */
export function workerModule(): URL {
  const extension = /\.[cm]?[jt]s$/.exec(new URL(import.meta.url).pathname)?.[0] ?? ".js";
  return new URL(`./avwriter_worker${extension}`, import.meta.url);
}

/** Never called. It puts the module into the module graph, which is what caches and compilers keep. */
export const importWorker = (): Promise<unknown> => import("./avwriter_worker.ts");
