/**
 * The file that is written: whether it can be, and what its failures mean.
 *
 * @module
 */
import {
  checkReadable,
  checkWritable,
  join,
  obstacleTo,
  ownerOfNew,
  removeFile,
  removeFolder,
  runtime,
  ScratchFolder,
  type Target,
} from "../../ffi/mod.ts";
import { AvError, ReadError, WriteError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { shown } from "../shown.ts";
import type { Steps } from "../steps.ts";

/** What an error of opening a file means, and a hint. */
const openFailures: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOENT: ["its folder does not exist", "Create the folder first"],
  ENOTDIR: ["a part of the path is a file, not a folder", "Choose another path"],
  EISDIR: ["it is a folder", "Add a file name"],
  EACCES: ["permission denied", "Choose a place that you may write to"],
  EPERM: ["the system does not permit it", "Choose a place that you may write to"],
  EROFS: ["the file system is read-only", "Choose another place"],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter name"],
  ENXIO: [
    "it is a pipe from which no program reads, or a device that is not there",
    "Start the reader first",
  ],
  ETXTBSY: ["it is a program that is running", "Choose another path"],
};

/**
 * Throws a {@linkcode WriteError}, or Deno's own `NotCapable`, unless the file can be written. The disk stays
 * as it was.
 */
export function requireWritable(path: string): Target {
  return orWriteProblem(path, () => checkWritable(path));
}

/** The same for the folder of what waits for a second pass. One that a killed program left is removed. */
export function requirePassesFolder(path: string): void {
  const folder = passesPath(path);
  orWriteProblem(folder, () => new ScratchFolder(folder)[Symbol.dispose]());
}

function orWriteProblem<Result>(path: string, open: () => Result): Result {
  try {
    return open();
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    // Deno's NotCapable has no code. Its message is complete.
    if (typeof code !== "string") throw cause;
    throw writeProblem(path, openFailures[code] ?? [(cause as Error).message, null], code, cause);
  }
}

function writeProblem(
  path: string,
  [problem, hint]: readonly [problem: string, hint: string | null],
  code: string,
  cause?: unknown,
): WriteError {
  return new WriteError(`Cannot write ${shown(path)}: ${problem}`, {
    code,
    operation: `open ${path} for writing`,
    hint,
    cause,
  });
}

/** The same for a folder that a muxer creates files of its own in. */
export function requireWritableFolder(folder: string): void {
  requireWritable(join(folder, ".avwriter-check"));
}

/** The URL of a file for its muxer: those that delete files of their own do so by the path as it is. */
export function muxerUrl({ opensFilesItself }: MuxerInfo, path: string): string {
  return opensFilesItself ? path : `file:${path}`;
}

/** The temporary path of the file that replaces the recording. */
export function companionPath(path: string): string {
  return `${path}.avwriter`;
}

/** The path of the folder of what waits for the second of two passes. */
export function passesPath(path: string): string {
  return `${path}.avwriter-passes`;
}

/** Removes what an aborted writer leaves: what waits for a second pass, and the file where it is its own. */
export function removeUnfinished(path: string, isOwnFile: boolean): void {
  if (path === "") return;
  if (isOwnFile) removeFile(path);
  removeFolder(passesPath(path));
}

/** Why a file can't take the place of another, and a hint. */
const replaceFailures: Readonly<Record<"EPERM" | "EBUSY", readonly [problem: string, hint: string]>> = {
  EPERM: [
    "it belongs to another user, and in its folder only its owner may replace it",
    "Leave crashSafe out, or choose another name",
  ],
  EBUSY: [
    "something is mounted at that path, which cannot be replaced",
    "Leave crashSafe out, or choose another path",
  ],
};

/** Throws unless a file can be made beside the recording, and can take its place. */
function requireReplaceable(path: string): void {
  const companion = companionPath(path);
  requireWritable(companion);
  const obstacle = obstacleTo(path, ownerBeside(companion));
  if (obstacle !== null) throw writeProblem(path, replaceFailures[obstacle], obstacle);
}

/**
 * The user that a file beside the recording belongs to: of one that is there, this program is not the owner.
 */
function ownerBeside(companion: string): number {
  try {
    return ownerOfNew(companion);
  } catch {
    return 0;
  }
}

/**
 * Whether the recording can be replaced at the end. If that is required (`isRequired`), throws where it is
 * not possible; otherwise prompts for no permission.
 */
export function mayReplace(path: string, isRequired: boolean): boolean {
  if (isRequired) {
    // The recording is read back, and Deno needs read access to rename a file.
    requireReadableOrMissing(path);
    requireReadableOrMissing(companionPath(path));
    requireReplaceable(path);
    return true;
  }
  if (![path, companionPath(path)].every((file) => runtime().mayReadAndWrite(file))) return false;
  try {
    requireReplaceable(path);
    return true;
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

/**
 * Throws a {@linkcode ReadError}, or Deno's own `NotCapable`, unless a path is a readable regular file; or
 * any readable one.
 */
export function requireReadable(path: string, action: string, takes: "files" | "devices" = "files"): void {
  const refuse = (problem: string, code: string, hint: string | null, cause?: unknown): never => {
    const operation = `${action} a file`;
    throw new ReadError(`Cannot ${action} ${path}: ${problem}`, { code, operation, hint, cause });
  };
  let isFile: boolean;
  try {
    isFile = checkReadable(path);
  } catch (cause) {
    const { code, message } = cause as Error & { code?: unknown };
    // Deno's NotCapable has no code. Its message is complete.
    if (typeof code !== "string") throw cause;
    return refuse(code === "ENOENT" ? "there is no such file" : message, code, null, cause);
  }
  if (isFile || takes === "devices") return;
  refuse(
    "it is not a regular file",
    "EINVAL",
    "Name a file; what comes from a pipe is to be written to one first",
  );
}

/** Hints for system errors. */
const hints: Readonly<Record<string, string>> = {
  ENOSPC: "Free some space, or write to another disk",
  EACCES: "Choose a place that you may write to",
  EFBIG: "Raise the limit on file sizes, or write to another disk",
};

/** Runs an action on a file; errors of libav and the system become a {@linkcode WriteError} about it. */
export function withWriteErrors<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw writeError(path, error);
  }
}

/** The same for work in steps. */
export function* stepsWithWriteErrors<T>(path: string, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps;
  } catch (error) {
    throw writeError(path, error);
  }
}

/** How the codes of system errors look; those of Node's own errors begin with ERR_. */
const systemCode = /^E[A-Z0-9]+$/;

function writeError(path: string, error: unknown): unknown {
  const { code } = error as { readonly code?: unknown };
  if (!(error instanceof AvError) && typeof code === "string" && systemCode.test(code)) {
    return new WriteError(`Cannot write ${shown(path)}: ${(error as Error).message}`, {
      code,
      operation: "write the file",
      hint: hints[code] ?? null,
      cause: error,
    });
  }
  // Errors of subclasses are complete already.
  if (!(error instanceof AvError) || error.constructor !== AvError) return error;
  return new WriteError(`Cannot ${error.operation} while writing ${path || "bytes"}: ${error.message}`, {
    code: error.code,
    operation: error.operation,
    hint: hints[error.code] ?? null,
    cause: error,
  });
}
