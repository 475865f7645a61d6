/**
 * libavdevice: microphones and other devices.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions in use. */
export const avdevice = {
  // void avdevice_register_all(void)
  avdevice_register_all: { parameters: [], result: "void" },
} as const satisfies SymbolTable;
