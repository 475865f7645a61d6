/**
 * Random numbers for tests, the same on every run.
 *
 * @module
 */

/** A function that gives whole numbers from 0 to below a limit. */
export function randomNumbers(seed = 1): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % limit;
  };
}
