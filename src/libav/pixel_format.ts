/**
 * Pixel formats, as libavutil describes them.
 *
 * @module
 */
import { type Address, cString, type Native, NULL } from "../../ffi/mod.ts";
import { supportedNumbers } from "./supported.ts";

/** AV_PIX_FMT_FLAG_*, libavutil/pixdesc.h. */
const flag = {
  bigEndian: 1n << 0n,
  palette: 1n << 1n,
  bitstream: 1n << 2n,
  hardware: 1n << 3n,
  rgb: 1n << 5n,
  alpha: 1n << 7n,
  bayer: 1n << 8n,
  float: 1n << 9n,
} as const;

/** The memory layout of a plane. */
export interface PlaneGeometry {
  /**
   * Bytes (bits, where pixels are smaller than bytes) from one pixel, or group of pixels that share chroma,
   * to the next.
   */
  readonly step: number;
  /** log2 of the number of pixels that share a step. */
  readonly log2Width: number;
  /** log2 of the number of rows of the picture that share a row of the plane. */
  readonly log2Height: number;
}

/** Where a component lies, and its bits (AVComponentDescriptor, libavutil/pixdesc.h). */
export interface ComponentGeometry {
  /** The number of its plane. */
  readonly plane: number;
  /** Bytes (bits, where pixels are smaller than bytes) from one value to the next. */
  readonly step: number;
  /** Bytes (bits) before the first value. */
  readonly offset: number;
  /** Bits below the value in its word. */
  readonly shift: number;
  /** Bits of the value. */
  readonly depth: number;
}

/** A pixel format as libavutil describes it. */
export interface PixelFormatInfo {
  /** libavutil's name: `"yuv420p"`. */
  readonly name: string;
  /** libavutil's number, which is that of the loaded version only. */
  readonly id: number;
  /** The number of planes in memory. */
  readonly planeCount: number;
  /** The planes of the components. A palette is a further plane. */
  readonly planes: readonly PlaneGeometry[];
  /** Pixels are smaller than bytes: steps are bits. */
  readonly isBitstream: boolean;
  /** log2 of the chroma subsampling, horizontal and vertical. */
  readonly log2ChromaWidth: number;
  /** See `log2ChromaWidth`. */
  readonly log2ChromaHeight: number;
  /** Words of several bytes begin with the highest one. */
  readonly isBigEndian: boolean;
  /** The components, in the order of libavutil: red, green, blue or luma, Cb, Cr, then alpha. */
  readonly components: readonly ComponentGeometry[];
  /** Bits of the first component. */
  readonly depth: number;
  /** Bits of each component. */
  readonly depths: readonly number[];
  /** Components are floating-point numbers. */
  readonly isFloat: boolean;
  /** RGB rather than luma and chroma. */
  readonly isRgb: boolean;
  /** Luma only. */
  readonly isGray: boolean;
  /** Has an alpha component. */
  readonly hasAlpha: boolean;
  /** Indices into a palette, which is its second plane. */
  readonly isPalette: boolean;
  /** One colour per pixel, in a pattern of two by two (Bayer). */
  readonly isBayer: boolean;
  /** In a device's memory. */
  readonly isHardware: boolean;
}

/** What is known of a set's pixel formats. Descriptors are constants of libavutil. */
interface KnownFormats {
  readonly byId: Map<number, PixelFormatInfo>;
  /** All of them, once they were asked for. */
  byName: ReadonlyMap<string, PixelFormatInfo> | null;
}

const knownFormats = new WeakMap<Native, KnownFormats>();

function knownOf(native: Native): KnownFormats {
  let known = knownFormats.get(native);
  if (known === undefined) knownFormats.set(native, known = { byId: new Map(), byName: null });
  return known;
}

/** The pixel format of a name; `null` where libavutil does not know it. */
export function pixelFormatByName(native: Native, name: string): PixelFormatInfo | null {
  const { byName } = knownOf(native);
  return byName?.get(name) ?? pixelFormatById(native, native.avutil.av_get_pix_fmt(cString(name)));
}

/** The pixel format of a number; `null` for AV_PIX_FMT_NONE. */
export function pixelFormatById(native: Native, id: number): PixelFormatInfo | null {
  const known = knownOf(native).byId.get(id);
  if (known !== undefined) return known;
  const descriptor = native.avutil.av_pix_fmt_desc_get(id);
  return descriptor === NULL ? null : described(native, id, descriptor);
}

/** The pixel format of a number and its descriptor. */
function described(native: Native, id: number, descriptor: Address): PixelFormatInfo {
  const { byId } = knownOf(native);
  let known = byId.get(id);
  if (known === undefined) byId.set(id, known = readFormat(native, id, descriptor));
  return known;
}

function readFormat({ fields, memory }: Native, id: number, descriptor: Address): PixelFormatInfo {
  const copy = fields.copy(descriptor, "AVPixFmtDescriptor");
  const flags = copy.get("flags");
  const has = (bit: bigint): boolean => (flags & bit) !== 0n;
  const componentCount = copy.get("nb_components");
  const isRgb = has(flag.rgb);
  const hasAlpha = has(flag.alpha);
  const isPalette = has(flag.palette);
  const components = Array.from({ length: componentCount }, (_, index) => {
    const read = (field: keyof ComponentGeometry): number =>
      copy.element("comp", index, "AVComponentDescriptor", field);
    return {
      plane: read("plane"),
      step: read("step"),
      offset: read("offset"),
      shift: read("shift"),
      depth: read("depth"),
    };
  });
  const depths = components.map(({ depth }) => depth);
  const log2ChromaWidth = copy.get("log2_chroma_w");
  const log2ChromaHeight = copy.get("log2_chroma_h");
  return {
    name: memory.text(copy.get("name")) ?? "",
    id,
    // As av_pix_fmt_count_planes counts them.
    planeCount: new Set(components.map(({ plane }) => plane)).size,
    planes: planesOf(components, log2ChromaWidth, log2ChromaHeight),
    isBitstream: has(flag.bitstream),
    isBigEndian: has(flag.bigEndian),
    components,
    log2ChromaWidth,
    log2ChromaHeight,
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

/**
 * The planes of the components, with the bytes of their rows as libavutil counts them (av_image_get_linesize,
 * libavutil/imgutils.c).
 */
function planesOf(
  components: readonly ComponentGeometry[],
  chromaWidth: number,
  chromaHeight: number,
): PlaneGeometry[] {
  const planes: PlaneGeometry[] = [];
  for (const [index, { plane, step }] of components.entries()) {
    // Of the components in a plane, the first with the widest step tells.
    if (planes[plane] !== undefined && planes[plane].step >= step) continue;
    // The second and third components are the subsampled ones; the fourth is alpha.
    const isChroma = index === 1 || index === 2;
    planes[plane] = {
      step,
      log2Width: isChroma ? chromaWidth : 0,
      log2Height: plane === 1 || plane === 2 ? chromaHeight : 0,
    };
  }
  return planes;
}

/** All formats that the loaded libavutil knows, by name. */
export function pixelFormatsByName(native: Native): ReadonlyMap<string, PixelFormatInfo> {
  const known = knownOf(native);
  return known.byName ??= new Map(readAll(native).map((format) => [format.name, format]));
}

function readAll(native: Native): PixelFormatInfo[] {
  const { avutil } = native;
  const formats: PixelFormatInfo[] = [];
  let descriptor: Address = NULL;
  while ((descriptor = avutil.av_pix_fmt_desc_next(descriptor)) !== NULL) {
    formats.push(described(native, avutil.av_pix_fmt_desc_get_id(descriptor), descriptor));
  }
  return formats;
}

/** All formats that the loaded libavutil knows. */
export function pixelFormats(native: Native): PixelFormatInfo[] {
  return [...pixelFormatsByName(native).values()];
}

/** Their names. */
export function pixelFormatNames(native: Native): string[] {
  return [...pixelFormatsByName(native).keys()];
}

/** The formats that an encoder takes, in its own order; `null` where it takes any. */
export function encoderPixelFormats(native: Native, codec: Address): PixelFormatInfo[] | null {
  const numbers = supportedNumbers(native, codec, "pix_fmts");
  return numbers?.map((id) => pixelFormatById(native, id)!) ?? null;
}

/** The format that libavcodec compares instead of a Bayer format, which it knows little of. */
function comparable(native: Native, format: PixelFormatInfo): PixelFormatInfo {
  if (!format.isBayer) return format;
  return pixelFormatByName(native, bitsPerComponent(format) > 8 ? "rgb48le" : "rgb24")!;
}

/** Bits of a component, those of a Bayer pattern together. */
export function bitsPerComponent({ depths, isBayer }: PixelFormatInfo): number {
  return isBayer ? depths.reduce((sum, depth) => sum + depth, 0) : Math.max(0, ...depths);
}

/** libavcodec's choice of the least lossy format. */
export function leastLossyFormat(
  native: Native,
  choices: readonly PixelFormatInfo[],
  source: PixelFormatInfo,
  hasAlpha = source.hasAlpha,
): PixelFormatInfo {
  const same = choices.find(({ id }) => id === source.id);
  if (same !== undefined) return same;
  // Only cameras produce Bayer patterns.
  const makeable = choices.filter(({ isBayer }) => !isBayer);
  const list = Int32Array.from([...makeable.map(({ id }) => id), -1]);
  const best = native.avcodec.avcodec_find_best_pix_fmt_of_list(
    list,
    comparable(native, source).id,
    hasAlpha ? 1 : 0,
    new Int32Array(1),
  );
  return makeable.find(({ id }) => id === best) ?? choices[0]!;
}
