/**
 * How a writer closes.
 *
 * @module
 */
import { fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";

/**
 * How a writer closes.
 *
 * @example
 * ```ts
 * import type { CloseOptions } from "@avwriter/avwriter";
 *
 * const options: CloseOptions = { deadlineSeconds: 2 };
 * ```
 */
export interface CloseOptions {
  /**
   * How long encoding may go on, in seconds from this call on. What is not encoded by then is left out: the
   * video ends before it, and so do its audio and subtitles. With 0, nothing more is encoded. Making the file
   * whole takes its time on top. An address that has not taken everything by then has failed with the code
   * `ETIMEDOUT`. Default: until all is encoded, and addresses have taken it.
   */
  deadlineSeconds?: number;
}

/** Checks the options of a close; returns its deadline, or `null`. Throws a `TypeError` or `RangeError`. */
export function checkCloseOptions(options: CloseOptions = {}): number | null {
  const fields = typeof options === "object" && options !== null
    ? fieldsOf(options, ["deadlineSeconds"])
    : null;
  if (fields === null || Object.keys(fields).some((name) => name !== "deadlineSeconds")) {
    throw new TypeError(
      `Cannot close: the options are ${shown(options)}, but must be { deadlineSeconds }`,
    );
  }
  const { deadlineSeconds } = fields;
  if (deadlineSeconds === undefined) return null;
  if (typeof deadlineSeconds !== "number") {
    throw new TypeError(
      `Cannot close: deadlineSeconds is ${shown(deadlineSeconds)}, but must be a number of seconds`,
    );
  }
  if (deadlineSeconds >= 0 && Number.isFinite(deadlineSeconds)) return deadlineSeconds;
  throw new RangeError(`Cannot close: deadlineSeconds is ${deadlineSeconds}, but must be 0 or more`);
}
