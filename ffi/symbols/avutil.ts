/**
 * libavutil: frames, options, dictionaries, pixel formats, and the functions that move bytes between native
 * and JavaScript memory.
 *
 * The C prototype stands above each line; `tools/check_symbols.ts` compares the lines with the installed
 * headers.
 *
 * @module
 */
import type { SymbolTable } from "../contract.ts";

/** The functions in use. */
export const avutil = {
  // unsigned avutil_version(void)
  avutil_version: { parameters: [], result: "u32" },
  // const char *av_version_info(void)
  av_version_info: { parameters: [], result: "address" },
  // int av_get_cpu_flags(void)
  av_get_cpu_flags: { parameters: [], result: "i32" },
  // int av_strerror(int errnum, char *errbuf, size_t errbuf_size)
  av_strerror: { parameters: ["i32", "buffer", "u64"], result: "i32" },
  // int av_log_get_level(void)
  av_log_get_level: { parameters: [], result: "i32" },
  // void av_log_set_level(int level)
  av_log_set_level: { parameters: ["i32"], result: "void" },
  // void av_log_set_callback(void (*callback)(void *, int, const char *, va_list))
  av_log_set_callback: { parameters: ["address"], result: "void" },
  // void *av_mallocz(size_t size)
  av_mallocz: { parameters: ["u64"], result: "address" },
  // void av_free(void *ptr)
  av_free: { parameters: ["address"], result: "void" },
  // int av_parse_color(uint8_t *rgba_color, const char *color_string, int slen, void *log_ctx)
  av_parse_color: { parameters: ["buffer", "buffer", "i32", "address"], result: "i32" },
  // int av_opt_set(void *obj, const char *name, const char *val, int search_flags)
  av_opt_set: { parameters: ["address", "buffer", "buffer", "i32"], result: "i32" },
  // int av_opt_get_int(void *obj, const char *name, int search_flags, int64_t *out_val)
  av_opt_get_int: { parameters: ["address", "buffer", "i32", "buffer"], result: "i32" },
  // const AVOption *av_opt_find(void *obj, const char *name, const char *unit, int opt_flags, int
  // search_flags)
  av_opt_find: { parameters: ["address", "buffer", "buffer", "i32", "i32"], result: "address" },
  // void *av_opt_child_next(void *obj, void *prev)
  av_opt_child_next: { parameters: ["address", "address"], result: "address" },
  // const AVOption *av_opt_next(const void *obj, const AVOption *prev)
  av_opt_next: { parameters: ["address", "address"], result: "address" },
  // int av_dict_set(AVDictionary **pm, const char *key, const char *value, int flags)
  av_dict_set: { parameters: ["address", "buffer", "buffer", "i32"], result: "i32" },
  // AVDictionaryEntry *av_dict_get(const AVDictionary *m, const char *key, const AVDictionaryEntry *prev, int
  // flags)
  av_dict_get: { parameters: ["address", "buffer", "address", "i32"], result: "address" },
  // int av_dict_copy(AVDictionary **dst, const AVDictionary *src, int flags)
  av_dict_copy: { parameters: ["address", "address", "i32"], result: "i32" },
  // void av_display_rotation_set(int32_t matrix[9], double angle)
  av_display_rotation_set: { parameters: ["address", "f64"], result: "void" },
  // const char *av_color_space_name(enum AVColorSpace space)
  av_color_space_name: { parameters: ["i32"], result: "address" },
  // const char *av_color_range_name(enum AVColorRange range)
  av_color_range_name: { parameters: ["i32"], result: "address" },
  // int av_color_space_from_name(const char *name)
  av_color_space_from_name: { parameters: ["buffer"], result: "i32" },
  // int av_color_range_from_name(const char *name)
  av_color_range_from_name: { parameters: ["buffer"], result: "i32" },
  // int av_color_primaries_from_name(const char *name)
  av_color_primaries_from_name: { parameters: ["buffer"], result: "i32" },
  // int av_color_transfer_from_name(const char *name)
  av_color_transfer_from_name: { parameters: ["buffer"], result: "i32" },
  // int av_image_fill_black(uint8_t *dst_data[4], const ptrdiff_t dst_linesize[4], enum AVPixelFormat
  // pix_fmt, enum AVColorRange range, int width, int height)
  av_image_fill_black: { parameters: ["address", "buffer", "i32", "i32", "i32", "i32"], result: "i32" },
  // enum AVPixelFormat av_get_pix_fmt(const char *name)
  av_get_pix_fmt: { parameters: ["buffer"], result: "i32" },
  // const AVPixFmtDescriptor *av_pix_fmt_desc_get(enum AVPixelFormat pix_fmt)
  av_pix_fmt_desc_get: { parameters: ["i32"], result: "address" },
  // const AVPixFmtDescriptor *av_pix_fmt_desc_next(const AVPixFmtDescriptor *prev)
  av_pix_fmt_desc_next: { parameters: ["address"], result: "address" },
  // enum AVPixelFormat av_pix_fmt_desc_get_id(const AVPixFmtDescriptor *desc)
  av_pix_fmt_desc_get_id: { parameters: ["address"], result: "i32" },
  // AVBufferRef *av_buffer_create(uint8_t *data, size_t size, void (*free)(void *opaque, uint8_t *data), void
  // *opaque, int flags)
  av_buffer_create: { parameters: ["buffer", "u64", "address", "address", "i32"], result: "address" },
  // AVBufferRef *av_buffer_ref(const AVBufferRef *buf)
  av_buffer_ref: { parameters: ["address"], result: "address" },
  // void av_buffer_unref(AVBufferRef **buf)
  av_buffer_unref: { parameters: ["buffer"], result: "void" },
  // int av_frame_copy_props(AVFrame *dst, const AVFrame *src)
  av_frame_copy_props: { parameters: ["address", "address"], result: "i32" },
  // enum AVSampleFormat av_get_sample_fmt(const char *name)
  av_get_sample_fmt: { parameters: ["buffer"], result: "i32" },
  // int av_samples_set_silence(uint8_t **audio_data, int offset, int nb_samples, int nb_channels, enum
  // AVSampleFormat sample_fmt)
  av_samples_set_silence: { parameters: ["address", "i32", "i32", "i32", "i32"], result: "i32" },
  // AVFrame *av_frame_alloc(void)
  av_frame_alloc: { parameters: [], result: "address" },
  // void av_frame_free(AVFrame **frame)
  av_frame_free: { parameters: ["buffer"], result: "void" },
  // int av_frame_get_buffer(AVFrame *frame, int align)
  av_frame_get_buffer: { parameters: ["address", "i32"], result: "i32" },
  // int av_frame_is_writable(AVFrame *frame)
  av_frame_is_writable: { parameters: ["address"], result: "i32" },
  // int av_frame_make_writable(AVFrame *frame)
  av_frame_make_writable: { parameters: ["address"], result: "i32" },
  // int av_frame_ref(AVFrame *dst, const AVFrame *src)
  av_frame_ref: { parameters: ["address", "address"], result: "i32" },
  // void av_frame_unref(AVFrame *frame)
  av_frame_unref: { parameters: ["address"], result: "void" },
} as const satisfies SymbolTable;

/** Frames in the memory of a device. */
export const hardware = {
  // enum AVHWDeviceType av_hwdevice_find_type_by_name(const char *name)
  av_hwdevice_find_type_by_name: { parameters: ["buffer"], result: "i32" },
  // int av_hwdevice_ctx_create(AVBufferRef **device_ctx, enum AVHWDeviceType type, const char *device,
  // AVDictionary *opts, int flags)
  av_hwdevice_ctx_create: { parameters: ["buffer", "i32", "buffer", "address", "i32"], result: "i32" },
  // AVBufferRef *av_hwframe_ctx_alloc(AVBufferRef *device_ctx)
  av_hwframe_ctx_alloc: { parameters: ["address"], result: "address" },
  // int av_hwframe_ctx_init(AVBufferRef *ref)
  av_hwframe_ctx_init: { parameters: ["address"], result: "i32" },
  // int av_hwframe_get_buffer(AVBufferRef *hwframe_ctx, AVFrame *frame, int flags)
  av_hwframe_get_buffer: { parameters: ["address", "address", "i32"], result: "i32" },
  // int av_hwframe_transfer_data(AVFrame *dst, const AVFrame *src, int flags)
  av_hwframe_transfer_data: { parameters: ["address", "address", "i32"], result: "i32" },
} as const satisfies SymbolTable;

/** Names of what colours are. */
export const colorNames = {
  // const char *av_color_primaries_name(enum AVColorPrimaries primaries)
  av_color_primaries_name: { parameters: ["i32"], result: "address" },
  // const char *av_color_transfer_name(enum AVColorTransferCharacteristic transfer)
  av_color_transfer_name: { parameters: ["i32"], result: "address" },
} as const satisfies SymbolTable;

/** What goes along with a frame. */
export const frameSideData = {
  // AVFrameSideData *av_frame_get_side_data(const AVFrame *frame, enum AVFrameSideDataType type)
  av_frame_get_side_data: { parameters: ["address", "i32"], result: "address" },
} as const satisfies SymbolTable;

/** Addresses of JavaScript memory. */
export const addresses = {
  // void *av_fast_realloc(void *ptr, unsigned int *size, size_t min_size)
  av_fast_realloc: { parameters: ["buffer", "buffer", "u64"], result: "address" },
} as const satisfies SymbolTable;

/** Dictionaries in JavaScript's hands. */
export const dictionaries = {
  // int av_dict_parse_string(AVDictionary **pm, const char *str, const char *key_val_sep, const char
  // *pairs_sep, int flags)
  av_dict_parse_string: { parameters: ["buffer", "buffer", "buffer", "buffer", "i32"], result: "i32" },
  // void av_dict_free(AVDictionary **m)
  av_dict_free: { parameters: ["buffer"], result: "void" },
} as const satisfies SymbolTable;

/** Decryption. */
export const aes = {
  // struct AVAES *av_aes_alloc(void)
  av_aes_alloc: { parameters: [], result: "address" },
  // int av_aes_init(struct AVAES *a, const uint8_t *key, int key_bits, int decrypt)
  av_aes_init: { parameters: ["address", "buffer", "i32", "i32"], result: "i32" },
  // void av_aes_crypt(struct AVAES *a, uint8_t *dst, const uint8_t *src, int count, uint8_t *iv, int decrypt)
  av_aes_crypt: { parameters: ["address", "buffer", "buffer", "i32", "buffer", "i32"], result: "void" },
} as const satisfies SymbolTable;

/** From JavaScript memory into native memory. */
export const memoryIn = {
  // void av_image_copy_plane(uint8_t *dst, int dst_linesize, const uint8_t *src, int src_linesize, int
  // bytewidth, int height)
  av_image_copy_plane: { parameters: ["address", "i32", "buffer", "i32", "i32", "i32"], result: "void" },
} as const satisfies SymbolTable;

/** From native memory into JavaScript memory. */
export const memoryOut = {
  // void av_image_copy_plane(uint8_t *dst, int dst_linesize, const uint8_t *src, int src_linesize, int
  // bytewidth, int height)
  av_image_copy_plane: { parameters: ["buffer", "i32", "address", "i32", "i32", "i32"], result: "void" },
  // size_t av_strlcpy(char *dst, const char *src, size_t size)
  av_strlcpy: { parameters: ["buffer", "address", "u64"], result: "u64" },
} as const satisfies SymbolTable;

/** From native memory to native memory. */
export const memoryWithin = {
  // void av_image_copy_plane(uint8_t *dst, int dst_linesize, const uint8_t *src, int src_linesize, int
  // bytewidth, int height)
  av_image_copy_plane: { parameters: ["address", "i32", "address", "i32", "i32", "i32"], result: "void" },
} as const satisfies SymbolTable;
