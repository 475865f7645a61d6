/**
 * Pictures in formats that libswscale does not read, or not well: laid out anew in one that it does.
 *
 * @module
 */
import { address, type Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { Frame } from "../libav/frame.ts";
import { pixelFormatByName, type PixelFormatInfo, pixelFormats } from "../libav/pixel_format.ts";
import { isScalerInput, Scaler, type ScalerSide } from "../libav/scaler.ts";
import { scalerMatrix } from "./color.ts";
import { copyPixels, frameLayout, type PictureShape, type Pixels, Staging } from "./pixels.ts";
import type { FrameLayout } from "./raw_frame.ts";

/** A way to lay pictures of one shape out anew. */
interface Way extends Disposable {
  /** What they are laid out in. */
  readonly format: PixelFormatInfo;
  /** Lays one picture out. The frame is valid until the next call. */
  convert(pixels: Pixels): Frame;
}

/** Lays pictures of one shape out anew. The frame that comes out is valid until the next call. */
export class Unpacker implements Disposable {
  readonly #way: Way;
  /** What comes out. */
  readonly shape: PictureShape;

  /** Whether pictures of a format have to be laid out anew before libswscale can read them, and their edges be repeated. */
  static isNeeded(native: Native, format: PixelFormatInfo, width: number): boolean {
    return format.isBayer || format.isFloat || isCoarse(format) || isTight(format) ||
      width % pixelsTogether(format) > 0 || !isScalerInput(native, format);
  }

  /** For pictures of a shape. Throws an {@linkcode UnsupportedError} where no format is known that they could be laid out in. */
  constructor(native: Native, from: PictureShape) {
    const { layout, meaning } = from;
    this.#way = createWay(native, from);
    this.shape = { layout: frameLayout(this.#way.format, layout.width, layout.height), meaning };
  }

  /** Lays one picture out anew. */
  convert(pixels: Pixels): Frame {
    return this.#way.convert(pixels);
  }

  /** Frees the frames. */
  [Symbol.dispose](): void {
    this.#way[Symbol.dispose]();
  }
}

function createWay(native: Native, from: PictureShape): Way {
  const { format } = from.layout;
  if (format.isBayer) return new Mosaic(native, from);
  const integers = format.isFloat ? integerTwin(native, format) : null;
  if (integers !== null) return new Rounding(native, from.layout, integers);
  const twin = readableTwin(native, format);
  if (twin !== null) return new Components(native, from.layout, twin);
  throw new UnsupportedError(`Cannot convert ${format.name}: neither libswscale nor avwriter reads it`, {
    code: "PIXEL_FORMAT",
    operation: "convert a frame",
    hint: "Give frames in another pixel format",
  });
}

/** A frame of a format and size that may be written over. */
function refreshed(frame: Frame, format: PixelFormatInfo, width: number, height: number): Frame {
  // Whoever got the last picture may still hold it.
  if (!frame.isWritable) {
    frame.unref();
    frame.allocatePicture(format, width, height);
  }
  return frame;
}

/** RGB of four to six bits in one word, whose white libswscale takes for gray: it appends zeros to the bits. */
function isCoarse({ isRgb, isBayer, depths }: PixelFormatInfo): boolean {
  return isRgb && !isBayer && depths.every((depth) => depth >= 4 && depth <= 6);
}

/** How many pixels of a row share bytes: after the last one of a row, there may be others that nobody meant. */
function pixelsTogether({ isBitstream, planeCount, log2ChromaWidth }: PixelFormatInfo): number {
  return isBitstream ? 8 : planeCount === 1 ? 1 << log2ChromaWidth : 1;
}

/** RGB of ten bits in one word, of which libswscale loses more than it need. */
function isTight({ isRgb, planeCount, depth }: PixelFormatInfo): boolean {
  return isRgb && planeCount === 1 && depth > 8 && depth < 16;
}

/** The most bits of an integer component that libswscale reads. */
const mostBits = 16;

/** A format with the same components, of as many bits (or those that libswscale reads well), that libswscale reads; planes first. */
function readableTwin(native: Native, format: PixelFormatInfo): PixelFormatInfo | null {
  const isWidened = isCoarse(format) || format.isGray && format.isBitstream;
  const depths = format.depths.map((depth) => (isWidened ? 8 : Math.min(depth, mostBits)));
  const twins = pixelFormats(native)
    // The ...be twins come after the ...le ones, which are this machine's own.
    .filter((twin) =>
      !twin.isHardware && !twin.isPalette && !twin.isBayer && !twin.isFloat && !twin.name.endsWith("be") &&
      !format.isFloat && twin.isRgb === format.isRgb && twin.hasAlpha === format.hasAlpha &&
      twin.log2ChromaWidth === format.log2ChromaWidth &&
      twin.log2ChromaHeight === format.log2ChromaHeight &&
      twin.depths.length === depths.length && twin.depths.every((depth, index) => depth === depths[index]) &&
      isScalerInput(native, twin)
    );
  return twins.find(({ planeCount }) => planeCount === depths.length) ?? twins[0] ?? null;
}

/** Component by component, as libavutil knows where each is. */
class Components implements Way {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #to: FrameLayout;
  readonly #staging: Staging;
  readonly #frame: Frame;
  /** One row of one component. */
  readonly #row: Uint32Array<ArrayBuffer>;
  /** As large as the largest plane. */
  readonly #zeros: Uint8Array<ArrayBuffer>;
  readonly format: PixelFormatInfo;

  constructor(native: Native, from: FrameLayout, to: PixelFormatInfo) {
    this.#native = native;
    this.#from = from;
    this.#to = frameLayout(to, from.width, from.height);
    this.#staging = new Staging(native, from);
    this.#frame = new Frame(native);
    this.#row = new Uint32Array(from.width);
    this.#zeros = new Uint8Array(Math.max(...this.#to.planes.map(({ rowBytes, rows }) => rowBytes * rows)));
    this.format = to;
  }

  convert(pixels: Pixels): Frame {
    const { width, height } = this.#from;
    const staged = this.#staging.stage(pixels);
    const frame = refreshed(this.#frame, this.format, width, height);
    this.#clear(frame);
    for (const component of this.format.depths.keys()) this.#copyComponent(staged, frame, component);
    return frame;
  }

  /** libavutil writes a component by setting bits. */
  #clear(frame: Frame): void {
    for (const [plane, { rowBytes, rows }] of this.#to.planes.entries()) {
      this.#native.memory.writeRows(
        frame.planeAddress(plane),
        frame.stride(plane),
        this.#zeros,
        rowBytes,
        rowBytes,
        rows,
      );
    }
  }

  #copyComponent(staged: Frame, frame: Frame, component: number): void {
    const { avutil } = this.#native;
    const { format: from, width, height } = this.#from;
    const isChroma = !from.isRgb && (component === 1 || component === 2);
    const columns = isChroma ? Math.ceil(width / (1 << from.log2ChromaWidth)) : width;
    const rows = isChroma ? Math.ceil(height / (1 << from.log2ChromaHeight)) : height;
    const isIrregular = from.name === "uyyvyy411" && component === 0;
    const isInverted = from.name === "monow";
    const read = avutil.av_pix_fmt_desc_get(from.id);
    const written = avutil.av_pix_fmt_desc_get(this.format.id);
    const row = this.#row;
    const size = row.BYTES_PER_ELEMENT;
    const { planeAddresses: data, strides } = staged;
    const { planeAddresses: target, strides: targetStrides } = frame;
    for (let y = 0; y < rows; y++) {
      if (isIrregular) this.#readIrregularLuma(staged, y);
      else avutil.av_read_image_line2(row, data, strides, read, 0, y, component, columns, 0, size);
      if (isInverted) { for (let x = 0; x < columns; x++) row[x]! ^= 1; }
      this.#rescale(from.depths[component]!, this.format.depths[component]!, columns);
      avutil.av_write_image_line2(row, target, targetStrides, written, 0, y, component, columns, size);
    }
  }

  /** libavutil's description of uyyvyy411 has no words for where its luma lies: second, third, fifth and sixth of six bytes. */
  #readIrregularLuma(staged: Frame, y: number): void {
    const { planes, width } = this.#from;
    const bytes = new Uint8Array(planes[0]!.rowBytes);
    const row = address(staged.planeAddress(0) + BigInt(y * staged.stride(0)));
    this.#native.memory.readRows(bytes, row, bytes.length, bytes.length, 1);
    for (let x = 0; x < width; x++) this.#row[x] = bytes[(x >> 2) * 6 + [1, 2, 4, 5][x & 3]!]!;
  }

  /** Gives the values of the row another number of bits: the largest value stays the largest. */
  #rescale(from: number, to: number, columns: number): void {
    const row = this.#row;
    if (from > to) {
      for (let x = 0; x < columns; x++) row[x]! >>>= from - to;
    } else if (from < to) {
      const factor = (2 ** to - 1) / (2 ** from - 1);
      for (let x = 0; x < columns; x++) row[x] = Math.round(row[x]! * factor);
    }
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
  }
}

/** For floating-point formats, by the part of their names before the size: those of 16-bit integers with the samples in the same places. */
const integerTwins: Readonly<Record<string, string>> = {
  gray: "gray16le",
  ya: "ya16le",
  gbrp: "gbrp16le",
  gbrap: "gbrap16le",
  rgb: "rgb48le",
  rgba: "rgba64le",
};

function integerTwin(native: Native, { name }: PixelFormatInfo): PixelFormatInfo | null {
  const kind = /^([a-z]+)f(?:16|32)[bl]e$/.exec(name)?.[1];
  return kind === undefined ? null : pixelFormatByName(native, integerTwins[kind] ?? "");
}

let halvesRounded: Uint16Array | undefined;

/** For each 16-bit floating-point number (IEEE 754, binary16) by its bits: 0 to 1 as 0 to 65535. */
function roundedHalves(): Uint16Array {
  return halvesRounded ??= Uint16Array.from({ length: 65536 }, (_, bits) => {
    const [exponent, fraction] = [bits >> 10 & 31, bits & 1023];
    const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    const isNumber = exponent < 31 || fraction === 0;
    return isNumber && bits < 0x8000 ? Math.round(Math.min(size, 1) * 65535) : 0;
  });
}

/**
 * Floating-point samples as 16-bit integers, to the nearest: 0 is black and 1 is white. libswscale rounds more coarsely, takes gray
 * to be of limited range from FFmpeg 7 on, and ends the process over gray with alpha in FFmpeg 8.1 (an assertion).
 */
class Rounding implements Way {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #staging: Staging;
  readonly #frame: Frame;
  /** The samples of a plane. */
  readonly #samples: Uint8Array<ArrayBuffer>;
  readonly #rounded: Uint16Array<ArrayBuffer>;
  readonly format: PixelFormatInfo;

  constructor(native: Native, from: FrameLayout, to: PixelFormatInfo) {
    const most = Math.max(...from.planes.map(({ rowBytes, rows }) => rowBytes * rows));
    this.#native = native;
    this.#from = from;
    this.#staging = new Staging(native, from);
    this.#frame = new Frame(native);
    this.#samples = new Uint8Array(most);
    this.#rounded = new Uint16Array(most / (from.format.depth / 8));
    this.format = to;
  }

  convert(pixels: Pixels): Frame {
    const { memory } = this.#native;
    const { format, width, height, planes } = this.#from;
    const staged = this.#staging.stage(pixels);
    const frame = refreshed(this.#frame, this.format, width, height);
    const sampleBytes = format.depth / 8;
    for (const [plane, { rowBytes, rows }] of planes.entries()) {
      memory.readRows(this.#samples, staged.planeAddress(plane), staged.stride(plane), rowBytes, rows);
      this.#round(rowBytes * rows / sampleBytes);
      const roundedBytes = rowBytes / sampleBytes * 2;
      memory.writeRows(
        frame.planeAddress(plane),
        frame.stride(plane),
        this.#rounded,
        roundedBytes,
        roundedBytes,
        rows,
      );
    }
    return frame;
  }

  #round(count: number): void {
    const { depth, name } = this.#from.format;
    const rounded = this.#rounded;
    const samples = new DataView(this.#samples.buffer);
    const isLittleEndian = name.endsWith("le");
    if (depth === 16) {
      const halves = roundedHalves();
      for (let at = 0; at < count; at++) rounded[at] = halves[samples.getUint16(at * 2, isLittleEndian)]!;
      return;
    }
    for (let at = 0; at < count; at++) {
      const sample = samples.getFloat32(at * 4, isLittleEndian);
      // What is not a number becomes 0 in an array of integers.
      rounded[at] = Math.min(Math.max(sample, 0), 1) * 65535 + 0.5;
    }
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
  }
}

/** A side that is even. */
function even(side: number): number {
  return side + side % 2;
}

/** Colours in a pattern, as RGB: libswscale does it, but leaves an odd column undone, and ends the process over a single row (an assertion). */
class Mosaic implements Way {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #scaler: Scaler;
  readonly #staged: Frame;
  readonly #frame: Frame;
  readonly format: PixelFormatInfo;

  constructor(native: Native, { layout: from, meaning }: PictureShape) {
    const bits = from.format.depths.reduce((sum, depth) => sum + depth, 0);
    this.format = pixelFormatByName(native, bits > 8 ? "rgb48le" : "rgb24")!;
    this.#native = native;
    this.#from = from;
    const side = (format: PixelFormatInfo): ScalerSide => ({
      format,
      width: even(from.width),
      height: even(from.height),
      matrix: scalerMatrix(meaning),
      isFullRange: true,
    });
    this.#scaler = new Scaler(native, side(from.format), side(this.format));
    this.#staged = new Frame(native);
    this.#frame = new Frame(native);
  }

  convert(pixels: Pixels): Frame {
    const { format, width, height } = this.#from;
    const staged = refreshed(this.#staged, format, even(width), even(height));
    copyPixels(this.#native, pixels, this.#from, staged);
    this.#complete(staged);
    const frame = refreshed(this.#frame, this.format, even(width), even(height));
    this.#scaler.convert(staged, frame);
    return frame;
  }

  /** Repeats the last but one column and row, which have the colours that the pattern goes on with. */
  #complete(frame: Frame): void {
    const { memory } = this.#native;
    const { width, height, planes: [plane] } = this.#from;
    const { rowBytes } = plane!;
    const sampleBytes = rowBytes / width;
    const stride = frame.stride(0);
    const at = (x: number, y: number) =>
      address(frame.planeAddress(0) + BigInt(y * stride + x * sampleBytes));
    if (width % 2 === 1) {
      memory.copyRows(at(width, 0), stride, at(Math.max(0, width - 2), 0), stride, sampleBytes, height);
    }
    if (height % 2 === 1) {
      memory.copyRows(
        at(0, height),
        stride,
        at(0, Math.max(0, height - 2)),
        stride,
        even(width) * sampleBytes,
        1,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staged[Symbol.dispose]();
    this.#scaler[Symbol.dispose]();
  }
}

/** Where a component lies among the 16-bit words of a picture. */
interface WordPlace {
  readonly plane: number;
  readonly first: number;
  readonly step: number;
}

function packedWords(components: string): readonly WordPlace[] {
  const wanted = components.includes("y") ? ["y", "y", "y", "a"] : ["r", "g", "b", "a"];
  return wanted.filter((name) => components.includes(name)).map((name) => ({
    plane: 0,
    first: components.indexOf(name),
    step: components.length,
  }));
}

function planarWords(planes: readonly number[]): readonly WordPlace[] {
  return planes.map((plane) => ({ plane, first: 0, step: 1 }));
}

/** Formats of 16-bit words by the part of their names before the bits: where red, green, blue and alpha are. */
const wordPlaces: Readonly<Record<string, readonly WordPlace[]>> = {
  gray: packedWords("y"),
  ya: packedWords("ya"),
  rgb: packedWords("rgb"),
  bgr: packedWords("bgr"),
  rgba: packedWords("rgba"),
  bgra: packedWords("bgra"),
  gbrp: planarWords([2, 0, 1]),
  gbrap: planarWords([2, 0, 1, 3]),
};

/** What libswscale takes for white in 16 bits: it divides by 256, not by 257, and luma from deep RGB gets too bright by that. */
const scalerWhite = 255 * 256;

function wordsOf(
  { name }: PixelFormatInfo,
): { kind: string; isInUpperBits: boolean; isBigEndian: boolean } | null {
  const parts = /^([a-z]+)\d+(msb)?([bl])e$/.exec(name);
  if (parts === null || !Object.hasOwn(wordPlaces, parts[1]!)) return null;
  return { kind: parts[1]!, isInUpperBits: parts[2] !== undefined, isBigEndian: parts[3] === "b" };
}

/**
 * RGB and gray of more than 8 bits on the way to luma and chroma, with white where libswscale expects it. As packed pixels, for black
 * of planes becomes a little brighter in FFmpeg 4.3.
 */
export class DeepRgb implements Disposable {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #places: readonly WordPlace[];
  readonly #staging: Staging;
  readonly #frame: Frame;
  readonly #words: Uint16Array<ArrayBuffer>;
  readonly #pixels: Uint16Array<ArrayBuffer>;
  /** For each word as it lies in memory, the number that libswscale is to get for it as a colour, and as alpha. */
  readonly #tables: { readonly color: Uint16Array; readonly alpha: Uint16Array };
  /** What comes out. */
  readonly layout: FrameLayout;

  /** Whether libswscale makes this conversion too bright. */
  static isNeeded(from: PixelFormatInfo, to: PixelFormatInfo): boolean {
    const isLumaChroma = !to.isRgb && !to.isGray && !to.isPalette;
    return isLumaChroma && !from.isFloat && from.depth > 8 && wordsOf(from) !== null;
  }

  /** For pictures of a layout. */
  constructor(native: Native, from: FrameLayout) {
    const { kind, isInUpperBits, isBigEndian } = wordsOf(from.format)!;
    this.#native = native;
    this.#from = from;
    this.#places = wordPlaces[kind]!;
    this.#staging = new Staging(native, from);
    this.#frame = new Frame(native);
    this.#words = new Uint16Array(Math.max(...from.planes.map(({ rowBytes, rows }) => rowBytes * rows)) / 2);
    const { depth } = from.format;
    const table = (white: number): Uint16Array =>
      Uint16Array.from({ length: 65536 }, (_, word) => {
        const ordered = isBigEndian ? (word & 255) << 8 | word >> 8 : word;
        const value = isInUpperBits ? ordered >> 16 - depth : ordered;
        return Math.min(Math.round(value * white / (2 ** depth - 1)), white);
      });
    this.#tables = { color: table(scalerWhite), alpha: table(65535) };
    const packed = pixelFormatByName(native, this.#places.length === 4 ? "rgba64le" : "rgb48le")!;
    this.layout = frameLayout(packed, from.width, from.height);
    this.#pixels = new Uint16Array(from.width * from.height * this.#places.length);
  }

  /** Converts one picture. The frame is valid until the next call. */
  convert(pixels: Pixels): Frame {
    const { memory } = this.#native;
    const { format, width, height, planes } = this.layout;
    const staged = this.#staging.stage(pixels);
    const frame = refreshed(this.#frame, format, width, height);
    let read = -1;
    for (const [component, { plane, first, step }] of this.#places.entries()) {
      const { rowBytes, rows } = this.#from.planes[plane]!;
      if (plane !== read) {
        memory.readRows(this.#words, staged.planeAddress(plane), staged.stride(plane), rowBytes, rows);
      }
      read = plane;
      this.#pick(component, first, step);
    }
    const { rowBytes } = planes[0]!;
    memory.writeRows(frame.planeAddress(0), frame.stride(0), this.#pixels, rowBytes, rowBytes, height);
    return frame;
  }

  #pick(component: number, first: number, step: number): void {
    const [words, pixels] = [this.#words, this.#pixels];
    const table = component === 3 ? this.#tables.alpha : this.#tables.color;
    const count = this.#places.length;
    for (let to = component, from = first; to < pixels.length; to += count, from += step) {
      pixels[to] = table[words[from]!]!;
    }
  }

  /** Frees the frames. */
  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
  }
}
