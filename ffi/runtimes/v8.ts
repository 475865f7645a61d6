/**
 * What the runtimes that run on V8 share.
 *
 * @module
 */

/** Asks for more memory than there are addresses. Before V8 refuses that, it collects all garbage. */
function failToAllocate(): void {
  try {
    void new ArrayBuffer(2 ** 48);
  } catch {
    // As expected.
  }
}

/** Has V8 collect all garbage soon: in a turn of its own, in which nothing else refers to it. */
export function collectV8Garbage(): void {
  setImmediate(failToAllocate).unref();
}
