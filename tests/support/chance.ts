/**
 * What looks like chance, and is the same on every run.
 *
 * @module
 */

/** Numbers that look random, the same on every run: 0 to 2^32 - 1 (xorshift32). */
export function seeded(seed: number): () => number {
  let state = seed * 2654435761 | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Bytes that do not compress, the same ones on every run. */
export function noise(length: number, seed: number): Uint8Array {
  const next = seeded(seed);
  const data = new Uint8Array(length);
  for (let index = 0; index < length; index++) data[index] = next();
  return data;
}
