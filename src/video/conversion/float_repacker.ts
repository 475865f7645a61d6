/**
 * Pictures of floating-point samples, laid out as 16-bit integers.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatByName, type PixelFormatInfo } from "../../libav/pixel_format.ts";
import { type Pixels, Staging } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import { type Repacker, writableFrame } from "./repacker.ts";

/**
 * The 16-bit integer formats with the same sample layout as floating-point ones, by the part of their names
 * before the size.
 */
const integerTwins: Readonly<Record<string, string>> = {
  gray: "gray16le",
  ya: "ya16le",
  gbrp: "gbrp16le",
  gbrap: "gbrap16le",
  rgb: "rgb48le",
  rgba: "rgba64le",
};

export function integerTwin(native: Native, { name }: PixelFormatInfo): PixelFormatInfo | null {
  const kind = /^([a-z]+)f(?:16|32)[bl]e$/.exec(name)?.[1];
  return kind === undefined ? null : pixelFormatByName(native, integerTwins[kind] ?? "");
}

let halvesRounded: Uint16Array | undefined;

/** For each 16-bit floating-point number (IEEE 754, binary16) by its bits: 0 to 1 as 0 to 65535. */
export function roundedHalves(): Uint16Array {
  return halvesRounded ??= Uint16Array.from({ length: 65536 }, (_, bits) => {
    const [exponent, fraction] = [bits >> 10 & 31, bits & 1023];
    const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    const isNumber = exponent < 31 || fraction === 0;
    return isNumber && bits < 0x8000 ? Math.round(Math.min(size, 1) * 65535) : 0;
  });
}

/**
 * Floating-point samples as the nearest 16-bit integers: 0 is black and 1 is white. libswscale rounds more
 * coarsely, takes gray for limited range from FFmpeg 7 on, and aborts the process for gray with alpha in
 * FFmpeg 8.1 (an assertion).
 */
export class FloatRepacker implements Repacker {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #staging: Staging;
  readonly #frame: NativeFrame;
  /** The samples of a plane. */
  readonly #samples: Uint8Array<ArrayBuffer>;
  readonly #rounded: Uint16Array<ArrayBuffer>;
  readonly format: PixelFormatInfo;

  constructor(native: Native, from: FrameLayout, to: PixelFormatInfo) {
    const most = Math.max(...from.planes.map(({ rowBytes, rows }) => rowBytes * rows));
    this.#native = native;
    this.#from = from;
    this.#staging = new Staging(native, from);
    this.#frame = new NativeFrame(native);
    this.#samples = new Uint8Array(most);
    this.#rounded = new Uint16Array(most / (from.format.depth / 8));
    this.format = to;
  }

  convert(pixels: Pixels): NativeFrame {
    const { memory } = this.#native;
    const { format, width, height, planes } = this.#from;
    const staged = this.#staging.stage(pixels);
    const frame = writableFrame(this.#frame, this.format, width, height);
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
