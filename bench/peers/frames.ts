/**
 * Frames in memory, as a program that draws them has them.
 *
 * @module
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { Input } from "../cases.ts";
import type { PeerRequest } from "./protocol.ts";

const bytesPerPixel: Readonly<Record<Input, number>> = { rgba: 4, yuv420p: 1.5 };

/**
 * Reads the frames of a request's source, as many as are to be shown at most, each into a buffer of its own.
 */
export function loadFrames(
  { sources, input, width, height, frames: count }: PeerRequest,
): Uint8Array<ArrayBuffer>[] {
  const size = width * height * bytesPerPixel[input];
  const frames: Uint8Array<ArrayBuffer>[] = [];
  const file = openSync(sources[input], "r");
  try {
    while (frames.length < count) {
      const frame = new Uint8Array(size);
      if (readSync(file, frame) < size) break;
      frames.push(frame);
    }
  } finally {
    closeSync(file);
  }
  if (frames.length === 0) throw new Error(`${sources[input]} holds no frame of ${width}x${height} ${input}`);
  return frames;
}
