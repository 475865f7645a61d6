/**
 * Which sets of FFmpeg's libraries lie on this system, found by their files: nothing is opened.
 *
 * @module
 */
import { basename, join } from "./paths.ts";
import type { Runtime } from "./contract.ts";
import {
  libraryFileName,
  libraryPath,
  libraryPathVariable,
  majorsNewestFirst,
  neededLibraries,
  searchFolders,
  unknownMajorsAhead,
} from "./locate.ts";

/** A set of FFmpeg's libraries that was seen on this system. */
export interface SeenLibraries {
  /** The folder that holds it. */
  readonly folder: string;
  /** The major of libavcodec, by which the set is known: 59 is FFmpeg 5. */
  readonly avcodecMajor: number;
  /** Whether it could be used, as far as its files tell. */
  readonly usable: boolean;
  /** Why it can't be used; `null` where it can. */
  readonly reason: string | null;
}

/** The folders that are searched, and those that would be if no variable named others. */
function allFolders(host: Runtime): string[] {
  const variable = (name: string): string | undefined =>
    name === libraryPathVariable ? undefined : host.variable(name);
  const { system, architecture } = host;
  return [...searchFolders(host), ...searchFolders({ system, architecture, variable })];
}

function reasonAgainst(host: Runtime, folder: string, major: number): string | null {
  const paths = neededLibraries.map((library) => libraryPath(host.system, folder, library, major));
  const missing = paths.filter((path) => host.realPath(path) === undefined).map((path) => basename(path));
  if (missing.length > 0) {
    return `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not in that folder`;
  }
  return paths.every((path) => host.mayOpen(path)) ? null : "this program may not open it";
}

/**
 * All sets in the searched folders except the one in use: newest first, each listed once however many links
 * point to it. Skips folders that the program must not read.
 */
export function surveyLibraries(
  host: Runtime,
  inUse: { readonly folder: string; readonly avcodecMajor: number } | null,
): SeenLibraries[] {
  const known = new Set<string>();
  const seen: SeenLibraries[] = [];
  const isNew = (folder: string, major: number): boolean => {
    const path = host.realPath(join(folder, libraryFileName(host.system, "avcodec", major)));
    if (path === undefined || known.has(path)) return false;
    known.add(path);
    return true;
  };
  if (inUse !== null) isNew(inUse.folder, inUse.avcodecMajor);
  const folders = allFolders(host);
  const newest = majorsNewestFirst[0]!;
  const unrecognized = Array.from(
    { length: unknownMajorsAhead },
    (_, index) => newest + unknownMajorsAhead - index,
  );
  for (const avcodecMajor of [...unrecognized, ...majorsNewestFirst]) {
    for (const folder of folders) {
      if (!isNew(folder, avcodecMajor)) continue;
      const reason = avcodecMajor > newest
        ? `libavcodec ${avcodecMajor} is newer than what this release of avwriter knows (${newest})`
        : reasonAgainst(host, folder, avcodecMajor);
      seen.push({ folder, avcodecMajor, usable: reason === null, reason });
    }
  }
  return seen;
}
