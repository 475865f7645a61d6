/**
 * Native memory, reached through libavutil's own copy functions: no runtime's pointer class is needed, and so
 * none of the permissions that those ask for.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type Address, address, type Functions, type NativeBuffer } from "./contract.ts";
import type { memoryIn, memoryOut, memoryWithin } from "./symbols/avutil.ts";

/** A cell that a C function reads or writes a pointer in (a `T **` parameter). */
export class PointerCell {
  /** The memory of the cell: pass it as the parameter. */
  readonly buffer: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);

  /** Makes a cell that holds a pointer, null unless given. */
  constructor(value: bigint = 0n) {
    this.buffer[0] = value;
  }

  /** The pointer in the cell. */
  get value(): Address {
    return address(this.buffer[0]!);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A C string of a JavaScript one. Throws a `TypeError` where it holds a NUL, which would cut it short. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  if (text.includes("\0")) {
    throw new TypeError(`Cannot pass ${JSON.stringify(text)} to FFmpeg: it holds a NUL character, remove it`);
  }
  return encoder.encode(`${text}\0`);
}

/** A string of 16-bit units, as Windows takes them. */
export function wideString(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint16Array.from(`${text}\0`, (letter) => letter.charCodeAt(0)).buffer);
}

/** The text in a buffer that a C function has filled, up to its NUL. */
export function textOf(buffer: Uint8Array): string {
  const end = buffer.indexOf(0);
  return decoder.decode(buffer.subarray(0, end < 0 ? buffer.length : end));
}

/** The most bytes of a row: C counts them in an `int`. */
const maxRowBytes = 2 ** 31 - 1;

/**
 * Throws unless rows with this stride fit in so many bytes. libav checks strides with an assertion, which
 * ends the process, and nobody checks lengths.
 */
function requireRows(bytes: number, stride: number, rowBytes: number, rows: number): void {
  const areNumbers = [stride, rowBytes, rows].every((number) => Number.isInteger(number) && number >= 0);
  if (areNumbers && stride >= rowBytes && stride <= maxRowBytes) {
    if (rows === 0 || stride * (rows - 1) + rowBytes <= bytes) return;
  }
  throw new RangeError(
    `Cannot copy ${rows} rows of ${rowBytes} bytes, ${stride} bytes apart, in a buffer of ${bytes} bytes`,
  );
}

/** Throws where a view is too long to be copied as one row. */
function requireRow({ byteLength }: NativeBuffer): void {
  if (byteLength > maxRowBytes) requireRows(byteLength, byteLength, byteLength, 1);
}

/** Throws unless rows of native memory, which may go upwards, do not overlap. */
function requireStride(stride: number, rowBytes: number, rows: number): void {
  requireRows(Infinity, Math.abs(stride), rowBytes, rows);
}

/** Reads and writes native memory. A copy that does not fit throws a `RangeError`. */
export class NativeMemory {
  readonly #in: Functions<typeof memoryIn>;
  readonly #out: Functions<typeof memoryOut>;
  readonly #within: Functions<typeof memoryWithin>;

  /** Wraps the three forms of libavutil's copy function. */
  constructor(
    copyIn: Functions<typeof memoryIn>,
    copyOut: Functions<typeof memoryOut>,
    copyWithin: Functions<typeof memoryWithin>,
  ) {
    this.#in = copyIn;
    this.#out = copyOut;
    this.#within = copyWithin;
  }

  /** Fills a JavaScript view from native memory. */
  read(from: Address, into: NativeBuffer): void {
    requireRow(into);
    this.#out.av_image_copy_plane(into, into.byteLength, from, into.byteLength, into.byteLength, 1);
  }

  /** Copies a JavaScript view into native memory. */
  write(to: Address, from: NativeBuffer): void {
    requireRow(from);
    this.#in.av_image_copy_plane(to, from.byteLength, from, from.byteLength, from.byteLength, 1);
  }

  /**
   * Copies rows of a plane from a JavaScript view, which must hold `fromStride * (rows - 1) + rowBytes`
   * bytes, into native memory.
   */
  writeRows(
    to: Address,
    toStride: number,
    from: NativeBuffer,
    fromStride: number,
    rowBytes: number,
    rows: number,
  ): void {
    requireRows(from.byteLength, fromStride, rowBytes, rows);
    requireStride(toStride, rowBytes, rows);
    this.#in.av_image_copy_plane(to, toStride, from, fromStride, rowBytes, rows);
  }

  /**
   * Copies rows of a plane from native memory into a JavaScript view, which must hold `rowBytes * rows`
   * bytes.
   */
  readRows(into: NativeBuffer, from: Address, fromStride: number, rowBytes: number, rows: number): void {
    requireRows(into.byteLength, rowBytes, rowBytes, rows);
    requireStride(fromStride, rowBytes, rows);
    this.#out.av_image_copy_plane(into, rowBytes, from, fromStride, rowBytes, rows);
  }

  /** Copies rows of a plane within native memory. */
  copyRows(
    to: Address,
    toStride: number,
    from: Address,
    fromStride: number,
    rowBytes: number,
    rows: number,
  ): void {
    requireStride(fromStride, rowBytes, rows);
    requireStride(toStride, rowBytes, rows);
    this.#within.av_image_copy_plane(to, toStride, from, fromStride, rowBytes, rows);
  }

  /** The C string at an address, or `null` at the null pointer; `most` bytes of it. */
  text(at: Address, most = 65536): string | null {
    if (at === 0n) return null;
    let buffer = new Uint8Array(256);
    // av_strlcpy returns the length of the whole string, whatever fitted.
    const length = Number(this.#out.av_strlcpy(buffer, at, BigInt(buffer.length)));
    if (length >= buffer.length) {
      buffer = new Uint8Array(Math.min(length + 1, most));
      this.#out.av_strlcpy(buffer, at, BigInt(buffer.length));
    }
    return textOf(buffer);
  }
}

/**
 * Memory of its own, all of which is to be written before it is read: Bun would clear it first, which for a
 * frame takes longer than to fill it.
 */
export function memoryToFill(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
}
