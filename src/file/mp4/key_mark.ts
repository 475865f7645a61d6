/**
 * Marks between the fragments of an mp4: the next one begins a segment, with a key frame.
 *
 * They are for who makes files of the segments, and takes the marks out. When that key frame is shown, its
 * own fragment would tell only once it is whole.
 *
 * @module
 */
import { makeBox, viewOf } from "./boxes.ts";

/** The type of a mark. No box of a standard has it. */
export const keyMarkType = "avwk";

/** The mark before a key frame that is shown at a tick of its track. */
export function keyMark(ticks: bigint): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(8);
  viewOf(content).setBigInt64(0, ticks);
  return makeBox(keyMarkType, content);
}

/** The tick of a mark. */
export function markedTicks(mark: Uint8Array): number {
  return Number(viewOf(mark).getBigInt64(8));
}
