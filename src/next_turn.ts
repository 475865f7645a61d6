/**
 * Turns of the event loop.
 *
 * @module
 */

/** Not every edge runtime has the first one. */
const soon = globalThis.setImmediate ?? globalThis.setTimeout;

/** Waits until due events and timers have run, which promises alone never let happen. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void soon(resolve));
}
