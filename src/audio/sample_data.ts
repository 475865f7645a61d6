/**
 * The numbers of samples: in typed arrays, which say what they are, or as bytes of a format that is named.
 *
 * @module
 */
import { bytesIn, typedArrayKind } from "../buffer_bytes.ts";
import { kindOf, shown } from "../shown.ts";

/**
 * Samples of one or of all channels: a typed array (floats from -1 to 1, signed integers, or bytes around
 * 128), or any buffer whose samples have the `format` that is given.
 */
export type SampleData = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/**
 * How samples lie in bytes, by libavutil's name: unsigned bytes, signed integers of 16, 32 and 64 bits, and
 * floats of 32 and 64, with the byte order of the machine. With `p` at the end, all samples of a channel come
 * before those of the next one.
 */
export type SampleFormatName =
  | "u8"
  | "s16"
  | "s32"
  | "s64"
  | "flt"
  | "dbl"
  | "u8p"
  | "s16p"
  | "s32p"
  | "s64p"
  | "fltp"
  | "dblp";

type Values = Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** Which typed array holds a format. */
const arrayTypes = {
  u8: Uint8Array,
  s16: Int16Array,
  s32: Int32Array,
  s64: BigInt64Array,
  flt: Float32Array,
  dbl: Float64Array,
} as const;

/** A format of samples, without regard to planes. */
export type PlainFormat = keyof typeof arrayTypes;

const plainFormats = Object.keys(arrayTypes) as PlainFormat[];

/** What other programs call the formats. */
const otherNames: Readonly<Record<string, SampleFormatName>> = {
  ...{ f32: "flt", f64: "dbl", "f32-planar": "fltp", "s16-planar": "s16p", "s32-planar": "s32p" },
  ...{ "u8-planar": "u8p", f32le: "flt", f64le: "dbl", s16le: "s16", s32le: "s32", float: "flt" },
  ...{ double: "dbl", int16: "s16", int32: "s32", uint8: "u8", float32: "flt", float64: "dbl" },
};

/** The bytes of a sample. */
export function bytesOfSample(format: PlainFormat): number {
  return arrayTypes[format].BYTES_PER_ELEMENT;
}

/** The format of a name, and whether channels have planes of their own; `null` where there is none. */
export function formatOfName(
  name: unknown,
): { readonly plain: PlainFormat; readonly isPlanar: boolean } | null {
  for (const plain of plainFormats) {
    if (name === plain || name === `${plain}p`) return { plain, isPlanar: name !== plain };
  }
  return null;
}

/** What a format's name must be, for a message. */
export function expectedFormat(name: unknown): string {
  const known = Object.hasOwn(otherNames, String(name)) ? otherNames[String(name)] : undefined;
  if (known !== undefined) return `${shown(known)} for that`;
  const names = plainFormats.flatMap((plain) => [plain, `${plain}p`]);
  return `one of ${names.map((each) => shown(each)).join(", ")}`;
}

/** The format that a typed array says; `null` where a value is none. */
export function formatOfArray(data: unknown): PlainFormat | null {
  // Node's Buffer, and other subclasses, too.
  const kind = typedArrayKind(data);
  return plainFormats.find((plain) => arrayTypes[plain].name === kind) ?? null;
}

/** Whether a value has bytes of samples of a format: raw ones, or the array of that format. */
export function holdsFormat(data: unknown, format: PlainFormat): boolean {
  const kind = typedArrayKind(data);
  if (kind === undefined) return bytesIn(data) !== null;
  return [arrayTypes[format].name, "Uint8Array", "Uint8ClampedArray"].includes(kind);
}

/** The numbers in bytes of a format, copied where they do not lie as arrays need it. */
export function numbersIn(bytes: Uint8Array, format: PlainFormat): Values {
  const size = bytesOfSample(format);
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new arrayTypes[format](buffer as ArrayBuffer, byteOffset, Math.floor(bytes.length / size));
}

/** What data is, for a message. */
export function describeData(data: unknown): string {
  return typeof data === "object" && data !== null ? kindOf(data) : shown(data);
}

/** The place of the first number that is not finite; `null` where there is none, or the format has none. */
export function firstNotFinite(bytes: Uint8Array, format: PlainFormat): number | null {
  if (format !== "flt" && format !== "dbl") return null;
  const values = numbersIn(bytes, format) as Float32Array | Float64Array;
  for (let index = 0; index < values.length; index++) {
    // Of NaN and infinity this is NaN.
    if (values[index]! - values[index]! !== 0) return index;
  }
  return null;
}

/**
 * The loudest sample that encoders get, as a multiple of full scale, 18 dB: some end the process with more,
 * or take hours over it.
 */
const maxLevel = 8;

/**
 * Floats in bytes with those above the loudest level lowered to it, and silence for what is no number. The
 * same bytes where there is nothing to do, otherwise a copy.
 */
export function clamped(bytes: Uint8Array, format: PlainFormat): Uint8Array {
  if (format !== "flt" && format !== "dbl") return bytes;
  const given = numbersIn(bytes, format) as Float32Array | Float64Array;
  let values = given;
  for (let index = 0; index < given.length; index++) {
    const value = given[index]!;
    if (value >= -maxLevel && value <= maxLevel) continue;
    if (values === given) values = given.slice();
    values[index] = Number.isNaN(value) ? 0 : Math.sign(value) * maxLevel;
  }
  return values === given ? bytes : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
