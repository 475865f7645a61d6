/**
 * Paths of files, as the system writes them: Node's functions, which every runtime has.
 *
 * @module
 */
import path from "node:path";
import url from "node:url";

// With types of their own, so that programs need none of Node's.
/** The last part of a path. */
export const basename: (path: string) => string = path.basename;
/** The folder of a path. */
export const dirname: (path: string) => string = path.dirname;
/** The extension of a path, with its dot. */
export const extname: (path: string) => string = path.extname;
/** Joins parts of a path. */
export const join: (...parts: string[]) => string = path.join;
/** Makes a path absolute. */
export const resolve: (...parts: string[]) => string = path.resolve;
/** The path of a `file:` URL. */
export const fileURLToPath: (url: URL) => string = url.fileURLToPath;
