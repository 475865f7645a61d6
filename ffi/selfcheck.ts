/**
 * Proves, once per load, that the layouts fit the libraries: freshly allocated objects must show libav's
 * documented defaults where the layout says that they are, and libavutil's own option table must name the
 * same offsets.
 *
 * @module
 */
import { type Address, NULL } from "./contract.ts";
import { LibraryVersionError } from "./errors.ts";
import { avcodecMajors, releases } from "./layouts.ts";
import { cString, PointerCell } from "./memory.ts";
import type { Native } from "./native.ts";
import type { FieldName, StructName } from "./struct.ts";

/** AV_NOPTS_VALUE, libavutil/avutil.h. */
const noTimestamp = -(2n ** 63n);
/** `{0, 1}`, packed as it lies in memory. */
const zeroOverOne = 1n << 32n;
/** AVCOL_PRI_UNSPECIFIED and its siblings, libavutil/pixfmt.h. */
const unspecified = 2;

type Expectation = readonly [field: string, value: number | bigint];

const freshFrame: readonly Expectation[] = [
  ["width", 0],
  ["height", 0],
  ["format", -1],
  ["pict_type", 0],
  ["pts", noTimestamp],
  ["sample_aspect_ratio", zeroOverOne],
  ["color_range", 0],
  ["color_primaries", unspecified],
  ["color_trc", unspecified],
  ["colorspace", unspecified],
  ["best_effort_timestamp", noTimestamp],
];

const freshPacket: readonly Expectation[] = [
  ["pts", noTimestamp],
  ["dts", noTimestamp],
  ["size", 0],
  ["stream_index", 0],
  ["flags", 0],
  ["duration", 0n],
  ["pos", -1n],
];

const freshParameters: readonly Expectation[] = [
  ["codec_type", -1],
  ["codec_id", 0],
  ["codec_tag", 0],
  ["format", -1],
  ["width", 0],
  ["height", 0],
  ["color_primaries", unspecified],
];

const freshCodecContext: readonly Expectation[] = [
  ["pix_fmt", -1],
  ["framerate", zeroOverOne],
  ["time_base", zeroOverOne],
  ["width", 0],
  ["height", 0],
  ["has_b_frames", 0],
];

/** Options of AVCodecContext whose offset in the library's own table must be the layout's. */
const confirmedByOption: readonly (readonly [option: string, field: FieldName<"AVCodecContext">])[] = [
  ["time_base", "time_base"],
  ["video_size", "width"],
  ["pixel_format", "pix_fmt"],
];

/** Throws a {@linkcode LibraryVersionError} that names both versions where a layout does not fit. */
export function selfCheck(native: Native): void {
  const { avutil, avcodec } = native;

  const frame = avutil.av_frame_alloc();
  compare(native, frame, "AVFrame", freshFrame);
  avutil.av_frame_free(new PointerCell(frame).buffer);

  const packet = avcodec.av_packet_alloc();
  compare(native, packet, "AVPacket", freshPacket);
  avcodec.av_packet_free(new PointerCell(packet).buffer);

  const parameters = avcodec.avcodec_parameters_alloc();
  compare(native, parameters, "AVCodecParameters", freshParameters);
  avcodec.avcodec_parameters_free(new PointerCell(parameters).buffer);

  const context = avcodec.avcodec_alloc_context3(NULL);
  compare(native, context, "AVCodecContext", freshCodecContext);
  for (const [name, field] of confirmedByOption) {
    const option = avutil.av_opt_find(context, cString(name), null, 0, 0);
    const offset = option === NULL ? "nowhere" : native.fields.get(option, "AVOption", "offset");
    if (offset !== native.fields.offset("AVCodecContext", field)) {
      throw mismatch(native, `AVCodecContext.${field} is at byte ${offset} by its option`);
    }
  }
  avcodec.avcodec_free_context(new PointerCell(context).buffer);

  // libav calls it: see wrapForeign in src/libav/native_frame.ts.
  if (native.fields.get(native.swresample.swr_get_class(), "AVClass", "item_name") === NULL) {
    throw mismatch(native, "the class of resamplers has no item_name");
  }
}

function compare(
  native: Native,
  at: Address,
  struct: StructName,
  expectations: readonly Expectation[],
): void {
  for (const [field, expected] of expectations) {
    const value = native.fields.get(at, struct, field as FieldName<typeof struct>);
    if (value !== expected) {
      throw mismatch(native, `a fresh ${struct} has ${field} ${value} where ${expected} is documented`);
    }
  }
}

function mismatch(native: Native, found: string): LibraryVersionError {
  const release = releases[avcodecMajors.indexOf(native.avcodecMajor as typeof avcodecMajors[number])];
  return new LibraryVersionError(
    `Cannot use FFmpeg ${native.version} in ${native.folder}: its memory layout is not that of ${release} as published (${found})`,
    {
      code: "LAYOUT_MISMATCH",
      operation: "check FFmpeg's memory layout",
      hint: "Use an FFmpeg built from unmodified headers, and report this build to avwriter",
    },
  );
}
