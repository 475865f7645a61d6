/**
 * Pictures laid out anew component by component.
 *
 * @module
 */
import { address, type Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { frameLayout, type Pixels, Staging } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import { type Repacker, writableFrame } from "./repacker.ts";

/** Repacks each component, located as libavutil describes it. */
export class ComponentRepacker implements Repacker {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #to: FrameLayout;
  readonly #staging: Staging;
  readonly #frame: NativeFrame;
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
    this.#frame = new NativeFrame(native);
    this.#row = new Uint32Array(from.width);
    this.#zeros = new Uint8Array(Math.max(...this.#to.planes.map(({ rowBytes, rows }) => rowBytes * rows)));
    this.format = to;
  }

  convert(pixels: Pixels): NativeFrame {
    const { width, height } = this.#from;
    const staged = this.#staging.stage(pixels);
    const frame = writableFrame(this.#frame, this.format, width, height);
    this.#clear(frame);
    for (const component of this.format.depths.keys()) this.#copyComponent(staged, frame, component);
    return frame;
  }

  /** libavutil writes a component by setting bits. */
  #clear(frame: NativeFrame): void {
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

  #copyComponent(staged: NativeFrame, frame: NativeFrame, component: number): void {
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

  /** libavutil cannot describe where uyyvyy411 has its luma: in bytes 2, 3, 5 and 6 of each six. */
  #readIrregularLuma(staged: NativeFrame, y: number): void {
    const { planes, width } = this.#from;
    const bytes = new Uint8Array(planes[0]!.rowBytes);
    const row = address(staged.planeAddress(0) + BigInt(y * staged.stride(0)));
    this.#native.memory.readRows(bytes, row, bytes.length, bytes.length, 1);
    for (let x = 0; x < width; x++) this.#row[x] = bytes[(x >> 2) * 6 + [1, 2, 4, 5][x & 3]!]!;
  }

  /** Changes the number of bits of a row's values: the largest value stays the largest. */
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
