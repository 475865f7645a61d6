/**
 * Frames in memory, as a program that draws them has them.
 *
 * @module
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { bytesPerPixel, isImage } from "../cases.ts";
import type { PeerRequest } from "./protocol.ts";

/**
 * Reads the frames of a request's source, as many as are to be shown at most, each into a buffer of its own.
 */
export function loadFrames(
  { sources, input, width, height, frames: count }: PeerRequest,
): Uint8Array<ArrayBuffer>[] {
  const path = sources[input]!;
  if (isImage(input)) {
    const names = readdirSync(dirname(path)).sort().slice(0, count);
    return names.map((name) => new Uint8Array(readFileSync(join(dirname(path), name))));
  }
  const size = width * height * bytesPerPixel[input];
  const frames: Uint8Array<ArrayBuffer>[] = [];
  const file = openSync(path, "r");
  try {
    while (frames.length < count) {
      const frame = new Uint8Array(size);
      if (readSync(file, frame) < size) break;
      frames.push(frame);
    }
  } finally {
    closeSync(file);
  }
  if (frames.length === 0) throw new Error(`${path} holds no frame of ${width}x${height} ${input}`);
  return frames;
}
