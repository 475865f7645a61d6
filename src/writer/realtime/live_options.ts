/**
 * What `live: true` stands for.
 *
 * @module
 */
import type { WriterOptions } from "../writer_options.ts";

/** Options that take time, so that what is written cannot be seen at once, and why. */
const slow = {
  passes: "the first pass has no packets",
  targetBytes: "a size takes two passes",
  palette: "the palette of a clip is known at its end",
  chunk: "a chunk is a part of a whole video",
} as const;

/** Options with what `live` stands for. Throws a `TypeError` where one does not go with it. */
export function withLive(options: WriterOptions): WriterOptions {
  if (options.live !== true) return options;
  for (const name of Object.keys(slow) as (keyof typeof slow)[]) {
    const value = options[name];
    if (value === undefined || value === 1 || value === "frame") continue;
    throw new TypeError(`Cannot use the options live and ${name} together: ${slow[name]}`);
  }
  return { timing: "wallclock", latePolicy: "drop", keyFrameInterval: 1, ...options };
}
