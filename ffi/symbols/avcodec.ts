/**
 * libavcodec: encoders, decoders and packets.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed
 * headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions that every supported release has. */
export const avcodec = {
  // unsigned avcodec_version(void)
  avcodec_version: { parameters: [], result: "u32" },
  // const AVCodec *avcodec_find_encoder_by_name(const char *name)
  avcodec_find_encoder_by_name: { parameters: ["buffer"], result: "address" },
  // const AVCodec *av_codec_iterate(void **opaque)
  av_codec_iterate: { parameters: ["buffer"], result: "address" },
  // int av_codec_is_encoder(const AVCodec *codec)
  av_codec_is_encoder: { parameters: ["address"], result: "i32" },
  // const char *avcodec_get_name(enum AVCodecID id)
  avcodec_get_name: { parameters: ["i32"], result: "address" },
  // AVCodecContext *avcodec_alloc_context3(const AVCodec *codec)
  avcodec_alloc_context3: { parameters: ["address"], result: "address" },
  // void avcodec_free_context(AVCodecContext **avctx)
  avcodec_free_context: { parameters: ["buffer"], result: "void" },
  // int avcodec_open2(AVCodecContext *avctx, const AVCodec *codec, AVDictionary **options)
  avcodec_open2: { parameters: ["address", "address", "buffer"], result: "i32" },
  // int avcodec_send_frame(AVCodecContext *avctx, const AVFrame *frame)
  avcodec_send_frame: { parameters: ["address", "address"], result: "i32" },
  // int avcodec_receive_packet(AVCodecContext *avctx, AVPacket *avpkt)
  avcodec_receive_packet: { parameters: ["address", "address"], result: "i32" },
  // const AVCodec *avcodec_find_decoder_by_name(const char *name)
  avcodec_find_decoder_by_name: { parameters: ["buffer"], result: "address" },
  // int avcodec_send_packet(AVCodecContext *avctx, const AVPacket *avpkt)
  avcodec_send_packet: { parameters: ["address", "address"], result: "i32" },
  // int avcodec_receive_frame(AVCodecContext *avctx, AVFrame *frame)
  avcodec_receive_frame: { parameters: ["address", "address"], result: "i32" },
  // int avcodec_parameters_copy(AVCodecParameters *dst, const AVCodecParameters *src)
  avcodec_parameters_copy: { parameters: ["address", "address"], result: "i32" },
  // int avcodec_parameters_from_context(AVCodecParameters *par, const AVCodecContext *codec)
  avcodec_parameters_from_context: { parameters: ["address", "address"], result: "i32" },
  // AVCodecParameters *avcodec_parameters_alloc(void)
  avcodec_parameters_alloc: { parameters: [], result: "address" },
  // void avcodec_parameters_free(AVCodecParameters **par)
  avcodec_parameters_free: { parameters: ["buffer"], result: "void" },
  // enum AVPixelFormat avcodec_find_best_pix_fmt_of_list(const enum AVPixelFormat *pix_fmt_list, enum
  // AVPixelFormat src_pix_fmt, int has_alpha, int *loss_ptr)
  avcodec_find_best_pix_fmt_of_list: { parameters: ["buffer", "i32", "i32", "buffer"], result: "i32" },
  // AVPacket *av_packet_alloc(void)
  av_packet_alloc: { parameters: [], result: "address" },
  // int av_new_packet(AVPacket *pkt, int size)
  av_new_packet: { parameters: ["address", "i32"], result: "i32" },
  // void av_packet_free(AVPacket **pkt)
  av_packet_free: { parameters: ["buffer"], result: "void" },
  // void av_packet_move_ref(AVPacket *dst, AVPacket *src)
  av_packet_move_ref: { parameters: ["address", "address"], result: "void" },
  // int av_packet_ref(AVPacket *dst, const AVPacket *src)
  av_packet_ref: { parameters: ["address", "address"], result: "i32" },
  // void av_packet_unref(AVPacket *pkt)
  av_packet_unref: { parameters: ["address"], result: "void" },
  // void av_packet_rescale_ts(AVPacket *pkt, AVRational tb_src, AVRational tb_dst)
  av_packet_rescale_ts: { parameters: ["address", "rational", "rational"], result: "void" },
} as const satisfies SymbolTable;

/** Codecs by their names, encoders or not: only streams whose packets are made without one need them. */
export const codecNames = {
  // const AVCodecDescriptor *avcodec_descriptor_get_by_name(const char *name)
  avcodec_descriptor_get_by_name: { parameters: ["buffer"], result: "address" },
  // const char *avcodec_profile_name(enum AVCodecID codec_id, int profile)
  avcodec_profile_name: { parameters: ["i32", "i32"], result: "address" },
} as const satisfies SymbolTable;

/** Packets that are copied from one thread to another, with what goes along. */
export const copying = {
  // int av_packet_add_side_data(AVPacket *pkt, enum AVPacketSideDataType type, uint8_t *data, size_t size)
  av_packet_add_side_data: { parameters: ["address", "i32", "address", "u64"], result: "i32" },
  // unsigned int avcodec_pix_fmt_to_codec_tag(enum AVPixelFormat pix_fmt)
  avcodec_pix_fmt_to_codec_tag: { parameters: ["i32"], result: "u32" },
} as const satisfies SymbolTable;

/** Decoding of streams. */
export const decoding = {
  // const AVCodec *avcodec_find_decoder(enum AVCodecID id)
  avcodec_find_decoder: { parameters: ["i32"], result: "address" },
  // int avcodec_parameters_to_context(AVCodecContext *codec, const AVCodecParameters *par)
  avcodec_parameters_to_context: { parameters: ["address", "address"], result: "i32" },
  // void avcodec_flush_buffers(AVCodecContext *avctx)
  avcodec_flush_buffers: { parameters: ["address"], result: "void" },
} as const satisfies SymbolTable;

/** What an encoder takes, asked of the library (FFmpeg 7.1 and newer; before, a field of AVCodec tells). */
export const supportedConfig = {
  // int avcodec_get_supported_config(const AVCodecContext *avctx, const AVCodec *codec, enum AVCodecConfig
  // config, unsigned flags, const void **out_configs, int *out_num_configs)
  avcodec_get_supported_config: {
    parameters: ["address", "address", "i32", "u32", "buffer", "buffer"],
    result: "i32",
  },
} as const satisfies SymbolTable;

/** Side data of a stream, kept in its parameters (FFmpeg 6.1 and newer; before, in the stream). */
export const parametersSideData = {
  // AVPacketSideData *av_packet_side_data_add(AVPacketSideData **sd, int *nb_sd, enum AVPacketSideDataType
  // type, void *data, size_t size, int flags)
  av_packet_side_data_add: {
    parameters: ["address", "address", "i32", "address", "u64", "i32"],
    result: "address",
  },
} as const satisfies SymbolTable;
