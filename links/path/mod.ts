/**
 * The functions of `@std/path` in use, typed, from the `deno-std` package on npm: the same code, reachable where JSR is not.
 * Only this repository uses it; the published package imports `jsr:@std/path`.
 *
 * @module
 */
import { basename as stdBasename } from "deno-std/path/basename.js";
import { dirname as stdDirname } from "deno-std/path/dirname.js";
import { extname as stdExtname } from "deno-std/path/extname.js";
import { fromFileUrl as stdFromFileUrl } from "deno-std/path/from_file_url.js";
import { join as stdJoin } from "deno-std/path/join.js";
import { resolve as stdResolve } from "deno-std/path/resolve.js";

/** The last part of a path. */
export const basename: (path: string, suffix?: string) => string = stdBasename;
/** The folder of a path. */
export const dirname: (path: string) => string = stdDirname;
/** The extension of a path, with its dot. */
export const extname: (path: string) => string = stdExtname;
/** The path of a `file:` URL. */
export const fromFileUrl: (url: string | URL) => string = stdFromFileUrl;
/** Joins parts of a path. */
export const join: (...parts: string[]) => string = stdJoin;
/** Makes a path absolute. */
export const resolve: (...parts: string[]) => string = stdResolve;
