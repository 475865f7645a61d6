/**
 * Where FFmpeg's libraries may be, and what they are called there. Pure: it touches no file.
 *
 * @module
 */
import { join } from "./paths.ts";
import type { Runtime, SystemName } from "./contract.ts";
import { avcodecMajors, libraryMajors } from "./layouts.ts";

/** A library of FFmpeg. */
export type LibraryName = keyof typeof libraryMajors;

/** The environment variable that names the folder of the libraries. */
export const libraryPathVariable = "AVWRITER_LIBRARY_PATH";

/** The supported majors of libavcodec, newest first. */
export const majorsNewestFirst: readonly number[] = [...avcodecMajors].reverse();

/** The libraries that a writer opens, in the order of their dependencies. */
export const neededLibraries: readonly LibraryName[] = [
  "avutil",
  "swresample",
  "swscale",
  "avcodec",
  "avformat",
];

/** How many majors beyond the known ones are looked for, to tell "too new" from "missing". */
export const unknownMajorsAhead = 8;

/** The major of a library in the set that a major of libavcodec belongs to. */
export function libraryMajor(library: LibraryName, avcodecMajor: number): number {
  const column = avcodecMajors.indexOf(avcodecMajor as typeof avcodecMajors[number]);
  return libraryMajors[library][column]!;
}

/** The file name of a library's major on a system. */
export function libraryFileName(system: SystemName, library: LibraryName, major: number): string {
  switch (system) {
    case "linux":
      return `lib${library}.so.${major}`;
    case "darwin":
      return `lib${library}.${major}.dylib`;
    case "windows":
      return `${library}-${major}.dll`;
  }
}

/** Splits a search path as the system writes it. */
export function splitSearchPath(system: SystemName, path: string): string[] {
  return path.split(system === "windows" ? ";" : ":").filter((folder) => folder !== "");
}

function linuxFolders(architecture: string): string[] {
  const triplet = `${architecture}-linux-gnu`;
  return [
    "/usr/local/lib",
    `/usr/local/lib/${triplet}`,
    "/usr/local/lib64",
    `/usr/lib/${triplet}`,
    "/usr/lib64",
    "/usr/lib",
    `/lib/${triplet}`,
    "/home/linuxbrew/.linuxbrew/lib",
  ];
}

/** Homebrew links one FFmpeg into `lib` and keeps versioned ones apart; so does MacPorts in `libexec`. */
function macFolders(): string[] {
  const folders = ["/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib"];
  for (const prefix of ["/opt/homebrew/opt", "/usr/local/opt"]) {
    for (
      const formula of ["ffmpeg", "ffmpeg@8", "ffmpeg@7", "ffmpeg@6", "ffmpeg@5", "ffmpeg@4", "ffmpeg-full"]
    ) {
      folders.push(`${prefix}/${formula}/lib`);
    }
  }
  for (const port of ["ffmpeg8", "ffmpeg7", "ffmpeg6", "ffmpeg4"]) {
    folders.push(`/opt/local/libexec/${port}/lib`);
  }
  return folders;
}

/**
 * The folders to search, in order. A folder given explicitly or by `AVWRITER_LIBRARY_PATH` is the only one:
 * whoever names a folder does not want another FFmpeg by accident.
 */
export function searchFolders(
  runtime: Pick<Runtime, "system" | "architecture" | "variable">,
  explicit?: string,
): string[] {
  const { system } = runtime;
  const named = explicit ?? runtime.variable(libraryPathVariable);
  if (named !== undefined && named !== "") return splitSearchPath(system, named);
  switch (system) {
    case "windows":
      return splitSearchPath(system, runtime.variable("PATH") ?? "");
    case "darwin":
      return macFolders();
    case "linux":
      return [
        ...splitSearchPath(system, runtime.variable("LD_LIBRARY_PATH") ?? ""),
        ...linuxFolders(runtime.architecture),
      ];
  }
}

/** The path of a file in a folder, never a bare name: a system looks for those in folders of its own. */
export function pathIn(folder: string, name: string): string {
  const path = join(folder, name);
  return path === name ? `./${name}` : path;
}

/** The path of one library of a set. */
export function libraryPath(
  system: SystemName,
  folder: string,
  library: LibraryName,
  avcodecMajor: number,
): string {
  return pathIn(folder, libraryFileName(system, library, libraryMajor(library, avcodecMajor)));
}
