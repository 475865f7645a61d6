/**
 * What is wrong with the libraries in a folder, or that there are none.
 *
 * @module
 */
import { LibraryNotFoundError, LibraryVersionError } from "./errors.ts";
import { installHint } from "./install_hint.ts";
import {
  libraryFileName,
  libraryMajor,
  type LibraryName,
  libraryPathVariable,
  majorsNewestFirst,
} from "./locate.ts";
import type { Runtime } from "./contract.ts";

/** A folder that was tried, and why nothing was loaded from it. */
export interface Attempt {
  readonly path: string;
  readonly reason: string;
}

/** What failed, in errors. */
export const operation = "load FFmpeg's libraries";

/** A version in words. libav packs it as `major << 16 | minor << 8 | micro`. */
export function versionText(version: number): string {
  return `${version >>> 16}.${(version >>> 8) & 255}.${version & 255}`;
}

/** Throws a `LibraryVersionError` where a set is of several releases. */
export function requireOneRelease(
  versions: Record<LibraryName & string, number> | Record<string, number>,
  major: number,
  folder: string,
): void {
  for (const [library, version] of Object.entries(versions)) {
    const expected = libraryMajor(library as LibraryName, major);
    if (version >>> 16 === expected) continue;
    throw new LibraryVersionError(
      `Cannot use FFmpeg's libraries in ${folder}: lib${library} says it is ${
        versionText(version)
      }, but libavcodec ${major} belongs with lib${library} ${expected}`,
      {
        code: "MIXED_VERSIONS",
        operation,
        hint: "Reinstall FFmpeg, or name a folder with a whole set in AVWRITER_LIBRARY_PATH",
      },
    );
  }
}

/** Whether the loader's words are those for a file that is not there, rather than one that does not load. */
function isMissingFile(reason: string): boolean {
  return /no such file|image not found|ENOENT|error code 126/i.test(reason) && !/symbol/i.test(reason);
}

/** The error of a search that found no set that loads. */
export function notFound(host: Runtime, folders: string[], attempts: Attempt[]): LibraryNotFoundError {
  const first = libraryFileName(host.system, "avcodec", libraryMajor("avcodec", majorsNewestFirst[0]!));
  const last = libraryFileName(host.system, "avcodec", libraryMajor("avcodec", majorsNewestFirst.at(-1)!));
  const places = folders.length > 0 ? folders.join(", ") : "no folder: the search path is empty";
  // A file that is there but does not load (another architecture, a missing dependency) is worth more than
  // the list.
  const broken = attempts.find(({ reason }) => !isMissingFile(reason));
  return new LibraryNotFoundError(
    `Cannot load FFmpeg's libraries: looked for ${first} down to ${last} and their siblings in ${places}` +
      (broken === undefined ? "" : `; ${broken.path} did not load: ${broken.reason}`),
    {
      code: "ENOENT",
      operation,
      hint: `${installHint(host.system, host.fileText("/etc/os-release"))}. ` +
        `If they are elsewhere, put that folder into ${libraryPathVariable}`,
    },
  );
}
