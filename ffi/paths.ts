/**
 * Paths of files, as the system writes them: Node's functions, which every runtime has.
 *
 * @module
 */
export { basename, dirname, extname, join, resolve } from "node:path";
export { fileURLToPath } from "node:url";
