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

/** The level of a writer that names none. */
const defaultLogLevel: LogLevel = "error";

/** Whether a level asks for more than complaints. */
export function isVerbose(level: LogLevel = defaultLogLevel): boolean {
  return level === "info" || level === "debug";
}

/** Sets libav's level for what this writer is about to do. The level is the process's: every writer sets its own anew. */
export function setLogLevel(native: Native, level: LogLevel = defaultLogLevel): void {
  native.avutil.av_log_set_level(libavLevels[level]);
}

/** How much libav and avwriter print on stderr. */
export type LogLevel = "quiet" | "error" | "warning" | "info" | "debug";
