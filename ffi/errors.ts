/**
 * The base of all errors, and those of finding and loading the libraries.
 *
 * @module
 */

/** The fields of an {@linkcode AvError}. */
export interface AvErrorDetails {
  /**
   * A stable code: the name of a system or libav error (`"ENOSPC"`, `"EINVAL"`), or one of avwriter's own.
   */
  code: string;
  /** The operation that failed: `"open encoder libx264"`. */
  operation: string;
  /** How to fix the problem, as a sentence; `null` where nothing useful is known. */
  hint?: string | null;
  /** The error underneath. */
  cause?: unknown;
}

/**
 * Any failure of avwriter that is not a wrong argument (those are `TypeError` and `RangeError`).
 *
 * @example
 * ```ts
 * import { AvError } from "@avwriter/avwriter";
 *
 * const error = new AvError("Cannot write out.mp4: no space left on device", {
 *   code: "ENOSPC",
 *   operation: "write out.mp4",
 * });
 * if (error.code !== "ENOSPC") throw error;
 * ```
 */
export class AvError extends Error {
  /** The class's name, as every built-in error has it. */
  override name = "AvError";
  /**
   * A stable code: the name of a system or libav error (`"ENOSPC"`, `"EINVAL"`), or one of avwriter's own.
   */
  readonly code: string;
  /** The operation that failed: `"open encoder libx264"`. */
  readonly operation: string;
  /**
   * How to fix the problem, as a sentence; `null` where nothing useful is known. It is part of the message
   * too.
   */
  readonly hint: string | null;

  /** Makes an error; the hint is appended to the message. */
  constructor(message: string, details: AvErrorDetails) {
    super(details.hint ? `${message}. ${details.hint}` : message, { cause: details.cause });
    this.code = details.code;
    this.operation = details.operation;
    this.hint = details.hint ?? null;
  }
}

/**
 * FFmpeg's libraries were not found, or may not be opened. The message lists what was tried and how to
 * install them.
 */
export class LibraryNotFoundError extends AvError {
  /** The class's name. */
  override name = "LibraryNotFoundError";
}

/**
 * FFmpeg's libraries were found, but are of a version that this release does not know, or do not match each
 * other.
 */
export class LibraryVersionError extends AvError {
  /** The class's name. */
  override name = "LibraryVersionError";
}
