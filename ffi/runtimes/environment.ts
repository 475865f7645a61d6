/**
 * Environment variables as C code sees them.
 *
 * @module
 */
import type { Runtime, SymbolTable } from "../contract.ts";
import { cString } from "../memory.ts";

/** The C library's function. */
const environment = {
  // int setenv(const char *name, const char *value, int overwrite)
  setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
} as const satisfies SymbolTable;

/**
 * Sets a variable, unless it is set already. Bun, and Node in its threads, keep a copy of the environment: C
 * code sees only what the C library's function sets.
 */
export function setForNativeCode({ system, open }: Runtime, name: string, value: string): void {
  try {
    const { setenv } = open(system === "darwin" ? "libSystem.B.dylib" : "libc.so.6", environment);
    setenv(cString(name), cString(value), 0);
  } catch {
    // There is no such function on Windows and with musl: the library then prints at its own level.
  }
}
