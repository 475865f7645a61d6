/**
 * Which options go with a file that has no path.
 *
 * @module
 */
import type { SessionOptions } from "../../engine/session_options.ts";
import type { Fallback } from "../../engine/session_types.ts";

/** Options that need a file, and why. */
const reasons = {
  crashSafe: "nothing of it is on a disk",
  targetBytes: "frames of two passes wait beside the file",
  passes: "frames of two passes wait beside the file",
  palette: "the frames of a clip wait beside the file",
  chunk: "chunks are files that are joined later",
  segments: "they are files in a folder",
  fallback: "it is for files",
} as const;

/** Throws a `TypeError` where a checked option needs a file. */
export function requireNoFileOptions(
  session: SessionOptions,
  target: string,
  fallback: Fallback | null = null,
): void {
  for (const name of Object.keys(reasons) as (keyof typeof reasons)[]) {
    const value = name === "fallback" ? fallback : session[name];
    if (value === undefined || value === null || value === false || value === "frame") continue;
    throw new TypeError(
      `Cannot use the option ${name} with ${target}: ${reasons[name]}; use createFileWriter`,
    );
  }
}
