/**
 * The tables of baseline JPEG (ITU-T T.81, annex K). Data, and what is made of it.
 *
 * @module
 */

/** Quantizers of luma and chroma at the middle quality, row by row. */
const middleQuantizers: readonly (readonly number[])[] = [
  [
    ...[16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55],
    ...[14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62],
    ...[18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92],
    ...[49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
  ],
  [
    ...[17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99],
    ...[24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99],
    ...new Array<number>(32).fill(99),
  ],
];

/** The order in which a block's values are stored: where each one is in the block. */
export const zigzag: readonly number[] = [
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6],
  ...[7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31],
  ...[39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
];

/** The quantizers of luma and chroma at a quality from 1 to 100, on the scale of libjpeg. */
export function quantizersAt(quality: number): readonly Uint8Array<ArrayBuffer>[] {
  const percent = quality < 50 ? 5000 / quality : 200 - quality * 2;
  return middleQuantizers.map((values) =>
    Uint8Array.from(values, (value) => Math.min(255, Math.max(1, Math.floor((value * percent + 50) / 100))))
  );
}

/** A Huffman table: how many codes of 1 to 16 bits there are, and what they stand for. */
export interface HuffmanTable {
  readonly counts: readonly number[];
  readonly values: readonly number[];
}

/** The numbers from `first` to `last`. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The values that long codes stand for: those of runs from `run` on, each up to the size 10. */
function longValues(run: number, least: readonly number[]): number[] {
  return least.flatMap((size, index) => range((run + index) * 16 + size, (run + index) * 16 + 10));
}

const dcValues = range(0, 11);

/** Of luma: differences of means, then all else. */
export const lumaTables: readonly HuffmanTable[] = [
  { counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], values: dcValues },
  {
    counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
    values: [
      ...[0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07],
      ...[0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0],
      ...[0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a],
      ...longValues(1, [6, 5, 4, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1]),
    ],
  },
];

/** Of chroma. */
export const chromaTables: readonly HuffmanTable[] = [
  { counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], values: dcValues },
  {
    counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
    values: [
      ...[0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71],
      ...[0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0],
      ...[0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1],
      ...longValues(1, [7, 6, 5, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2]),
    ],
  },
];

/** Code and number of bits of each value. */
export function codesOf({ counts, values }: HuffmanTable): { codes: Uint16Array; bits: Uint8Array } {
  const codes = new Uint16Array(256), bits = new Uint8Array(256);
  let code = 0, index = 0;
  for (const [less, count] of counts.entries()) {
    for (let each = 0; each < count; each++) {
      const value = values[index++]!;
      codes[value] = code++;
      bits[value] = less + 1;
    }
    code <<= 1;
  }
  return { codes, bits };
}
