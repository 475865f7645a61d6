/**
 * libswresample: opened as one of a coherent set; sound is not written yet.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions in use. */
export const swresample = {
  // unsigned swresample_version(void)
  swresample_version: { parameters: [], result: "u32" },
  // const AVClass *swr_get_class(void)
  swr_get_class: { parameters: [], result: "address" },
} as const satisfies SymbolTable;
