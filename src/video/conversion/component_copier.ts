/**
 * One component of pictures, copied from where libavutil says that it lies.
 *
 * libavutil has functions for this (av_read_image_line2), but their arguments do not all fit into registers,
 * and Bun passes those that do not in a way that Apple's processors do not expect.
 *
 * @module
 */
import type { ComponentGeometry, PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { FrameLayout, PlaneView } from "../raw_frame.ts";

/** A plane without gaps between rows. */
export interface OwnPlane extends PlaneView {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

type WordSize = 1 | 2 | 4;
type Words = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function asWords(size: WordSize, memory: ArrayBuffer): Words {
  return size === 1 ? new Uint8Array(memory) : size === 2 ? new Uint16Array(memory) : new Uint32Array(memory);
}

/** Bytes of the words that hold a component. */
function wordSize({ isBitstream }: PixelFormatInfo, { step, shift, depth }: ComponentGeometry): WordSize {
  if (isBitstream) return step > 8 ? 4 : 1;
  return shift + depth <= 8 ? 1 : shift + depth <= 16 ? 2 : 4;
}

/** Whether a component can be copied into a format: each pixel is one word, in order. */
export function canTakeComponents(format: PixelFormatInfo): boolean {
  return !format.isBitstream && !format.isBigEndian &&
    format.components.every((component) =>
      component.offset === 0 && component.step === wordSize(format, component)
    );
}

/** Where the words of a component begin in a row, and the value in each. */
interface Place {
  readonly size: WordSize;
  /** Bytes before the first word. */
  readonly start: number;
  /** Words from one to the next. */
  readonly step: number;
  readonly shift: number;
  /** The highest byte comes first. */
  readonly isSwapped: boolean;
}

/** As libavutil understands its own description (libavutil/pixdesc.c). */
function placeOf(format: PixelFormatInfo, component: ComponentGeometry): Place {
  const { offset, step, shift } = component;
  const size = wordSize(format, component);
  // A whole pixel in one word; the offset is that of its lowest bit.
  if (format.isBitstream) return { size, start: 0, step: step >> 5, shift: offset, isSwapped: true };
  // In the lower byte of a word of two.
  const start = size === 1 && format.isBigEndian ? offset + 1 : offset;
  return { size, start, step: step / size, shift, isSwapped: size > 1 && format.isBigEndian };
}

/**
 * The values of a component for those of another number of bits, the largest for the largest; `null` where
 * lower bits are dropped.
 */
function valueTable(from: number, to: number, isInverted: boolean): Uint16Array<ArrayBuffer> | null {
  if (from >= to) return null;
  const most = 2 ** from - 1;
  const factor = (2 ** to - 1) / most;
  return Uint16Array.from(
    { length: most + 1 },
    (_, value) => Math.round((isInverted ? most - value : value) * factor),
  );
}

/** Copies a component of pictures of one layout into a plane whose format has the same components. */
export class ComponentCopier {
  readonly #component: ComponentGeometry;
  readonly #columns: number;
  readonly #rows: number;
  readonly #place: Place;
  readonly #sharesBytes: boolean;
  readonly #isIrregular: boolean;
  /** A row of the source from the component's first word on, which is at a multiple of its size here. */
  readonly #row: Words;
  readonly #rowBytes: Uint8Array<ArrayBuffer>;
  readonly #target: Words;
  readonly #targetRow: number;
  readonly #targetShift: number;
  /** Lower bits that the target does not have. */
  readonly #dropped: number;
  readonly #table: Uint16Array<ArrayBuffer> | null;

  constructor(from: FrameLayout, to: PixelFormatInfo, planes: readonly OwnPlane[], index: number) {
    const { format } = from;
    const component = format.components[index]!, target = to.components[index]!;
    const isChroma = !format.isRgb && (index === 1 || index === 2);
    this.#component = component;
    this.#columns = isChroma ? Math.ceil(from.width / (1 << format.log2ChromaWidth)) : from.width;
    this.#rows = isChroma ? Math.ceil(from.height / (1 << format.log2ChromaHeight)) : from.height;
    this.#place = placeOf(format, component);
    this.#sharesBytes = format.isBitstream && this.#place.size === 1;
    this.#isIrregular = format.name === "uyyvyy411" && index === 0;
    this.#rowBytes = new Uint8Array(Math.ceil(from.planes[component.plane]!.rowBytes / 4) * 4);
    this.#row = asWords(this.#place.size, this.#rowBytes.buffer);
    const { bytes, stride } = planes[target.plane]!;
    this.#target = asWords(wordSize(to, target), bytes.buffer);
    this.#targetRow = stride / this.#target.BYTES_PER_ELEMENT;
    this.#targetShift = target.shift;
    this.#dropped = Math.max(0, component.depth - target.depth);
    this.#table = valueTable(component.depth, target.depth, format.name === "monow");
  }

  /** Copies the component into a plane of zeros: others may share its words. */
  copy(source: readonly PlaneView[]): void {
    const { bytes, stride } = source[this.#component.plane]!;
    const { start, isSwapped } = this.#place;
    for (let y = 0; y < this.#rows; y++) {
      const from = y * stride + start;
      this.#rowBytes.set(bytes.subarray(from, Math.min(from + this.#rowBytes.length, bytes.length)));
      if (isSwapped) this.#swap();
      if (this.#isIrregular) this.#copyIrregular(y * this.#targetRow);
      else if (this.#sharesBytes) this.#copyBits(y * this.#targetRow);
      else this.#copyWords(y * this.#targetRow);
    }
  }

  #copyWords(to: number): void {
    const { step, shift } = this.#place;
    const row = this.#row, target = this.#target, table = this.#table;
    const mask = 2 ** this.#component.depth - 1 | 0;
    const targetShift = this.#targetShift;
    const end = to + this.#columns;
    if (table === null) {
      const dropped = this.#dropped;
      for (let from = 0; to < end; from += step) {
        target[to++]! |= (row[from]! >>> shift & mask) >>> dropped << targetShift;
      }
    } else {
      for (let from = 0; to < end; from += step) {
        target[to++]! |= table[row[from]! >>> shift & mask]! << targetShift;
      }
    }
  }

  /** Several pixels share a byte, the first one in its highest bits. */
  #copyBits(to: number): void {
    const { step, offset, depth } = this.#component;
    const row = this.#row, target = this.#target, table = this.#table;
    const mask = 2 ** depth - 1;
    const targetShift = this.#targetShift;
    for (let end = to + this.#columns, bit = offset; to < end; bit += step) {
      const value = row[bit >> 3]! >>> 8 - depth - (bit & 7) & mask;
      target[to++]! |= (table?.[value] ?? value) << targetShift;
    }
  }

  /** libavutil cannot describe where uyyvyy411 has its luma: in bytes 2, 3, 5 and 6 of each six. */
  #copyIrregular(to: number): void {
    const row = this.#row, target = this.#target;
    // The first one is at the start of the row here.
    for (let x = 0; x < this.#columns; x++) target[to + x] = row[(x >> 2) * 6 + [0, 1, 3, 4][x & 3]!]!;
  }

  #swap(): void {
    const size = this.#place.size;
    const bytes = this.#rowBytes;
    for (let at = 0; at < bytes.length; at += size) {
      for (let low = at, high = at + size - 1; low < high; low++, high--) {
        const byte = bytes[low]!;
        bytes[low] = bytes[high]!;
        bytes[high] = byte;
      }
    }
  }
}
