/**
 * The file that is written: whether it can be, and what its failures mean.
 *
 * @module
 */
import { checkReadable, checkWritable, dirname, join, runtime } from "../../ffi/mod.ts";
import { AvError, ReadError, WriteError } from "../errors.ts";
import { shown } from "../shown.ts";

/** What an error of opening a file means, and a hint. */
const openFailures: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOENT: ["its folder does not exist", "Create the folder first"],
  ENOTDIR: ["a part of the path is a file, not a folder", "Choose another path"],
  EISDIR: ["it is a folder", "Add a file name"],
  EACCES: ["permission denied", "Choose a place that you may write to"],
  EPERM: ["the system does not permit it", "Choose a place that you may write to"],
  EROFS: ["the file system is read-only", "Choose another place"],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter name"],
  ETXTBSY: ["it is a program that is running", "Choose another path"],
};

/**
 * Throws a {@linkcode WriteError}, or Deno's own `NotCapable`, unless the file can be written. The disk stays
 * as it was.
 *
 * @returns Whether an abort may remove the file: a device, a pipe or a link stays.
 */
export function requireWritable(path: string): boolean {
  try {
    return checkWritable(path);
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    // Deno's NotCapable has no code. Its message is complete.
    if (typeof code !== "string") throw cause;
    const [problem, hint] = openFailures[code] ?? [(cause as Error).message, null];
    throw new WriteError(`Cannot write ${shown(path)}: ${problem}`, {
      code,
      operation: `open ${path} for writing`,
      hint,
      cause,
    });
  }
}

/** The same for a muxer that creates its own files in the folder of its path. */
export function requireWritableFolder(path: string): void {
  requireWritable(join(dirname(path), ".avwriter-check"));
}

/** The temporary path of the file that replaces the recording. */
export function companionPath(path: string): string {
  return `${path}.avwriter`;
}

/**
 * Whether the recording can be replaced at the end. If that is required (`isRequired`), throws where it is
 * not possible; otherwise prompts for no permission.
 */
export function mayReplace(path: string, isRequired: boolean): boolean {
  const companion = companionPath(path);
  if (isRequired) {
    // The recording is read back, and Deno needs read access to rename a file.
    requireReadableOrMissing(path);
    requireReadableOrMissing(companion);
    return requireWritable(companion);
  }
  if (![path, companion].every((file) => runtime().mayReadAndWrite(file))) return false;
  try {
    return requireWritable(companion);
  } catch {
    return false;
  }
}

/**
 * Throws a {@linkcode WriteError}, or Deno's own `NotCapable`, unless a file that may not be there yet can be
 * read.
 */
function requireReadableOrMissing(path: string): void {
  try {
    checkReadable(path);
  } catch (cause) {
    const { code, message } = cause as Error & { code?: unknown };
    // Deno's NotCapable has no code. Its message is complete.
    if (typeof code !== "string") throw cause;
    if (code === "ENOENT") return;
    throw new WriteError(`Cannot record crash-safe: ${shown(path)} cannot be read (${message})`, {
      code,
      operation: `open ${path} for reading`,
      hint: "Leave crashSafe out",
      cause,
    });
  }
}

/** Throws a {@linkcode ReadError}, or Deno's own `NotCapable`, unless a path is a readable regular file. */
export function requireReadable(path: string, action: string): void {
  const refuse = (problem: string, code: string, cause?: unknown): never => {
    throw new ReadError(`Cannot ${action} ${path}: ${problem}`, {
      code,
      operation: `${action} a file`,
      hint: null,
      cause,
    });
  };
  let isFile: boolean;
  try {
    isFile = checkReadable(path);
  } catch (cause) {
    const { code, message } = cause as Error & { code?: unknown };
    // Deno's NotCapable has no code. Its message is complete.
    if (typeof code !== "string") throw cause;
    return refuse(code === "ENOENT" ? "there is no such file" : message, code, cause);
  }
  if (!isFile) refuse("it is not a regular file", "EINVAL");
}

/** Hints for system errors. */
const hints: Readonly<Record<string, string>> = {
  ENOSPC: "Free some space, or write to another disk",
  EACCES: "Choose a place that you may write to",
  EFBIG: "Raise the limit on file sizes, or write to another disk",
};

/** Runs an action on a file, and turns libav's errors into a {@linkcode WriteError} about that file. */
export function withWriteErrors<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    // Errors of subclasses are complete already.
    if (!(error instanceof AvError) || error.constructor !== AvError) throw error;
    throw new WriteError(`Cannot ${error.operation} while writing ${path}: ${error.message}`, {
      code: error.code,
      operation: error.operation,
      hint: hints[error.code] ?? null,
      cause: error,
    });
  }
}
