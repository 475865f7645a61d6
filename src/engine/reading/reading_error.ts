/**
 * What goes wrong where something is read.
 *
 * @module
 */
import { AvError, ReadError } from "../../errors.ts";

/** What libav says of a file that is none, or that it must not follow. */
const unknownFile: readonly string[] = ["INVALIDDATA", "EINVAL"];

/** The error for something that can't be done with a file. */
export function readError(
  label: string,
  action: string,
  cause: AvError,
  hint: string | null = null,
): ReadError {
  return new ReadError(`Cannot ${action} ${label}: ${cause.message}`, {
    code: cause.code,
    operation: `${action} a file`,
    hint,
    cause,
  });
}

/** Runs something that reads a file; what libav says becomes a {@linkcode ReadError}. */
export function reading<T>(label: string, action: string, read: () => T, hint: string | null = null): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AvError) || error instanceof ReadError) throw error;
    throw readError(label, action, error, unknownFile.includes(error.code) ? hint : null);
  }
}
