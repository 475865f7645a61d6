/**
 * Writes `ffi/layouts.ts` from a table of struct layouts (JSON) that covers all supported majors of
 * libavcodec.
 *
 *     deno run -A tools/generate_layouts.ts
 *
 * The table is `tools/layouts.json`. Only the fields named below go into the module: a field in use is added
 * here, and the module generated anew; one that no smoke test touches is taken out.
 *
 * @module
 */

/** The fields in use, with what kind of value each holds. */
const fieldsInUse = {
  AVBufferRef: { data: "address" },
  AVChannelLayout: { order: "i32", nb_channels: "i32", u: "address" },
  AVChapter: { id: "i32", time_base: "rational", start: "i64", end: "i64", metadata: "address" },
  AVClass: { item_name: "address" },
  AVCodec: {
    name: "address",
    type: "i32",
    id: "i32",
    capabilities: "i32",
    pix_fmts: "address",
    supported_samplerates: "address",
    sample_fmts: "address",
  },
  AVCodecDescriptor: { id: "i32" },
  AVCodecContext: {
    framerate: "rational",
    has_b_frames: "i32",
    global_quality: "i32",
    sample_rate: "i32",
    sample_fmt: "i32",
    frame_size: "i32",
    channel_layout: "u64",
    channels: "i32",
    ch_layout: "address",
    pix_fmt: "i32",
    time_base: "rational",
    width: "i32",
    height: "i32",
    hw_device_ctx: "address",
    hw_frames_ctx: "address",
    stats_out: "address",
    stats_in: "address",
  },
  AVCodecParameters: {
    codec_type: "i32",
    codec_id: "i32",
    codec_tag: "u32",
    extradata: "address",
    extradata_size: "i32",
    format: "i32",
    width: "i32",
    height: "i32",
    video_delay: "i32",
    field_order: "i32",
    color_primaries: "i32",
    color_range: "i32",
    color_trc: "i32",
    color_space: "i32",
    chroma_location: "i32",
    sample_aspect_ratio: "rational",
    profile: "i32",
    frame_size: "i32",
    sample_rate: "i32",
    channels: "i32",
    channel_layout: "u64",
    ch_layout: "address",
    initial_padding: "i32",
    coded_side_data: "address",
    nb_coded_side_data: "i32",
  },
  AVContentLightMetadata: { MaxCLL: "u32", MaxFALL: "u32" },
  AVDictionaryEntry: { key: "address", value: "address" },
  AVFormatContext: {
    iformat: "address",
    pb: "address",
    nb_streams: "u32",
    streams: "address",
    start_time: "i64",
    duration: "i64",
    nb_chapters: "u32",
    chapters: "address",
    nb_programs: "u32",
    programs: "address",
    metadata: "address",
    interrupt_callback: "address",
    protocol_whitelist: "address",
  },
  AVFrame: {
    data: "address",
    linesize: "i32",
    buf: "address",
    width: "i32",
    height: "i32",
    format: "i32",
    pict_type: "i32",
    pts: "i64",
    quality: "i32",
    nb_samples: "i32",
    sample_rate: "i32",
    channel_layout: "u64",
    channels: "i32",
    ch_layout: "address",
    sample_aspect_ratio: "rational",
    color_range: "i32",
    color_primaries: "i32",
    color_trc: "i32",
    colorspace: "i32",
    decode_error_flags: "i32",
    best_effort_timestamp: "i64",
    duration: "i64",
    pkt_duration: "i64",
    flags: "i32",
    interlaced_frame: "i32",
    top_field_first: "i32",
  },
  AVFrameSideData: { data: "address" },
  AVHWFramesContext: { format: "i32", sw_format: "i32", width: "i32", height: "i32" },
  AVIOContext: { buffer: "address", seek: "address", pos: "i64", max_packet_size: "i32", seekable: "i32" },
  AVInputFormat: { name: "address" },
  AVMasteringDisplayMetadata: {
    display_primaries: "rational",
    white_point: "rational",
    min_luminance: "rational",
    max_luminance: "rational",
    has_primaries: "i32",
    has_luminance: "i32",
  },
  AVOption: {
    name: "address",
    help: "address",
    offset: "i32",
    min: "f64",
    max: "f64",
    flags: "i32",
    unit: "address",
  },
  AVOutputFormat: {
    name: "address",
    extensions: "address",
    audio_codec: "i32",
    video_codec: "i32",
    flags: "i32",
  },
  AVPacket: {
    pts: "i64",
    dts: "i64",
    data: "address",
    size: "i32",
    stream_index: "i32",
    flags: "i32",
    duration: "i64",
    pos: "i64",
    side_data: "address",
    side_data_elems: "i32",
  },
  AVPixFmtDescriptor: {
    name: "address",
    nb_components: "u8",
    log2_chroma_w: "u8",
    log2_chroma_h: "u8",
    flags: "u64",
    comp: "address",
  },
  AVComponentDescriptor: { plane: "i32", step: "i32", offset: "i32", shift: "i32", depth: "i32" },
  AVProgram: { metadata: "address" },
  AVPacketSideData: { data: "address", size: "u32", type: "i32" },
  AVStream: {
    time_base: "rational",
    avg_frame_rate: "rational",
    sample_aspect_ratio: "rational",
    disposition: "i32",
    discard: "i32",
    start_time: "i64",
    duration: "i64",
    nb_frames: "i64",
    r_frame_rate: "rational",
    attached_pic: "address",
    metadata: "address",
    codecpar: "address",
    side_data: "address",
    nb_side_data: "i32",
  },
} as const;

/** The form of `tools/layouts.json`. */
export interface LayoutTable {
  avcodecMajors: Record<string, string>;
  libraryMajors: Record<string, Record<string, number>>;
  structs: Record<string, {
    size: Record<string, number>;
    fields: Record<
      string,
      { type: string; offset: Record<string, number>; since?: Record<string, number> }
    >;
  }>;
}

/** The module's text for one layout table. */
export function layoutModule(table: LayoutTable): string {
  const majors = Object.keys(table.avcodecMajors);
  const lines = [
    "// Generated by tools/generate_layouts.ts: change the list of fields there and run it again.",
    "",
    "/**",
    " * Byte offsets of the struct fields in use, one column for each supported major of libavcodec.",
    " *",
    " * @module",
    " */",
    "",
    "/** The supported majors of libavcodec, oldest first: the order of the columns below. */",
    `export const avcodecMajors = [${majors.join(", ")}] as const;`,
    "",
    "/** The FFmpeg release that each column was made from. */",
    `export const releases = [${
      majors.map((major) => JSON.stringify(table.avcodecMajors[major])).join(", ")
    }] as const;`,
    "",
    "/** The majors of each library that belong together, a column for each major of libavcodec. */",
    "export const libraryMajors = {",
  ];
  for (const library of Object.keys(table.libraryMajors[majors[0]!]!)) {
    lines.push(`  ${library}: [${majors.map((major) => table.libraryMajors[major]![library]).join(", ")}],`);
  }
  lines.push(
    "} as const;",
    "",
    "/**",
    " * Kind and offsets of each field; `null` where a major lacks it. Where its first releases lack it, `since` has",
    " * the least minor of libavcodec.",
    " */",
    "export const layouts = {",
  );
  for (const [struct, fields] of Object.entries(fieldsInUse)) {
    const layout = table.structs[struct];
    if (layout === undefined) throw new Error(`The table has no struct ${struct}`);
    lines.push(`  ${struct}: {`);
    lines.push(`    size: [${majors.map((major) => layout.size[major] ?? "null").join(", ")}],`);
    lines.push("    fields: {");
    for (const [field, kind] of Object.entries(fields)) {
      const offsets = layout.fields[field]?.offset;
      if (offsets === undefined) throw new Error(`The table has no field ${struct}.${field}`);
      const column = majors.map((major) => offsets[major] ?? "null").join(", ");
      const least = layout.fields[field]!.since;
      const since = least === undefined
        ? ""
        : `, since: [${majors.map((major) => least[major] ?? 0).join(", ")}]`;
      lines.push(`      ${field}: { kind: "${kind}", offset: [${column}]${since} },`);
    }
    lines.push("    },", "  },");
  }
  lines.push("} as const;", "");
  return lines.join("\n");
}

if (import.meta.main) {
  const folder = import.meta.dirname;
  const module = `${folder}/../ffi/layouts.ts`;
  Deno.writeTextFileSync(module, layoutModule(JSON.parse(Deno.readTextFileSync(`${folder}/layouts.json`))));
  new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", module] }).outputSync();
}
