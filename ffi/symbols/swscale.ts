/**
 * libswscale: conversion between pixel formats and sizes.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed
 * headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions in use. */
export const swscale = {
  // unsigned swscale_version(void)
  swscale_version: { parameters: [], result: "u32" },
  // int sws_isSupportedInput(enum AVPixelFormat pix_fmt)
  sws_isSupportedInput: { parameters: ["i32"], result: "i32" },
  // int sws_isSupportedOutput(enum AVPixelFormat pix_fmt)
  sws_isSupportedOutput: { parameters: ["i32"], result: "i32" },
} as const satisfies SymbolTable;

/** Conversion of pictures. */
export const scaling = {
  // struct SwsContext *sws_alloc_context(void)
  sws_alloc_context: { parameters: [], result: "address" },
  // int sws_init_context(struct SwsContext *sws_context, SwsFilter *srcFilter, SwsFilter *dstFilter)
  sws_init_context: { parameters: ["address", "address", "address"], result: "i32" },
  // void sws_freeContext(struct SwsContext *swsContext)
  sws_freeContext: { parameters: ["address"], result: "void" },
  // const int *sws_getCoefficients(int colorspace)
  sws_getCoefficients: { parameters: ["i32"], result: "address" },
  // int sws_setColorspaceDetails(struct SwsContext *c, const int inv_table[4], int srcRange, const int
  // table[4], int dstRange, int brightness, int contrast, int saturation)
  sws_setColorspaceDetails: {
    parameters: ["address", "address", "i32", "address", "i32", "i32", "i32", "i32"],
    result: "i32",
  },
  // int sws_scale(struct SwsContext *c, const uint8_t *const srcSlice[], const int srcStride[], int
  // srcSliceY, int srcSliceH, uint8_t *const dst[], const int dstStride[])
  sws_scale: {
    parameters: ["address", "address", "address", "i32", "i32", "address", "address"],
    result: "i32",
  },
} as const satisfies SymbolTable;

/** Conversion by several threads (FFmpeg 5.0 and newer). */
export const scalerFrames = {
  // int sws_frame_start(struct SwsContext *c, AVFrame *dst, const AVFrame *src)
  sws_frame_start: { parameters: ["address", "address", "address"], result: "i32" },
  // int sws_send_slice(struct SwsContext *c, unsigned int slice_start, unsigned int slice_height)
  sws_send_slice: { parameters: ["address", "u32", "u32"], result: "i32" },
  // int sws_receive_slice(struct SwsContext *c, unsigned int slice_start, unsigned int slice_height)
  sws_receive_slice: { parameters: ["address", "u32", "u32"], result: "i32" },
  // void sws_frame_end(struct SwsContext *c)
  sws_frame_end: { parameters: ["address"], result: "void" },
} as const satisfies SymbolTable;
