/**
 * Raw frames as pictures.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import { type ColorDescription, meaningOf, meaningSaid } from "./color.ts";
import { roundedHalves } from "./conversion/float_repacker.ts";
import type { Picture, PictureShape, Pixels } from "./pixels.ts";
import { copyRows, type FrameLayout } from "./raw_frame.ts";
import { Straightener } from "./straightener.ts";

/** What is known of raw frames beside their layout. */
export interface RawInputRequest {
  /** Whether their colours were multiplied by alpha. */
  readonly isPremultiplied: boolean;
  /** The video's colour description at a height. */
  readonly color: (height: number) => ColorDescription;
}

/** Raw frames, wherever their pixels are. */
export class RawInput implements Disposable {
  readonly #native: Native;
  readonly #request: RawInputRequest;
  /** The shape of frames of the last layout. */
  #shape: PictureShape | null = null;
  #straightener: Straightener | null = null;
  /** The samples of a frame of half floats. */
  #words: Uint16Array<ArrayBuffer> | null = null;

  constructor(native: Native, request: RawInputRequest) {
    this.#native = native;
    this.#request = request;
  }

  /** A frame as a picture with straight alpha, valid until the next one. */
  take(pixels: Pixels, layout: FrameLayout): Picture {
    const shape = this.#shape?.layout === layout ? this.#shape : this.#shape = this.#shapeOf(layout);
    const given = layout.image?.isHalfFloat ? this.#rounded(pixels, layout) : pixels;
    const straightener = this.#straightener;
    if (straightener === null) return { pixels: given, shape };
    return { pixels: straightener.convert(given), shape: straightener.shape };
  }

  /** Half floats as the nearest 16-bit integers. */
  #rounded(pixels: Pixels, { planes, height }: FrameLayout): Pixels {
    const { rowBytes } = planes[0]!;
    const words = this.#words?.length === rowBytes / 2 * height
      ? this.#words
      : this.#words = new Uint16Array(rowBytes / 2 * height);
    const bytes = new Uint8Array(words.buffer);
    if (pixels instanceof NativeFrame) {
      this.#native.memory.readRows(bytes, pixels.planeAddress(0), pixels.stride(0), rowBytes, height);
    } else copyRows(pixels[0]!.bytes, pixels[0]!.stride, bytes, rowBytes, height);
    const halves = roundedHalves();
    for (let at = 0; at < words.length; at++) words[at] = halves[words[at]!]!;
    return [{ bytes, stride: rowBytes }];
  }

  #shapeOf(layout: FrameLayout): PictureShape {
    const { format, height } = layout;
    const expected = meaningOf(format, this.#request.color(height));
    const { matrix = null, range = null } = layout.image?.color ?? {};
    const meaning = format.isRgb ? expected : meaningSaid({ matrix, range }, expected);
    const shape = { layout, meaning };
    this.#straightener?.[Symbol.dispose]();
    const isPremultiplied = this.#request.isPremultiplied && format.hasAlpha && !format.isPalette;
    this.#straightener = isPremultiplied ? new Straightener(this.#native, shape) : null;
    return shape;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#straightener?.[Symbol.dispose]();
  }
}
