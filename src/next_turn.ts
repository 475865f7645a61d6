/**
 * Turns of the event loop.
 *
 * @module
 */

/** Waits until due events and timers have run, which promises alone never let happen. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
