/**
 * Pictures laid out anew component by component.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { frameLayout, type Pixels } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import { ComponentCopier, type OwnPlane } from "./component_copier.ts";
import { type Repacker, writableFrame } from "./repacker.ts";

function allocatePlanes({ planes }: FrameLayout): OwnPlane[] {
  return planes.map(({ rowBytes, rows }) => ({ bytes: new Uint8Array(rowBytes * rows), stride: rowBytes }));
}

/** Repacks each component, located as libavutil describes it. */
export class ComponentRepacker implements Repacker {
  readonly #native: Native;
  readonly #from: FrameLayout;
  readonly #to: FrameLayout;
  readonly #frame: NativeFrame;
  readonly #copiers: readonly ComponentCopier[];
  /** A native picture, to be read. */
  #source: OwnPlane[] | undefined;
  /** The repacked picture. */
  readonly #result: readonly OwnPlane[];
  readonly format: PixelFormatInfo;

  constructor(native: Native, from: FrameLayout, to: PixelFormatInfo) {
    this.#native = native;
    this.#from = from;
    this.#to = frameLayout(to, from.width, from.height);
    this.#frame = new NativeFrame(native);
    const result = allocatePlanes(this.#to);
    this.#result = result;
    this.#copiers = to.components.map((_, index) => new ComponentCopier(from, to, result, index));
    this.format = to;
  }

  convert(pixels: Pixels): NativeFrame {
    const source = pixels instanceof NativeFrame ? this.#read(pixels) : pixels;
    for (const { bytes } of this.#result) bytes.fill(0);
    for (const copier of this.#copiers) copier.copy(source);
    const frame = writableFrame(this.#frame, this.format, this.#from.width, this.#from.height);
    for (const [plane, { rowBytes, rows }] of this.#to.planes.entries()) {
      const { bytes, stride } = this.#result[plane]!;
      const target = frame.planeAddress(plane);
      this.#native.memory.writeRows(target, frame.stride(plane), bytes, stride, rowBytes, rows);
    }
    return frame;
  }

  #read(frame: NativeFrame): readonly OwnPlane[] {
    this.#source ??= allocatePlanes(this.#from);
    for (const [plane, { rowBytes, rows }] of this.#from.planes.entries()) {
      const { bytes } = this.#source[plane]!;
      this.#native.memory.readRows(bytes, frame.planeAddress(plane), frame.stride(plane), rowBytes, rows);
    }
    return this.#source;
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
  }
}
