/**
 * Baseline JPEG (ITU-T T.81, JFIF) of pixels, in pure TypeScript.
 *
 * @module
 */
import type { FrameLayout, PlaneView } from "../video/raw_frame.ts";
import { BlockWriter, JpegBits, maxBlockBytes } from "./jpeg_blocks.ts";
import { chromaTables, type HuffmanTable, lumaTables, quantizersAt, zigzag } from "./jpeg_tables.ts";
import { type RgbOrder, rgbOrders } from "./pixel_formats.ts";

/** Whether pixels of a format become JPEG: red, green and blue in any order, or gray. */
export function isJpegSource(format: string): boolean {
  return format === "gray" || Object.hasOwn(rgbOrders, format);
}

/** The longest side: its header has sixteen bits for it (ITU-T T.81, B.2.2). */
export const longestJpegSide = 65_535;

/** Pixels of a side of the unit that has one block of each chroma. */
const unit = 16;
/** Blocks of luma and chroma in it. */
const unitBlocks = 6;

/** Encodes pictures of one size and format. Transparent pixels lie over black. */
export class JpegEncoder {
  readonly #width: number;
  readonly #height: number;
  readonly #order: RgbOrder | null;
  readonly #bits = new JpegBits();
  readonly #luma: BlockWriter;
  readonly #blue: BlockWriter;
  readonly #red: BlockWriter;
  readonly #header: Uint8Array;
  readonly #block = new Float32Array(64);
  /** Luma, and chroma of each pixel, of a unit. */
  readonly #lumas = new Float32Array(unit * unit);
  readonly #blues = new Float32Array(unit * unit);
  readonly #reds = new Float32Array(unit * unit);

  /** For a quality from 1 to 100, on the scale of libjpeg. */
  constructor({ format: { name }, width, height }: FrameLayout, quality: number) {
    this.#width = width;
    this.#height = height;
    this.#order = rgbOrders[name] ?? null;
    const quantizers = quantizersAt(quality);
    this.#luma = new BlockWriter(this.#bits, quantizers[0]!, true);
    this.#blue = new BlockWriter(this.#bits, quantizers[1]!, false);
    this.#red = new BlockWriter(this.#bits, quantizers[1]!, false);
    this.#header = headerOf(width, height, quantizers, this.#order === null);
  }

  /** The file of a picture. It is valid until the next call. */
  encode(planes: readonly PlaneView[]): Uint8Array<ArrayBuffer> {
    const bits = this.#bits;
    bits.length = 0;
    bits.reserve(this.#header.length);
    bits.bytes.set(this.#header);
    bits.length = this.#header.length;
    for (const writer of [this.#luma, this.#blue, this.#red]) writer.restart();
    const plane = planes[0]!;
    const side = this.#order === null ? 8 : unit;
    for (let y = 0; y < this.#height; y += side) {
      for (let x = 0; x < this.#width; x += side) {
        bits.reserve(unitBlocks * maxBlockBytes);
        if (this.#order === null) this.#writeGray(plane, x, y);
        else this.#writeUnit(this.#order, plane, x, y);
      }
    }
    bits.finish();
    bits.reserve(2);
    bits.bytes.set([0xFF, 0xD9], bits.length);
    return bits.bytes.subarray(0, bits.length += 2);
  }

  /** Rows and columns behind the edge are the last ones again. */
  #writeGray({ bytes, stride }: PlaneView, left: number, top: number): void {
    for (let index = 0; index < 64; index++) {
      const x = Math.min(left + (index & 7), this.#width - 1);
      const y = Math.min(top + (index >> 3), this.#height - 1);
      this.#block[index] = bytes[y * stride + x]! - 128;
    }
    this.#luma.write(this.#block);
  }

  #writeUnit(order: RgbOrder, plane: PlaneView, left: number, top: number): void {
    this.#convert(order, plane, left, top);
    const block = this.#block;
    for (let part = 0; part < 4; part++) {
      const start = (part >> 1) * 8 * unit + (part & 1) * 8;
      for (let index = 0; index < 64; index++) {
        block[index] = this.#lumas[start + (index >> 3) * unit + (index & 7)]!;
      }
      this.#luma.write(block);
    }
    for (const [values, writer] of [[this.#blues, this.#blue], [this.#reds, this.#red]] as const) {
      for (let index = 0; index < 64; index++) {
        const at = (index >> 3) * 2 * unit + (index & 7) * 2;
        block[index] = (values[at]! + values[at + 1]! + values[at + unit]! + values[at + unit + 1]!) / 4;
      }
      writer.write(block);
    }
  }

  /** Luma and chroma of a unit's pixels (BT.601, full range, as JFIF has them). */
  #convert({ step, red, green, blue, alpha }: RgbOrder, plane: PlaneView, left: number, top: number): void {
    const { bytes, stride } = plane;
    for (let row = 0, at = 0; row < unit; row++) {
      const start = Math.min(top + row, this.#height - 1) * stride;
      for (let column = 0; column < unit; column++, at++) {
        const pixel = start + Math.min(left + column, this.#width - 1) * step;
        const share = alpha < 0 ? 1 : bytes[pixel + alpha]! / 255;
        const r = bytes[pixel + red]! * share, g = bytes[pixel + green]! * share;
        const b = bytes[pixel + blue]! * share;
        this.#lumas[at] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
        this.#blues[at] = -0.168735892 * r - 0.331264108 * g + 0.5 * b;
        this.#reds[at] = 0.5 * r - 0.418687589 * g - 0.081312411 * b;
      }
    }
  }
}

/** A segment: its marker, its length and its bytes. */
function segment(marker: number, bytes: readonly number[]): number[] {
  const length = bytes.length + 2;
  return [0xFF, marker, length >> 8, length & 255, ...bytes];
}

/** All that is in front of the blocks. */
function headerOf(
  width: number,
  height: number,
  quantizers: readonly Uint8Array[],
  isGray: boolean,
): Uint8Array {
  // Number, sampling factors, quantizers, and Huffman tables.
  const components = isGray
    ? [[1, 0x11, 0, 0x00]] as const
    : [[1, 0x22, 0, 0x00], [2, 0x11, 1, 0x11], [3, 0x11, 1, 0x11]] as const;
  const tables = (id: number, [means, others]: readonly HuffmanTable[]): number[] => [
    ...[id, ...means!.counts, ...means!.values],
    ...[0x10 | id, ...others!.counts, ...others!.values],
  ];
  return Uint8Array.from([
    ...[0xFF, 0xD8],
    // "JFIF", version 1.1, pixels that are square.
    ...segment(0xE0, [0x4A, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...segment(0xDB, quantizers.flatMap((values, id) => [id, ...zigzag.map((at) => values[at]!)])),
    ...segment(0xC0, [
      ...[8, height >> 8, height & 255, width >> 8, width & 255, components.length],
      ...components.flatMap(([id, sampling, quantizer]) => [id, sampling, quantizer]),
    ]),
    ...segment(0xC4, [...tables(0, lumaTables), ...tables(1, chromaTables)]),
    ...segment(0xDA, [
      components.length,
      ...components.flatMap(([id, , , huffman]) => [id, huffman]),
      ...[0, 63, 0],
    ]),
  ]);
}
