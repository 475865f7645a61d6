/**
 * libswresample: conversion of audio between rates, channel layouts and sample formats.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed
 * headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions that every writer needs. */
export const swresample = {
  // unsigned swresample_version(void)
  swresample_version: { parameters: [], result: "u32" },
  // const AVClass *swr_get_class(void)
  swr_get_class: { parameters: [], result: "address" },
} as const satisfies SymbolTable;

/** Conversion of audio, which most writers have none of. */
export const resampling = {
  // struct SwrContext *swr_alloc(void)
  swr_alloc: { parameters: [], result: "address" },
  // int swr_init(struct SwrContext *s)
  swr_init: { parameters: ["address"], result: "i32" },
  // void swr_free(struct SwrContext **s)
  swr_free: { parameters: ["buffer"], result: "void" },
  // int swr_set_compensation(struct SwrContext *s, int sample_delta, int compensation_distance)
  swr_set_compensation: { parameters: ["address", "i32", "i32"], result: "i32" },
  // int swr_convert(struct SwrContext *s, uint8_t **out, int out_count, const uint8_t **in, int in_count)
  swr_convert: { parameters: ["address", "buffer", "i32", "buffer", "i32"], result: "i32" },
} as const satisfies SymbolTable;
