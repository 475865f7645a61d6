/**
 * The import names of deno.json, for Node: `node --import ./tools/node_imports.js`.
 *
 * @module
 */
import { registerHooks } from "node:module";

const assertions = new URL("../links/assert/mod.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@std/assert" ? { url: assertions, shortCircuit: true } : next(specifier, context),
});
