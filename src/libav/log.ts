/**
 * How much libav prints on stderr.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";

/** AV_LOG_*, libavutil/log.h. */
const libavLevels: Readonly<Record<LogLevel, number>> = {
  quiet: -8,
  error: 16,
  warning: 24,
  info: 32,
  debug: 48,
};

/** The level of a writer without one. */
const defaultLogLevel: LogLevel = "error";

/** Whether what has a level is printed at another. */
export function isPrinted(level: LogLevel = defaultLogLevel, what: LogLevel): boolean {
  return libavLevels[level] >= libavLevels[what];
}

/** Whether a level includes more than warnings. */
export function isVerbose(level?: LogLevel): boolean {
  return isPrinted(level, "info");
}

/** Sets libav's log level. It belongs to the process, so every writer sets its own before each operation. */
export function setLogLevel(native: Native, level: LogLevel = defaultLogLevel): void {
  native.avutil.av_log_set_level(libavLevels[level]);
}

/**
 * Has libav print nothing more, in the whole process and whatever the level: other writers set that at any
 * time, while addresses are in use whose keys are in libav's lines.
 */
export function silence(native: Native): void {
  native.avutil.av_log_set_callback(native.idleFunction());
}

/** Does something of which libav prints nothing, whatever the level. */
export function quietly<Result>({ avutil }: Native, action: () => Result): Result {
  const level = avutil.av_log_get_level();
  avutil.av_log_set_level(libavLevels.quiet);
  try {
    return action();
  } finally {
    avutil.av_log_set_level(level);
  }
}

/** How much libav and avwriter print to stderr. */
export type LogLevel = "quiet" | "error" | "warning" | "info" | "debug";

/**
 * Sets the level for input that may be broken: at `"error"`, an error of ours tells what libav would, and its
 * decoders complain of frames before the key frame, which are left out.
 */
export function setInputLogLevel(native: Native, level: LogLevel): void {
  setLogLevel(native, level === "error" ? "quiet" : level);
}
