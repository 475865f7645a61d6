/**
 * libavfilter: graphs of filters.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed
 * headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions in use. */
export const avfilter = {
  // unsigned avfilter_version(void)
  avfilter_version: { parameters: [], result: "u32" },
  // AVFilterGraph *avfilter_graph_alloc(void)
  avfilter_graph_alloc: { parameters: [], result: "address" },
  // void avfilter_graph_free(AVFilterGraph **graph)
  avfilter_graph_free: { parameters: ["buffer"], result: "void" },
  // const AVFilter *avfilter_get_by_name(const char *name)
  avfilter_get_by_name: { parameters: ["buffer"], result: "address" },
  // AVFilterContext *avfilter_graph_alloc_filter(AVFilterGraph *graph, const AVFilter *filter, const char
  // *name)
  avfilter_graph_alloc_filter: { parameters: ["address", "address", "buffer"], result: "address" },
  // void avfilter_free(AVFilterContext *filter)
  avfilter_free: { parameters: ["address"], result: "void" },
  // int avfilter_graph_parse2(AVFilterGraph *graph, const char *filters, AVFilterInOut **inputs,
  // AVFilterInOut **outputs)
  avfilter_graph_parse2: { parameters: ["address", "buffer", "buffer", "buffer"], result: "i32" },
  // AVFilterContext *avfilter_graph_get_filter(AVFilterGraph *graph, const char *name)
  avfilter_graph_get_filter: { parameters: ["address", "buffer"], result: "address" },
  // int avfilter_graph_config(AVFilterGraph *graphctx, void *log_ctx)
  avfilter_graph_config: { parameters: ["address", "address"], result: "i32" },
  // int av_buffersrc_add_frame_flags(AVFilterContext *buffer_src, AVFrame *frame, int flags)
  av_buffersrc_add_frame_flags: { parameters: ["address", "address", "i32"], result: "i32" },
  // int av_buffersrc_close(AVFilterContext *ctx, int64_t pts, unsigned int flags)
  av_buffersrc_close: { parameters: ["address", "i64", "u32"], result: "i32" },
  // AVRational av_buffersink_get_time_base(const AVFilterContext *ctx)
  av_buffersink_get_time_base: { parameters: ["address"], result: "rational" },
  // AVRational av_buffersink_get_frame_rate(const AVFilterContext *ctx)
  av_buffersink_get_frame_rate: { parameters: ["address"], result: "rational" },
  // int av_buffersink_get_w(const AVFilterContext *ctx)
  av_buffersink_get_w: { parameters: ["address"], result: "i32" },
  // int av_buffersink_get_h(const AVFilterContext *ctx)
  av_buffersink_get_h: { parameters: ["address"], result: "i32" },
  // int av_buffersink_get_format(const AVFilterContext *ctx)
  av_buffersink_get_format: { parameters: ["address"], result: "i32" },
  // int av_buffersink_get_frame(AVFilterContext *ctx, AVFrame *frame)
  av_buffersink_get_frame: { parameters: ["address", "address"], result: "i32" },
} as const satisfies SymbolTable;
