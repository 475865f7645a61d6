/**
 * Waiting that comes to an end.
 *
 * @module
 */

/**
 * Waits for a promise; throws a signal's reason as soon as that is aborted, whatever becomes of the promise.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  // Nobody else waits for it after an abort.
  promise.catch(() => {});
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * A writer that was just made, unless its signal was aborted while it opened: then it is gone, and the
 * signal's reason is thrown.
 */
export async function unlessAbortedMeanwhile<Writer extends { abort(): Promise<void> }>(
  writer: Writer,
  signal: AbortSignal | undefined,
): Promise<Writer> {
  if (signal?.aborted) await writer.abort();
  signal?.throwIfAborted();
  return writer;
}

/**
 * Whether a promise settles in so many milliseconds. Does not throw its error, which is handled from then on.
 */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), ms));
  const settled = (): true => true;
  try {
    return await Promise.race([promise.then(settled, settled), late]);
  } finally {
    clearTimeout(timer);
  }
}
