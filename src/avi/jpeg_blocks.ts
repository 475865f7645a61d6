/**
 * The blocks of a baseline JPEG: a cosine transform, quantizers and Huffman codes.
 *
 * @module
 */
import { chromaTables, codesOf, lumaTables, zigzag } from "./jpeg_tables.ts";

/** The scale that is left in the results of the transform (Arai, Agui and Nakajima). */
const scales = [1, 1.387039845, 1.306562965, 1.175875602, 1, 0.785694958, 0.541196100, 0.275899379] as const;

/** The transform of eight values, in place, from `at` on, so far apart. */
function transform(block: Float32Array, at: number, step: number): void {
  const at1 = at + step, at2 = at1 + step, at3 = at2 + step, at4 = at3 + step;
  const at5 = at4 + step, at6 = at5 + step, at7 = at6 + step;
  const sum0 = block[at]! + block[at7]!, difference0 = block[at]! - block[at7]!;
  const sum1 = block[at1]! + block[at6]!, difference1 = block[at1]! - block[at6]!;
  const sum2 = block[at2]! + block[at5]!, difference2 = block[at2]! - block[at5]!;
  const sum3 = block[at3]! + block[at4]!, difference3 = block[at3]! - block[at4]!;

  const even0 = sum0 + sum3, even3 = sum0 - sum3, even1 = sum1 + sum2, even2 = sum1 - sum2;
  const turned = (even2 + even3) * 0.707106781;
  block[at] = even0 + even1;
  block[at4] = even0 - even1;
  block[at2] = even3 + turned;
  block[at6] = even3 - turned;

  const odd0 = difference3 + difference2, odd1 = difference2 + difference1, odd2 = difference1 + difference0;
  const common = (odd0 - odd2) * 0.382683433;
  const part2 = 0.541196100 * odd0 + common, part4 = 1.306562965 * odd2 + common;
  const part3 = odd1 * 0.707106781;
  const upper = difference0 + part3, lower = difference0 - part3;
  block[at5] = lower + part2;
  block[at3] = lower - part2;
  block[at1] = upper + part4;
  block[at7] = upper - part4;
}

/** Bits of the largest block, in bytes, where each byte is 255 and followed by a 0. */
export const maxBlockBytes = 2 * 64 * 4;

/** Bits that are written one after another. */
export class JpegBits {
  /** Room for them; the caller sees to it that there is enough. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(2 ** 16);
  length = 0;
  #waiting = 0;
  #count = 0;

  /** Sees to it that there is room for so many bytes more. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + bytes));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Writes the lowest bits of a number, 16 at most. */
  put(value: number, bits: number): void {
    this.#waiting = this.#waiting << bits | value & (1 << bits) - 1;
    this.#count += bits;
    while (this.#count >= 8) {
      this.#count -= 8;
      const byte = this.#waiting >>> this.#count & 255;
      this.bytes[this.length++] = byte;
      // A 255 would begin a marker.
      if (byte === 255) this.bytes[this.length++] = 0;
    }
    this.#waiting &= (1 << this.#count) - 1;
  }

  /** Fills the last byte with ones. */
  finish(): void {
    if (this.#count > 0) this.put(127, 8 - this.#count);
  }
}

/** Writes the blocks of one component. */
export class BlockWriter {
  readonly #bits: JpegBits;
  readonly #factors: Float32Array;
  readonly #means: ReturnType<typeof codesOf>;
  readonly #others: ReturnType<typeof codesOf>;
  readonly #values = new Int32Array(64);
  #lastMean = 0;

  /** For luma or chroma with these quantizers. */
  constructor(bits: JpegBits, quantizers: Uint8Array, isLuma: boolean) {
    this.#bits = bits;
    this.#factors = Float32Array.from(
      quantizers,
      (value, index) => 1 / (value * scales[index >> 3]! * scales[index & 7]! * 8),
    );
    const [means, others] = isLuma ? lumaTables : chromaTables;
    this.#means = codesOf(means!);
    this.#others = codesOf(others!);
  }

  /** Begins a picture. */
  restart(): void {
    this.#lastMean = 0;
  }

  /** Writes a block of 64 values from -128 to 127, which it changes. */
  write(block: Float32Array): void {
    for (let row = 0; row < 64; row += 8) transform(block, row, 1);
    for (let column = 0; column < 8; column++) transform(block, column, 8);
    const values = this.#values;
    let last = 0;
    for (let index = 0; index < 64; index++) {
      const from = zigzag[index]!;
      const value = values[index] = Math.round(block[from]! * this.#factors[from]!);
      if (value !== 0) last = index;
    }
    this.#putValue(this.#means, 0, values[0]! - this.#lastMean);
    this.#lastMean = values[0]!;
    this.#putOthers(values, last);
  }

  #putOthers(values: Int32Array, last: number): void {
    const { codes, bits } = this.#others;
    let zeros = 0;
    for (let index = 1; index <= last; index++) {
      const value = values[index]!;
      if (value === 0) {
        zeros++;
        continue;
      }
      // 16 zeros have a code of their own.
      for (; zeros > 15; zeros -= 16) this.#bits.put(codes[0xF0]!, bits[0xF0]!);
      this.#putValue(this.#others, zeros << 4, value);
      zeros = 0;
    }
    if (last < 63) this.#bits.put(codes[0]!, bits[0]!);
  }

  /** Writes the code of a number's size, and the number. */
  #putValue({ codes, bits }: ReturnType<typeof codesOf>, run: number, value: number): void {
    const size = 32 - Math.clz32(Math.abs(value));
    const code = run | size;
    this.#bits.put(codes[code]!, bits[code]!);
    if (size > 0) this.#bits.put(value < 0 ? value - 1 : value, size);
  }
}
