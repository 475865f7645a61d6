/**
 * Whether a file can be written, and how it is kept playable while it is.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer.ts";
import { choosesLayout, needsFragments, requireOneTarget } from "./container.ts";
import type { CheckedOptions } from "./options.ts";
import { mayReplace, requireWritable, requireWritableFolder } from "./target.ts";

/** How a file is kept playable while it is written. */
export interface Safety {
  /** It is written as it comes, and what a failing disk left half written is cut off. */
  readonly isCrashSafe: boolean;
  /** It is recorded in fragments, and made an ordinary file at the end. */
  readonly isFragmented: boolean;
}

/** Throws unless the target can be written; returns whether an abort may remove it. */
export function requireTarget(info: MuxerInfo, path: string): boolean {
  if (!info.opensFilesItself) return requireWritable(path);
  requireWritableFolder(path);
  requireOneTarget(info);
  return false;
}

/** How a file is kept playable, as far as it can be. Throws an {@linkcode UnsupportedError} where that was asked for and can't be. */
export function chooseSafety(
  info: MuxerInfo,
  { path, options: { crashSafe, formatOptions } }: {
    readonly path: string;
    readonly options: Pick<CheckedOptions, "crashSafe" | "formatOptions">;
  },
  mayRemove: boolean,
): Safety {
  if (crashSafe === true && !mayRemove) {
    throw new UnsupportedError(
      `Cannot record ${path} crash-safe: it is a device, a pipe, a link or several files`,
      {
        code: "NO_REGULAR_FILE",
        operation: `open ${path} for writing`,
        hint: "Leave crashSafe out, or name a file",
      },
    );
  }
  if (crashSafe === false || !mayRemove) return { isCrashSafe: false, isFragmented: false };
  if (!needsFragments(info)) return { isCrashSafe: true, isFragmented: false };
  if (choosesLayout(formatOptions)) return { isCrashSafe: false, isFragmented: false };
  const isPossible = mayReplace(path, crashSafe === true);
  return { isCrashSafe: isPossible, isFragmented: isPossible };
}
