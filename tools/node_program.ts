/**
 * Node's program as npm's packages have it, which the set-up installs.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The package of this system. */
export const nodePackage: string = `node-${
  ({ darwin: "darwin", win32: "win" } as Readonly<Record<string, string>>)[process.platform] ?? "linux"
}-${process.arch}`;

/** The program, from the repository's folder. */
export const nodeProgram: string = `tools/node_modules/${nodePackage}/bin/node${
  process.platform === "win32" ? ".exe" : ""
}`;

/**
 * What Node's program is told before a script of this repository: not to print that node:ffi and the
 * stripping of types are experimental, and what the import names of `deno.json` stand for.
 */
export const nodeFlags: readonly string[] = [
  "--disable-warning=ExperimentalWarning",
  "--import=./tools/node_imports.js",
];

/**
 * What Node's program finds in its environment: where it keeps what it has made of the modules. It is a
 * folder of its own that is ignored, and may be removed.
 */
export const nodeVariables: Readonly<Record<string, string>> = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/node", import.meta.url)),
};
