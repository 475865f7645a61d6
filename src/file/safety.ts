/**
 * Whether a file can be written, and how it is kept playable while it is.
 *
 * @module
 */
import { foldersOf } from "../container/many_files.ts";
import { needsFragments, setsFragmentOptions } from "../container/muxer_options.ts";
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import { mayReplace, requireWritable, requireWritableFolder } from "./target.ts";

/** How a file stays playable while it is written. */
export interface CrashSafety {
  /** The file is written directly, and a partly written end is cut off after a disk failure. */
  readonly isCrashSafe: boolean;
  /** It is recorded in fragments, and made into an ordinary file at the end. */
  readonly isFragmented: boolean;
}

/** Throws unless the target is writable; returns whether `abort` may remove it. */
export function requireWritableTarget(
  info: MuxerInfo,
  path: string,
  formatOptions: Readonly<Record<string, OptionValue>> | undefined,
): boolean {
  if (!info.opensFilesItself) return requireWritable(path);
  for (const folder of foldersOf(info, path, formatOptions)) requireWritableFolder(folder);
  return false;
}

/**
 * Chooses how a file stays playable. Throws an {@linkcode UnsupportedError} where crash safety is requested
 * and not possible.
 */
export function chooseCrashSafety(
  info: MuxerInfo,
  { path, options: { crashSafe, formatOptions } }: {
    readonly path: string;
    readonly options: {
      readonly crashSafe?: boolean;
      readonly formatOptions?: Readonly<Record<string, OptionValue>>;
    };
  },
  mayRemove: boolean,
): CrashSafety {
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
  if (setsFragmentOptions(formatOptions)) return { isCrashSafe: false, isFragmented: false };
  const isPossible = mayReplace(path, crashSafe === true);
  return { isCrashSafe: isPossible, isFragmented: isPossible };
}
