/**
 * The checks of options that every writer of frames has.
 *
 * @module
 */
import { type Check, oneOf } from "../option_checks.ts";

/** The default queue size in frames. */
export const defaultQueueSize = 4;

const side: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 0x7fffffff
    ? null
    : "a whole number of pixels from 1";

/** What each option must be. */
export const commonChecks = {
  width: side,
  height: side,
  alpha: oneOf("keep", "discard"),
  imageOrientation: oneOf("from-image", "none"),
  queueSize: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64
      ? null
      : "a whole number of frames from 1 to 64",
  logLevel: oneOf("quiet", "error", "warning", "info", "debug"),
  signal: (value) => (value instanceof AbortSignal ? null : "an AbortSignal"),
  onProgress: (value) => (typeof value === "function" ? null : "a function"),
} as const satisfies Readonly<Record<string, Check>>;
