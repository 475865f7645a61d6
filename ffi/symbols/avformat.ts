/**
 * libavformat: muxers, demuxers and files.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed
 * headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions in use. */
export const avformat = {
  // unsigned avformat_version(void)
  avformat_version: { parameters: [], result: "u32" },
  // const AVOutputFormat *av_guess_format(const char *short_name, const char *filename, const char
  // *mime_type)
  av_guess_format: { parameters: ["buffer", "buffer", "buffer"], result: "address" },
  // const AVOutputFormat *av_muxer_iterate(void **opaque)
  av_muxer_iterate: { parameters: ["buffer"], result: "address" },
  // int avformat_query_codec(const AVOutputFormat *ofmt, enum AVCodecID codec_id, int std_compliance)
  avformat_query_codec: { parameters: ["address", "i32", "i32"], result: "i32" },
  // int avformat_alloc_output_context2(AVFormatContext **ctx, const AVOutputFormat *oformat, const char
  // *format_name, const char *filename)
  avformat_alloc_output_context2: { parameters: ["buffer", "address", "buffer", "buffer"], result: "i32" },
  // void avformat_free_context(AVFormatContext *s)
  avformat_free_context: { parameters: ["address"], result: "void" },
  // AVStream *avformat_new_stream(AVFormatContext *s, const AVCodec *c)
  avformat_new_stream: { parameters: ["address", "address"], result: "address" },
  // int avformat_write_header(AVFormatContext *s, AVDictionary **options)
  avformat_write_header: { parameters: ["address", "buffer"], result: "i32" },
  // int av_interleaved_write_frame(AVFormatContext *s, AVPacket *pkt)
  av_interleaved_write_frame: { parameters: ["address", "address"], result: "i32" },
  // int av_write_frame(AVFormatContext *s, AVPacket *pkt)
  av_write_frame: { parameters: ["address", "address"], result: "i32" },
  // int av_write_trailer(AVFormatContext *s)
  av_write_trailer: { parameters: ["address"], result: "i32" },
  // AVFormatContext *avformat_alloc_context(void)
  avformat_alloc_context: { parameters: [], result: "address" },
  // int avformat_open_input(AVFormatContext **ps, const char *url, const AVInputFormat *fmt, AVDictionary
  // **options)
  avformat_open_input: { parameters: ["buffer", "buffer", "address", "buffer"], result: "i32" },
  // int avformat_find_stream_info(AVFormatContext *ic, AVDictionary **options)
  avformat_find_stream_info: { parameters: ["address", "buffer"], result: "i32" },
  // int av_read_frame(AVFormatContext *s, AVPacket *pkt)
  av_read_frame: { parameters: ["address", "address"], result: "i32" },
  // void avformat_close_input(AVFormatContext **s)
  avformat_close_input: { parameters: ["buffer"], result: "void" },
  // int avio_open2(AVIOContext **s, const char *url, int flags, const AVIOInterruptCB *int_cb, AVDictionary
  // **options)
  avio_open2: { parameters: ["buffer", "buffer", "i32", "address", "buffer"], result: "i32" },
  // int avio_closep(AVIOContext **s)
  avio_closep: { parameters: ["buffer"], result: "i32" },
  // int64_t avio_seek(AVIOContext *s, int64_t offset, int whence)
  avio_seek: { parameters: ["address", "i64", "i32"], result: "i64" },
  // int64_t avio_size(AVIOContext *s)
  avio_size: { parameters: ["address"], result: "i64" },
  // int avio_open_dyn_buf(AVIOContext **s)
  avio_open_dyn_buf: { parameters: ["buffer"], result: "i32" },
  // int avio_close_dyn_buf(AVIOContext *s, uint8_t **pbuffer)
  avio_close_dyn_buf: { parameters: ["address", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

/** Side data of a stream, kept in the stream itself (up to FFmpeg 7.1). */
export const streamSideData = {
  // int av_stream_add_side_data(AVStream *st, enum AVPacketSideDataType type, uint8_t *data, size_t size)
  av_stream_add_side_data: { parameters: ["address", "i32", "address", "u64"], result: "i32" },
} as const satisfies SymbolTable;

/** Reading from another place on, and the readers that there are. */
export const seeking = {
  // int av_seek_frame(AVFormatContext *s, int stream_index, int64_t timestamp, int flags)
  av_seek_frame: { parameters: ["address", "i32", "i64", "i32"], result: "i32" },
  // int av_index_search_timestamp(AVStream *st, int64_t timestamp, int flags)
  av_index_search_timestamp: { parameters: ["address", "i64", "i32"], result: "i32" },
  // const AVInputFormat *av_demuxer_iterate(void **opaque)
  av_demuxer_iterate: { parameters: ["buffer"], result: "address" },
} as const satisfies SymbolTable;

/** Descriptions of RTP sessions. */
export const sessionDescriptions = {
  // int av_sdp_create(AVFormatContext *ac[], int n_files, char *buf, int size)
  av_sdp_create: { parameters: ["buffer", "i32", "buffer", "i32"], result: "i32" },
} as const satisfies SymbolTable;

/** Connections, without a format. */
export const connections = {
  // int avio_read_partial(AVIOContext *s, unsigned char *buf, int size)
  avio_read_partial: { parameters: ["address", "buffer", "i32"], result: "i32" },
  // void avio_flush(AVIOContext *s)
  avio_flush: { parameters: ["address"], result: "void" },
  // const AVClass *avio_protocol_get_class(const char *name)
  avio_protocol_get_class: { parameters: ["buffer"], result: "address" },
} as const satisfies SymbolTable;

/** Files in memory, and what is written over in a file. */
export const memoryFiles = {
  // AVIOContext *avio_alloc_context(unsigned char *buffer, int buffer_size, int write_flag, void *opaque, int
  // (*read_packet)(void *opaque, uint8_t *buf, int buf_size), int (*write_packet)(void *opaque, uint8_t *buf,
  // int buf_size), int64_t (*seek)(void *opaque, int64_t offset, int whence))
  avio_alloc_context: {
    parameters: ["address", "i32", "i32", "address", "address", "address", "address"],
    result: "address",
  },
  // int avio_get_dyn_buf(AVIOContext *s, uint8_t **pbuffer)
  avio_get_dyn_buf: { parameters: ["address", "buffer"], result: "i32" },
  // void avio_context_free(AVIOContext **s)
  avio_context_free: { parameters: ["buffer"], result: "void" },
  // void avio_write(AVIOContext *s, const unsigned char *buf, int size)
  avio_write: { parameters: ["address", "buffer", "i32"], result: "void" },
  // const AVInputFormat *av_find_input_format(const char *short_name)
  av_find_input_format: { parameters: ["buffer"], result: "address" },
} as const satisfies SymbolTable;
