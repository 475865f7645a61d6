/**
 * Whether a file can be written, and how it is kept playable while it is.
 *
 * @module
 */
import { needsFragments, setsFragmentOptions } from "../container/muxer_options.ts";
import { OptionError, UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import type { HeldTarget } from "./held_target.ts";
import { mayReplace } from "./target.ts";

/** How a file stays playable while it is written. */
export interface CrashSafety {
  /** The file is written directly, and a partly written end is cut off after a disk failure. */
  readonly isCrashSafe: boolean;
  /** It is recorded in fragments. */
  readonly isFragmented: boolean;
  /** It stays as it was recorded: at the end, no ordinary file is made of it. */
  readonly isKept: boolean;
}

/** A file to write, as far as its safety depends on it. */
interface SafetyRequest {
  readonly path: string;
  readonly options: {
    readonly crashSafe?: boolean | "fragments";
    readonly formatOptions?: Readonly<Record<string, OptionValue>>;
    readonly cover: Uint8Array | null;
    readonly chapters?: readonly unknown[];
  };
}

const direct: CrashSafety = { isCrashSafe: false, isFragmented: false, isKept: false };

/**
 * Chooses how a file stays playable. Throws an {@linkcode UnsupportedError} where crash safety is requested
 * and not possible.
 */
export function chooseCrashSafety(info: MuxerInfo, request: SafetyRequest, target: HeldTarget): CrashSafety {
  const { path, options: { crashSafe, formatOptions } } = request;
  const isRequired = crashSafe === true || crashSafe === "fragments";
  const choosesFragments = setsFragmentOptions(formatOptions);
  if (isRequired && !target.isOwnFile) throw noRegularFile(path);
  // A stream takes what fragments are: an index cannot be filled in later.
  const isKept = (crashSafe === "fragments" || target.isStream) && !choosesFragments;
  if (isKept && needsFragments(info)) {
    requireFragmentsFit(info, request);
    return { isCrashSafe: target.isOwnFile, isFragmented: true, isKept };
  }
  if (crashSafe === "fragments" && choosesFragments) throw twoLayouts();
  if (crashSafe === false || !target.isOwnFile) return { ...direct, isKept };
  if (!needsFragments(info)) return { isCrashSafe: true, isFragmented: false, isKept };
  if (choosesFragments) return direct;
  const isPossible = mayReplace(path, isRequired);
  return { isCrashSafe: isPossible, isFragmented: isPossible, isKept };
}

/**
 * Throws where something is to be in the file that fragments cannot have: movenc.c writes it with the
 * trailer.
 */
function requireFragmentsFit(
  { name }: MuxerInfo,
  { options: { cover, chapters = [] } }: SafetyRequest,
): void {
  const [what, code] = cover !== null
    ? ["a cover", "COVER"]
    : chapters.length > 0
    ? ["chapters", "CHAPTERS"]
    : [null, ""];
  if (what === null) return;
  throw new UnsupportedError(`Cannot write ${what} into ${name} in fragments: they have no place for that`, {
    code,
    operation: "choose the layout of the file",
    hint:
      `Leave out ${what}, or have an ordinary file made at the end: a file on a disk, with crashSafe true`,
  });
}

function twoLayouts(): OptionError {
  return new OptionError('Cannot use crashSafe "fragments" with formatOptions that choose other fragments', {
    code: "EINVAL",
    operation: "choose the layout of the file",
    hint: "Leave one of them out",
  });
}

function noRegularFile(path: string): UnsupportedError {
  return new UnsupportedError(
    `Cannot record ${path} crash-safe: it is a device, a pipe, a link or several files`,
    {
      code: "NO_REGULAR_FILE",
      operation: `open ${path} for writing`,
      hint: "Leave crashSafe out, or name a file",
    },
  );
}
