/**
 * RGB and gray of more than 8 bits, as libswscale converts it exactly.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatByName, type PixelFormatInfo } from "../../libav/pixel_format.ts";
import { frameLayout, type Pixels, Staging } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import { deepWords, type WordPlace } from "./deep_words.ts";
import { writableFrame } from "./repacker.ts";

/**
 * libswscale's white in 16 bits: it divides by 256, not by 257, which makes luma from deep RGB too bright.
 */
const scalerWhite = 255 * 256;

/**
 * RGB and gray of more than 8 bits before a conversion to luma and chroma, with white where libswscale
 * expects it. As packed pixels, because black of planar ones becomes slightly brighter in FFmpeg 4.3.
 */
export class DeepRgb implements Disposable {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #places: readonly WordPlace[];
  readonly #staging: Staging;
  readonly #frame: NativeFrame;
  readonly #words: Uint16Array<ArrayBuffer>;
  readonly #pixels: Uint16Array<ArrayBuffer>;
  /** For each word in memory, the number that libswscale gets for it as a colour and as alpha. */
  readonly #tables: { readonly color: Uint16Array; readonly alpha: Uint16Array };
  /** The output. */
  readonly layout: FrameLayout;

  /** Whether libswscale makes this conversion too bright. */
  static isNeeded(from: PixelFormatInfo, to: PixelFormatInfo): boolean {
    const isLumaChroma = !to.isRgb && !to.isGray && !to.isPalette;
    return isLumaChroma && !from.isFloat && from.depth > 8 && deepWords(from) !== null;
  }

  /** For pictures of a layout. */
  constructor(native: Native, from: FrameLayout) {
    const { places, isInUpperBits, isBigEndian } = deepWords(from.format)!;
    this.#native = native;
    this.#from = from;
    this.#places = places;
    this.#staging = new Staging(native, from);
    this.#frame = new NativeFrame(native);
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
  convert(pixels: Pixels): NativeFrame {
    const { memory } = this.#native;
    const { format, width, height, planes } = this.layout;
    const staged = this.#staging.stage(pixels);
    const frame = writableFrame(this.#frame, format, width, height);
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
