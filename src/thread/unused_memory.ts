/**
 * Memory that nobody uses any more, and that garbage collectors would leave for long.
 *
 * @module
 */
import { runtime } from "../../ffi/mod.ts";

/** The most bytes that may be left until the garbage collector runs by itself. */
export const maxUnusedBytes: number = 64 * 2 ** 20;

let unusedBytes = 0;

/**
 * Notes that nothing in this thread refers any more to so many bytes of shared memory. A garbage collector
 * frees them only when the program allocates more, which may be never: it is started where they are many.
 */
export function noteUnused(bytes: number): void {
  unusedBytes += bytes;
  if (unusedBytes <= maxUnusedBytes) return;
  unusedBytes = 0;
  runtime().collectGarbage();
}

/**
 * After how many frames garbage is collected. What their messages leave is small, and V8 lets the old part of
 * a heap grow for hours: by 0.1 KB a frame.
 */
const collectedFrames = 8192;

let encodedFrames = 0;

/** Notes a frame that this thread has encoded. */
export function noteEncoded(): void {
  if (++encodedFrames % collectedFrames === 0) runtime().collectGarbage();
}
