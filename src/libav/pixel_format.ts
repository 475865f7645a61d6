/**
 * Pixel formats, as libavutil describes them.
 *
 * @module
 */
import { type Address, address, cString, type Native, NULL } from "../../ffi/mod.ts";

/** AV_PIX_FMT_FLAG_*, libavutil/pixdesc.h. */
const flag = {
  palette: 1n << 1n,
  hardware: 1n << 3n,
  rgb: 1n << 5n,
  alpha: 1n << 7n,
  bayer: 1n << 8n,
  float: 1n << 9n,
} as const;

/** What libavutil says of a pixel format. */
export interface PixelFormatInfo {
  /** libavutil's name: `"yuv420p"`. */
  readonly name: string;
  /** libavutil's number, which is that of the loaded version only. */
  readonly id: number;
  /** How many planes it has in memory. */
  readonly planeCount: number;
  /** Chroma is subsampled by two to this power, across and down. */
  readonly log2ChromaWidth: number;
  /** See `log2ChromaWidth`. */
  readonly log2ChromaHeight: number;
  /** Bits of the first component. */
  readonly depth: number;
  /** Bits of each component. */
  readonly depths: readonly number[];
  /** Components are floating-point numbers. */
  readonly isFloat: boolean;
  /** Red, green and blue rather than luma and chroma. */
  readonly isRgb: boolean;
  /** One component only: luma. */
  readonly isGray: boolean;
  /** Has an alpha component. */
  readonly hasAlpha: boolean;
  /** Indices into a palette, which is its second plane. */
  readonly isPalette: boolean;
  /** One colour for each pixel, in a pattern of two by two. */
  readonly isBayer: boolean;
  /** Lives in a device's memory. */
  readonly isHardware: boolean;
}

/** The description of a format by name; `null` where the loaded libavutil does not know it. */
export function pixelFormatByName(native: Native, name: string): PixelFormatInfo | null {
  return pixelFormatById(native, native.avutil.av_get_pix_fmt(cString(name)));
}

/** The description of a format by number; `null` for AV_PIX_FMT_NONE. */
export function pixelFormatById(native: Native, id: number): PixelFormatInfo | null {
  const { avutil, fields, memory } = native;
  const descriptor = avutil.av_pix_fmt_desc_get(id);
  if (descriptor === NULL) return null;
  const flags = fields.get(descriptor, "AVPixFmtDescriptor", "flags");
  const has = (bit: bigint): boolean => (flags & bit) !== 0n;
  const componentCount = fields.get(descriptor, "AVPixFmtDescriptor", "nb_components");
  const isRgb = has(flag.rgb);
  const hasAlpha = has(flag.alpha);
  const isPalette = has(flag.palette);
  const components = fields.addressOf(descriptor, "AVPixFmtDescriptor", "comp");
  const depths = Array.from({ length: componentCount }, (_, index) => {
    const component = address(components + BigInt(index * fields.size("AVComponentDescriptor")));
    return fields.get(component, "AVComponentDescriptor", "depth");
  });
  return {
    name: memory.text(fields.get(descriptor, "AVPixFmtDescriptor", "name")) ?? "",
    id,
    planeCount: avutil.av_pix_fmt_count_planes(id),
    log2ChromaWidth: fields.get(descriptor, "AVPixFmtDescriptor", "log2_chroma_w"),
    log2ChromaHeight: fields.get(descriptor, "AVPixFmtDescriptor", "log2_chroma_h"),
    depth: depths[0] ?? 0,
    depths,
    isFloat: has(flag.float),
    isRgb,
    isGray: !isRgb && !isPalette && componentCount - (hasAlpha ? 1 : 0) === 1,
    hasAlpha: hasAlpha || isPalette,
    isPalette,
    isBayer: has(flag.bayer),
    isHardware: has(flag.hardware),
  };
}

/** The names of all formats that the loaded libavutil knows. */
export function pixelFormatNames(native: Native): string[] {
  const { avutil, fields, memory } = native;
  const names: string[] = [];
  let descriptor: Address = NULL;
  while ((descriptor = avutil.av_pix_fmt_desc_next(descriptor)) !== NULL) {
    names.push(memory.text(fields.get(descriptor, "AVPixFmtDescriptor", "name")) ?? "");
  }
  return names;
}

/** AV_CODEC_CONFIG_PIX_FORMAT, libavcodec/avcodec.h. */
const configPixelFormat = 0;

/** The formats that an encoder takes, in its own order; `null` where it takes any. */
export function encoderPixelFormats(native: Native, codec: Address): PixelFormatInfo[] | null {
  const list = pixelFormatList(native, codec);
  if (list === NULL) return null;
  const formats: PixelFormatInfo[] = [];
  for (let index = 0;; index++) {
    const format = pixelFormatById(native, native.fields.element(list, "i32", index));
    if (format === null) return formats;
    formats.push(format);
  }
}

function pixelFormatList(native: Native, codec: Address): Address {
  const { fields, supportedConfig } = native;
  if (supportedConfig === null) return fields.get(codec, "AVCodec", "pix_fmts");
  const list = new BigUint64Array(1);
  const result = supportedConfig.avcodec_get_supported_config(
    NULL,
    codec,
    configPixelFormat,
    0,
    list,
    new Int32Array(1),
  );
  return result < 0 ? NULL : address(list[0]!);
}

/** libavcodec's choice of the format that loses least of another. */
export function leastLossyFormat(
  native: Native,
  choices: readonly PixelFormatInfo[],
  source: PixelFormatInfo,
): PixelFormatInfo {
  const list = Int32Array.from([...choices.map(({ id }) => id), -1]);
  const best = native.avcodec.avcodec_find_best_pix_fmt_of_list(
    list,
    source.id,
    source.hasAlpha ? 1 : 0,
    new Int32Array(1),
  );
  return choices.find(({ id }) => id === best) ?? choices[0]!;
}
