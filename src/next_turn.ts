/**
 * Turns of the event loop.
 *
 * @module
 */

/** Waits until events and timers that are due have had their turn: promises alone never let them have one. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
