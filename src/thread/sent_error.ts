/**
 * Errors on their way between threads.
 *
 * @module
 */
import { runtime } from "../../ffi/mod.ts";
import * as errors from "../errors.ts";

/** An error for another thread: structured clones keep only built-in classes and no fields. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The fields of an {@linkcode AvError}. */
  readonly details:
    | { readonly code: string; readonly operation: string; readonly hint: string | null }
    | null;
  /** The `code` of a system's error. */
  readonly code: string | undefined;
  readonly cause: SentError | undefined;
}

/** The classes of {@linkcode AvError}s, by name. */
type AvErrorName = {
  [Name in keyof typeof errors]: typeof errors[Name] extends typeof errors.AvError ? Name : never;
}[keyof typeof errors];
const builtInErrors = { Error, RangeError, TypeError } as const;

/** Converts an error to be sent. */
export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return sentError(new Error(String(error)));
  const { name, message, stack, cause } = error;
  const { code, operation, hint } = error as Partial<errors.AvError>;
  // By its shape: a bundler or a package manager may give a thread another copy of the class.
  const isOurs = Object.hasOwn(errors, name) && code !== undefined && operation !== undefined &&
    hint !== undefined;
  const details = isOurs ? { code, operation, hint } : null;
  return {
    ...{ name, message, stack, details },
    code: typeof code === "string" ? code : undefined,
    cause: cause === undefined ? undefined : sentError(cause),
  };
}

/** Rebuilds a sent error, with its class. */
export function receivedError(sent: SentError): Error {
  const error = rebuild(sent);
  if (sent.stack !== undefined) error.stack = sent.stack;
  return error;
}

function rebuild({ name, message, details, code, cause: sentCause }: SentError): Error {
  const cause = sentCause === undefined ? undefined : receivedError(sentCause);
  if (details !== null) {
    // The constructor appends the hint again.
    const plain = details.hint ? message.slice(0, message.length - details.hint.length - 2) : message;
    return new errors[name as AvErrorName](plain, { ...details, cause });
  }
  const BuiltIn = builtInErrors[name as keyof typeof builtInErrors] ?? runtime().errorClass(name) ?? Error;
  const error = new BuiltIn(message);
  if (error.name !== name) error.name = name;
  if (cause !== undefined) error.cause = cause;
  return code === undefined ? error : Object.assign(error, { code });
}
