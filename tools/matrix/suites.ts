/**
 * What the matrix covers: which Debian suite holds which majors of FFmpeg, and which tests are its smoke
 * part.
 *
 * @module
 */
import { libraryMajor, type LibraryName } from "../../ffi/locate.ts";

/** A Debian suite that a root is made of. */
export interface Suite {
  /** Debian's name for it. */
  readonly name: string;
  /** The majors of libavcodec in it, oldest first. */
  readonly majors: readonly number[];
}

/** The suites, oldest FFmpeg first. */
export const suites: readonly Suite[] = [
  { name: "bullseye", majors: [58] },
  { name: "bookworm", majors: [59] },
  { name: "trixie", majors: [61] },
  { name: "sid", majors: [62, 63] },
];

/** The tests of the smoke part, from the project's folder. */
export const smokeTests: readonly string[] = ["tests/smoke_test.ts", "tests/layouts_test.ts"];

/** All tests, from the project's folder. */
export const allTests: readonly string[] = ["tests/"];

/**
 * What a root needs besides the libraries: the programs that judge the files written, make disks fail, and
 * play audio to record, and a library without which Node does not start.
 */
const otherPackages: readonly string[] = ["ffmpeg", "ca-certificates", "strace", "pulseaudio", "libatomic1"];

/** The libraries whose packages are named; libavutil comes with each of them. */
const packagedLibraries: readonly LibraryName[] = [
  "avcodec",
  "avformat",
  "swscale",
  "swresample",
  "avfilter",
  "avdevice",
];

/** The Debian packages of a root: Debian names a library's package by its major. */
export function packagesOf(suite: Suite): string[] {
  const libraries = suite.majors.flatMap((major) =>
    packagedLibraries.map((library) => `lib${library}${libraryMajor(library, major)}`)
  );
  return [...libraries, ...otherPackages];
}
