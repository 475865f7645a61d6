/**
 * AVFrame: one picture in native memory.
 *
 * @module
 */
import { type Address, address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText } from "./failure.ts";
import { Owned } from "./owned.ts";
import type { PixelFormatInfo } from "./pixel_format.ts";

/** AV_PICTURE_TYPE_*, libavutil/avutil.h: what an encoder is asked to make of a frame. */
const pictureType = { asEncoderLikes: 0, intra: 1 } as const;

/** AV_FRAME_FLAG_*, libavutil/frame.h: from FFmpeg 6.1 on, in place of fields. */
const frameFlags = { interlaced: 1 << 3, topFieldFirst: 1 << 4 } as const;

/** AV_NUM_DATA_POINTERS, libavutil/frame.h. */
const planePointers = 8;

/** Fields in the order in which they lie. */
const shapeFields = ["width", "height", "nb_samples", "format"] as const;
const colorFields = ["color_range", "color_primaries", "color_trc", "colorspace"] as const;

/** The meaning of a frame's values by libav's numbers (ITU-T H.273). */
export type ColorNumbers = Readonly<Record<typeof colorFields[number], number>>;

/** Unspecified (ITU-T H.273); of the range, 0 (AVCOL_RANGE_UNSPECIFIED, libavutil/pixfmt.h). */
const unspecified = 2, unspecifiedRange = 0;

/** Names that encoders' options use where libavutil has others (libavcodec/options_table.h). */
const optionNames: Readonly<Record<string, string>> = {
  rgb: "gbr",
  gamma22: "bt470m",
  gamma28: "bt470bg",
  log: "log100",
  log_sqrt: "log316",
  bt1361: "bt1361e",
  "jedec-p22": "ebu3213",
  bt2020_10bit: "bt2020-10",
  bt2020_12bit: "bt2020-12",
};

/** libav's number for a name, or for the option's name; `otherwise` where there is none. */
function numberOf(find: (name: Uint8Array<ArrayBuffer>) => number, name: string, otherwise: number): number {
  const found = find(cString(optionNames[name] ?? name.replaceAll("_", "-")));
  return found < 0 ? otherwise : found;
}

/** libav's numbers for a description by names. What is left out is unspecified. */
export function colorNumbers(
  { avutil }: Native,
  color: {
    readonly matrix: string;
    readonly range: string;
    readonly primaries?: string;
    readonly transfer?: string;
  },
): ColorNumbers {
  const { matrix, range, primaries = "unknown", transfer = "unknown" } = color;
  return {
    colorspace: numberOf((name) => avutil.av_color_space_from_name(name), matrix, unspecified),
    color_range: numberOf((name) => avutil.av_color_range_from_name(name), range, unspecifiedRange),
    color_primaries: numberOf((name) => avutil.av_color_primaries_from_name(name), primaries, unspecified),
    color_trc: numberOf((name) => avutil.av_color_transfer_from_name(name), transfer, unspecified),
  };
}

/** A matrix and a range by libav's names; `null` where unspecified. */
interface MeaningNames {
  readonly matrix: string | null;
  readonly range: string | null;
}

function meaningNames({ avutil, memory }: Native, matrix: number, range: number): MeaningNames {
  const [space, levels] = [avutil.av_color_space_name(matrix), avutil.av_color_range_name(range)]
    .map((name) => memory.text(name));
  return { matrix: space === "unknown" ? null : space!, range: levels === "unknown" ? null : levels! };
}

/** A picture in JavaScript's memory. */
export interface ForeignPicture {
  /** All of its planes. */
  readonly bytes: Uint8Array;
  /** Its pixel format. */
  readonly format: Pick<PixelFormatInfo, "id">;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Where in `bytes` each plane begins, and the bytes from one of its rows to the next. */
  readonly planes: readonly { readonly offset: number; readonly stride: number }[];
}

/** A libav function without effect, for `av_buffer_create`, which needs one to free memory. */
interface NoopFree {
  readonly address: Address;
  /** Its argument. */
  readonly opaque: Address;
}

const noopFrees = new WeakMap<Native, NoopFree>();

/**
 * libav frees memory by a C function, and JavaScript has none to give. The function that returns the name of
 * a resampler (`AVClass.item_name`) only reads the class at the start of its argument, if anything.
 */
function noopFree(native: Native): NoopFree {
  let found = noopFrees.get(native);
  if (found === undefined) {
    const { avutil, fields, memory, swresample } = native;
    const described = swresample.swr_get_class();
    // Never freed: pictures may be released at any time.
    const opaque = avutil.av_mallocz(8n);
    memory.write(opaque, BigUint64Array.of(described));
    found = { address: fields.get(described, "AVClass", "item_name"), opaque };
    noopFrees.set(native, found);
  }
  return found;
}

function outOfMemoryError(operation: string): AvError {
  return new AvError(`Cannot ${operation}: FFmpeg is out of memory`, { code: "ENOMEM", operation });
}

/** A frame, with or without a picture. */
export class NativeFrame extends Owned {
  readonly #native: Native;
  /** What lies in arrays of the struct, on its way to another one. */
  #pointers: BigUint64Array<ArrayBuffer> | null = null;
  #strides: Int32Array<ArrayBuffer> | null = null;
  /** The names of the last matrix and range. */
  #meaning: { readonly matrix: number; readonly range: number; readonly names: MeaningNames } | null = null;

  /** Creates a frame without a picture: libav fills it, or {@linkcode allocatePicture} does. */
  constructor(native: Native) {
    super("a frame", native.avutil.av_frame_alloc(), (frame) => {
      native.avutil.av_frame_free(new PointerCell(frame).buffer);
    });
    this.#native = native;
  }

  /** Gives the frame fresh memory for a picture. */
  allocatePicture(format: Pick<PixelFormatInfo, "id" | "name">, width: number, height: number): void {
    const { avutil, fields } = this.#native;
    const frame = this.address;
    fields.set(frame, "AVFrame", "format", format.id);
    fields.set(frame, "AVFrame", "width", width);
    fields.set(frame, "AVFrame", "height", height);
    const result = avutil.av_frame_get_buffer(frame, 0);
    if (result < 0) {
      throw new AvError(
        `Cannot allocate a ${width}x${height} ${format.name} frame: ${errorText(this.#native, result)}`,
        { code: codeName(result), operation: "allocate a frame" },
      );
    }
  }

  /**
   * Wraps a picture in JavaScript memory, which must not move and must stay alive while the picture is
   * referenced: WebAssembly memory does both.
   */
  wrapForeign({ bytes, format, width, height, planes }: ForeignPicture): void {
    this.unref();
    const { avutil, fields, memory } = this.#native;
    const { address: free, opaque } = noopFree(this.#native);
    const buffer = avutil.av_buffer_create(bytes, BigInt(bytes.length), free, opaque, 0);
    if (buffer === NULL) throw outOfMemoryError("refer to a picture");
    const frame = this.address;
    const start = fields.get(buffer, "AVBufferRef", "data");
    fields.set(frame, "AVFrame", "buf", buffer);
    fields.set(frame, "AVFrame", "format", format.id);
    this.crop(width, height);
    memory.write(this.planeAddresses, BigUint64Array.from(planes, ({ offset }) => start + BigInt(offset)));
    memory.write(this.strides, Int32Array.from(planes, ({ stride }) => stride));
  }

  /** Whether nobody else references the picture, so that it may be overwritten. */
  get isWritable(): boolean {
    return this.#native.avutil.av_frame_is_writable(this.address) > 0;
  }

  /**
   * References another frame's picture and timestamp. The picture must not be overwritten while both
   * reference it.
   */
  refer(to: NativeFrame): void {
    const result = this.#native.avutil.av_frame_ref(this.address, to.address);
    if (result >= 0) return;
    throw new AvError(`Cannot refer to a frame: ${errorText(this.#native, result)}`, {
      code: codeName(result),
      operation: "refer to a frame",
    });
  }

  /**
   * References the picture of another frame, which may be another thread's, and nothing else of it: no side
   * data, which encoders would write into the file. The meaning of its values comes along.
   */
  referPicture(to: Address): void {
    this.unref();
    const { avutil, fields, memory } = this.#native;
    const frame = this.address;
    const pointers = this.#pointers ??= new BigUint64Array(planePointers);
    const strides = this.#strides ??= new Int32Array(planePointers);
    memory.read(fields.addressOf(to, "AVFrame", "buf"), pointers);
    let isWhole = true;
    // Behind the first that is null there are no others.
    for (let index = 0; index < planePointers && pointers[index] !== NULL; index++) {
      if (isWhole) pointers[index] = avutil.av_buffer_ref(address(pointers[index]!));
      isWhole &&= pointers[index] !== NULL;
      if (!isWhole) pointers[index] = NULL;
    }
    memory.write(fields.addressOf(frame, "AVFrame", "buf"), pointers);
    if (!isWhole) {
      this.unref();
      throw outOfMemoryError("refer to a picture");
    }
    memory.read(fields.addressOf(to, "AVFrame", "data"), pointers);
    memory.write(this.planeAddresses, pointers);
    memory.read(fields.addressOf(to, "AVFrame", "linesize"), strides);
    memory.write(this.strides, strides);
    for (const list of [shapeFields, colorFields]) {
      const row = fields.row("AVFrame", list);
      row.read(to);
      row.write(frame);
    }
  }

  /** Gets a copy of another frame, in libav's own memory. */
  copy(from: NativeFrame): void {
    this.refer(from);
    // The other frame refers to the picture, too, so that it is copied.
    const result = this.#native.avutil.av_frame_make_writable(this.address);
    if (result >= 0) return;
    this.unref();
    throw new AvError(`Cannot copy a frame: ${errorText(this.#native, result)}`, {
      code: codeName(result),
      operation: "copy a frame",
    });
  }

  /** Releases the picture. */
  unref(): void {
    this.#native.avutil.av_frame_unref(this.address);
  }

  /** The address of a plane's first byte. */
  planeAddress(plane: number): Address {
    return this.#native.fields.element(this.planeAddresses, "address", plane);
  }

  /** The bytes from one row of a plane to the next. */
  stride(plane: number): number {
    return this.#native.fields.element(this.strides, "i32", plane);
  }

  /** The array of plane addresses, as C functions take it. */
  get planeAddresses(): Address {
    return this.#native.fields.addressOf(this.address, "AVFrame", "data");
  }

  /** The array of strides, as C functions take it. */
  get strides(): Address {
    return this.#native.fields.addressOf(this.address, "AVFrame", "linesize");
  }

  /** The timestamp in ticks. */
  get pts(): bigint {
    return this.#native.fields.get(this.address, "AVFrame", "pts");
  }

  /** Whether it is to become a key frame. */
  get isForcedKeyFrame(): boolean {
    return this.#native.fields.get(this.address, "AVFrame", "pict_type") === pictureType.intra;
  }

  /** The size in pixels, and libavutil's number of the pixel format. */
  get shape(): { width: number; height: number; format: number } {
    const [width, height, , format] = this.#native.fields.row("AVFrame", shapeFields).read(this.address);
    return { width: width!, height: height!, format: format! };
  }

  /** The matrix and range of the frame, by libav's names; `null` where unspecified. */
  get meaning(): MeaningNames {
    const { colorspace: matrix, color_range: range } = this.colors;
    const last = this.#meaning;
    if (last?.matrix === matrix && last.range === range) return last.names;
    const names = meaningNames(this.#native, matrix, range);
    this.#meaning = { matrix, range, names };
    return names;
  }

  /** The meaning of its values, by libav's numbers. */
  get colors(): ColorNumbers {
    const [range, primaries, transfer, matrix] = this.#native.fields.row("AVFrame", colorFields)
      .read(this.address);
    return { color_range: range!, color_primaries: primaries!, color_trc: transfer!, colorspace: matrix! };
  }

  /** Sets the meaning of its values. */
  describe(color: ColorNumbers): void {
    const row = this.#native.fields.row("AVFrame", colorFields);
    row.values[0] = color.color_range;
    row.values[1] = color.color_primaries;
    row.values[2] = color.color_trc;
    row.values[3] = color.colorspace;
    row.write(this.address);
  }

  /** Says that the rows are two fields, and which is shown first. */
  markFields(isTopFirst: boolean): void {
    const { fields } = this.#native;
    const flags = frameFlags.interlaced | (isTopFirst ? frameFlags.topFieldFirst : 0);
    fields.set(this.address, "AVFrame", "flags", flags);
    if (!fields.has("AVFrame", "interlaced_frame")) return;
    fields.set(this.address, "AVFrame", "interlaced_frame", 1);
    fields.set(this.address, "AVFrame", "top_field_first", isTopFirst ? 1 : 0);
  }

  /** Shows only the top left part of the picture's memory. */
  crop(width: number, height: number): void {
    this.#native.fields.set(this.address, "AVFrame", "width", width);
    this.#native.fields.set(this.address, "AVFrame", "height", height);
  }

  /**
   * Sets the timestamp, in ticks of the encoder's time base, whether the frame must become a key frame, and
   * the quantizer, in libavcodec's units, for encoders that read it from each frame (AV_CODEC_FLAG_QSCALE).
   */
  stamp(ticks: bigint, keyFrame: boolean, quality: number): void {
    const { fields } = this.#native;
    fields.set(this.address, "AVFrame", "pts", ticks);
    fields.set(this.address, "AVFrame", "quality", quality);
    fields.set(
      this.address,
      "AVFrame",
      "pict_type",
      keyFrame ? pictureType.intra : pictureType.asEncoderLikes,
    );
  }
}
