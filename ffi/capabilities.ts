/**
 * The C library's functions for what a thread may do.
 *
 * @module
 */
import type { SymbolTable } from "./contract.ts";

/** Linux has them. */
export const capabilities = {
  // int capget(cap_user_header_t header, cap_user_data_t data)
  capget: { parameters: ["buffer", "buffer"], result: "i32" },
  // int capset(cap_user_header_t header, const cap_user_data_t data)
  capset: { parameters: ["buffer", "buffer"], result: "i32" },
} as const satisfies SymbolTable;
