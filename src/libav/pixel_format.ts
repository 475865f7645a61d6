/**
 * Pixel formats, as libavutil describes them.
 *
 * @module
 */
import { type Address, cString, type FieldName, type Native, NULL } from "../../ffi/mod.ts";
import { supportedNumbers } from "./supported.ts";

/** AV_PIX_FMT_FLAG_*, libavutil/pixdesc.h. */
const flag = {
  bigEndian: 1 << 0,
  palette: 1 << 1,
  bitstream: 1 << 2,
  hardware: 1 << 3,
  rgb: 1 << 5,
  alpha: 1 << 7,
  bayer: 1 << 8,
  float: 1 << 9,
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
  byName: PixelFormats | null;
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
  const { byId } = knownOf(native);
  const known = byId.get(id);
  if (known !== undefined) return known;
  const descriptor = native.avutil.av_pix_fmt_desc_get(id);
  if (descriptor === NULL) return null;
  const { layout, bytes, names } = store(native, [descriptor]);
  const format = readFormat(new DataView(bytes), 0, layout, { name: names[0]!, id });
  byId.set(id, format);
  return format;
}

/** Where the fields of a descriptor lie in its bytes. */
type DescriptorLayout = ReturnType<typeof descriptorLayout>;

/** All fields of a descriptor but its name, and those of the components in it. */
function descriptorLayout({ fields }: Native) {
  const at = (field: FieldName<"AVPixFmtDescriptor">): number => fields.offset("AVPixFmtDescriptor", field);
  const component = (field: keyof ComponentGeometry): number => fields.offset("AVComponentDescriptor", field);
  return {
    size: fields.size("AVPixFmtDescriptor"),
    flags: at("flags"),
    componentCount: at("nb_components"),
    log2ChromaWidth: at("log2_chroma_w"),
    log2ChromaHeight: at("log2_chroma_h"),
    components: at("comp"),
    componentSize: fields.size("AVComponentDescriptor"),
    plane: component("plane"),
    step: component("step"),
    offset: component("offset"),
    shift: component("shift"),
    depth: component("depth"),
  } as const;
}

/** Descriptors as libavutil has them: to read all fields of two hundred takes longer than to copy them. */
export interface StoredFormats {
  readonly names: readonly string[];
  readonly ids: readonly number[];
  /** One descriptor after the other. */
  readonly bytes: ArrayBuffer;
  readonly layout: DescriptorLayout;
}

function store(native: Native, descriptors: readonly Address[]): StoredFormats {
  const { avutil, fields, memory } = native;
  const layout = descriptorLayout(native);
  const bytes = new Uint8Array(descriptors.length * layout.size);
  const view = new DataView(bytes.buffer);
  const names = descriptors.map((descriptor, index) => {
    const from = index * layout.size;
    memory.read(descriptor, bytes.subarray(from, from + layout.size));
    return memory.text(fields.valueIn(view, from, "AVPixFmtDescriptor", "name")) ?? "";
  });
  const ids = descriptors.map((descriptor) => avutil.av_pix_fmt_desc_get_id(descriptor));
  return { names, ids, bytes: bytes.buffer, layout };
}

/** Pixel formats by name, each read when it is asked for. */
export class PixelFormats {
  /** What they are read from, to be sent to another thread. */
  readonly stored: StoredFormats;
  readonly #view: DataView;
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #byId: Map<number, PixelFormatInfo>;

  /** Those that are stored. `byId` has the ones that were read, and gets the others. */
  constructor(stored: StoredFormats, byId: Map<number, PixelFormatInfo> = new Map()) {
    this.stored = stored;
    this.#view = new DataView(stored.bytes);
    this.#indexes = new Map(stored.names.map((name, index) => [name, index]));
    this.#byId = byId;
  }

  /** The format of a name; `undefined` where there is none. */
  get(name: string): PixelFormatInfo | undefined {
    const index = this.#indexes.get(name);
    if (index === undefined) return undefined;
    const { ids, layout } = this.stored;
    const id = ids[index]!;
    let format = this.#byId.get(id);
    if (format === undefined) {
      format = readFormat(this.#view, index * layout.size, layout, { name, id });
      this.#byId.set(id, format);
    }
    return format;
  }

  /** All names, in libavutil's order. */
  keys(): readonly string[] {
    return this.stored.names;
  }
}

function readFormat(
  view: DataView,
  from: number,
  layout: DescriptorLayout,
  { name, id }: Pick<PixelFormatInfo, "name" | "id">,
): PixelFormatInfo {
  // Of 64 bits, the lower half.
  const flags = view.getUint32(from + layout.flags, true);
  const has = (bit: number): boolean => (flags & bit) !== 0;
  const componentCount = view.getUint8(from + layout.componentCount);
  const isRgb = has(flag.rgb);
  const hasAlpha = has(flag.alpha);
  const isPalette = has(flag.palette);
  const components = Array.from({ length: componentCount }, (_, index) => {
    const place = from + layout.components + index * layout.componentSize;
    const read = (field: keyof ComponentGeometry): number => view.getInt32(place + layout[field], true);
    return {
      plane: read("plane"),
      step: read("step"),
      offset: read("offset"),
      shift: read("shift"),
      depth: read("depth"),
    };
  });
  const depths = components.map(({ depth }) => depth);
  const log2ChromaWidth = view.getUint8(from + layout.log2ChromaWidth);
  const log2ChromaHeight = view.getUint8(from + layout.log2ChromaHeight);
  return {
    name,
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
export function pixelFormatsByName(native: Native): PixelFormats {
  const known = knownOf(native);
  return known.byName ??= new PixelFormats(store(native, descriptorsOf(native)), known.byId);
}

function descriptorsOf({ avutil }: Native): Address[] {
  const descriptors: Address[] = [];
  let descriptor: Address = NULL;
  while ((descriptor = avutil.av_pix_fmt_desc_next(descriptor)) !== NULL) descriptors.push(descriptor);
  return descriptors;
}

/** All formats that the loaded libavutil knows. */
export function pixelFormats(native: Native): PixelFormatInfo[] {
  const formats = pixelFormatsByName(native);
  return formats.keys().map((name) => formats.get(name)!);
}

/** Their names. */
export function pixelFormatNames(native: Native): readonly string[] {
  return pixelFormatsByName(native).keys();
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
