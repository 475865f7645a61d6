/**
 * Planar pictures with alpha, laid over a background.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import { NativeFrame } from "../../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../../libav/pixel_format.ts";
import { lumaAndChroma, type Rgb } from "../../background.ts";
import { type PictureShape, type Pixels, Staging } from "../../pixels.ts";
import type { FrameLayout } from "../../raw_frame.ts";
import type { Blender } from "../converter.ts";
import { writableFrame } from "../repacker.ts";

/** The plane of alpha. */
const alphaPlane = 3;

type Values = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** Lays planar pictures over a background, plane by plane. */
export class PlanarBlender implements Blender {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  readonly #twin: PixelFormatInfo;
  readonly #staging: Staging;
  readonly #frame: NativeFrame;
  readonly #values: Values;
  readonly #alpha: Values;
  /** The background in each plane. */
  readonly #color: readonly number[];
  readonly #white: number;

  constructor(native: Native, { layout, meaning }: PictureShape, twin: PixelFormatInfo, background: Rgb) {
    const { format, width, height } = layout;
    const { depth } = format;
    this.#native = native;
    this.#picture = layout;
    this.#twin = twin;
    const create = (): Values => depth > 8 ? new Uint16Array(width * height) : new Uint8Array(width * height);
    [this.#values, this.#alpha] = [create(), create()];
    this.#white = 2 ** depth - 1;
    const [red, green, blue] = background.map((value) => Math.round(value * this.#white / 255));
    this.#color = format.isRgb ? [green!, blue!, red!] : lumaAndChroma(background, meaning, depth);
    this.#frame = new NativeFrame(native);
    this.#staging = new Staging(native, layout);
  }

  convert(pixels: Pixels): NativeFrame | null {
    const { memory } = this.#native;
    const { planes, width, height } = this.#picture;
    const staged = this.#staging.stage(pixels);
    const [alpha, values, white] = [this.#alpha, this.#values, this.#white];
    const read = (to: Values, plane: number): void => {
      const { rowBytes, rows } = planes[plane]!;
      memory.readRows(to, staged.planeAddress(plane), staged.stride(plane), rowBytes, rows);
    };
    read(alpha, alphaPlane);
    if (alpha.every((value) => value >= white)) return null;
    const frame = writableFrame(this.#frame, this.#twin, width, height);
    for (const [plane, color] of this.#color.entries()) {
      read(values, plane);
      this.#layOver(plane, color);
      const { rowBytes, rows } = planes[plane]!;
      memory.writeRows(frame.planeAddress(plane), frame.stride(plane), values, rowBytes, rowBytes, rows);
    }
    return frame;
  }

  /** Lays a plane over a value. A sample that several pixels share is as opaque as they are on average. */
  #layOver(plane: number, color: number): void {
    const { format: { planes }, width, height } = this.#picture;
    const [alpha, values, white] = [this.#alpha, this.#values, this.#white];
    const { log2Width: across, log2Height: down } = planes[plane]!;
    const [columns, rows] = [Math.ceil(width / (1 << across)), Math.ceil(height / (1 << down))];
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) {
        let sum = 0;
        for (let y = 0; y < 1 << down; y++) {
          const start = Math.min((row << down) + y, height - 1) * width;
          for (let x = 0; x < 1 << across; x++) {
            sum += alpha[start + Math.min((column << across) + x, width - 1)]!;
          }
        }
        const opacity = sum / (1 << across + down) / white;
        values[at] = Math.round(values[at]! * opacity + color * (1 - opacity));
      }
    }
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
  }
}
