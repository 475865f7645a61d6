/**
 * Pictures in a palette's colours: pixels read as RGBA, and frames of places in a palette.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatByName } from "../../libav/pixel_format.ts";
import { frameLayout, type PictureShape, type Pixels } from "../pixels.ts";
import { copyRows } from "../raw_frame.ts";
import type { Converter, ConverterTarget } from "../conversion/converter.ts";
import { OutputFrames } from "../conversion/output_frames.ts";

/** Makes a converter; `create_converter.ts` has it. */
export type CreateConverter = (native: Native, shape: PictureShape, target: ConverterTarget) => Converter;

/** Reads pictures of one shape as RGBA. */
export class RgbaReader implements Disposable {
  readonly #native: Native;
  readonly #shape: PictureShape;
  readonly #converter: Converter | null;
  /** The pixels of the last picture. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same as one number each. */
  readonly pixels: Uint32Array<ArrayBuffer>;

  /** Lays transparent pictures over a background where the target asks for it. */
  constructor(
    native: Native,
    shape: PictureShape,
    create: CreateConverter,
    { isOpaque = false, background }: Partial<ConverterTarget> = {},
  ) {
    this.#native = native;
    this.#shape = shape;
    const { layout: { format, width, height }, meaning } = shape;
    const rgba = pixelFormatByName(native, "rgba")!;
    this.#converter = format.id === rgba.id && !isOpaque ? null : create(native, shape, {
      format: rgba,
      width,
      height,
      color: meaning,
      isOpaque,
      ...(background && { background }),
    });
    this.bytes = new Uint8Array(width * height * 4);
    this.pixels = new Uint32Array(this.bytes.buffer);
  }

  /** Reads a picture into `bytes`. */
  read(given: Pixels): void {
    const pixels = this.#converter?.convert(given) ?? given;
    const { width, height } = this.#shape.layout;
    if (pixels instanceof NativeFrame) {
      const { memory } = this.#native;
      memory.readRows(this.bytes, pixels.planeAddress(0), pixels.stride(0), width * 4, height);
    } else copyRows(pixels[0]!.bytes, pixels[0]!.stride, this.bytes, width * 4, height);
  }

  [Symbol.dispose](): void {
    this.#converter?.[Symbol.dispose]();
  }
}

/** Makes frames of places in a palette. */
export class IndexedFrames implements Disposable {
  readonly #native: Native;
  readonly #output: OutputFrames;
  readonly #width: number;
  readonly #height: number;
  /** The places of the next frame. */
  readonly places: Uint8Array<ArrayBuffer>;

  constructor(native: Native, { width, height }: { width: number; height: number }, target: ConverterTarget) {
    this.#native = native;
    this.#output = new OutputFrames(native, frameLayout(target.format, width, height), target);
    this.#width = width;
    this.#height = height;
    this.places = new Uint8Array(width * height);
  }

  /** The frame of the places, with a palette. */
  make(colors: Uint32Array<ArrayBuffer>): NativeFrame {
    const frame = this.#output.take();
    const { memory } = this.#native;
    const [width, height] = [this.#width, this.#height];
    memory.writeRows(frame.planeAddress(0), frame.stride(0), this.places, width, width, height);
    writePalette(this.#native, frame, colors);
    return this.#output.finish(frame);
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}

/** Reads the palette of a frame. */
export function readPalette(native: Native, frame: NativeFrame): Uint32Array<ArrayBuffer> {
  const colors = new Uint32Array(256);
  const bytes = new Uint8Array(colors.buffer);
  native.memory.readRows(bytes, frame.planeAddress(1), bytes.length, bytes.length, 1);
  return colors;
}

/** Writes the palette of a frame. */
export function writePalette(native: Native, frame: NativeFrame, colors: Uint32Array<ArrayBuffer>): void {
  const bytes = new Uint8Array(colors.buffer);
  native.memory.writeRows(frame.planeAddress(1), bytes.length, bytes, bytes.length, bytes.length, 1);
}
