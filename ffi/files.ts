/**
 * The few file operations that a writer needs, through Node's API: both runtimes have it, and Deno applies its permissions to
 * it, which libav's own file access would bypass.
 *
 * @module
 */
import { closeSync, constants, openSync, unlinkSync } from "node:fs";

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}

/**
 * Throws the system's error (or Deno's `NotCapable`) unless the file can be written, and leaves the disk as it was: a file
 * that exists is opened without a change, one that does not is made and removed.
 */
export function checkWritable(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL));
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    checkExisting(path);
  }
}

/** A named pipe is not waited for: ENXIO means that nobody reads it yet. */
function checkExisting(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)));
  } catch (error) {
    if (codeOf(error) !== "ENXIO") throw error;
  }
}

/** Removes a file; one that is not there is as good as removed. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
