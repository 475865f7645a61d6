/**
 * The components of packed pixels, as planes.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { Pixels } from "../pixels.ts";
import type { FrameLayout, PlaneView } from "../raw_frame.ts";

/** For each packed format with alpha, the byte offsets of the planes of gbrap: green, blue, red, alpha. */
export const packedPlaneOrder: Readonly<Record<string, readonly [number, number, number, number]>> = {
  rgba: [1, 2, 0, 3],
  bgra: [1, 0, 2, 3],
  argb: [2, 3, 1, 0],
  abgr: [2, 1, 3, 0],
};

/** One component of packed four-byte pixels, as a plane. */
export class PackedComponents {
  readonly #native: Native;
  readonly #packed: FrameLayout;
  readonly #plane: Uint8Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(native: Native, packed: FrameLayout) {
    this.#native = native;
    this.#packed = packed;
    this.#plane = new Uint8Array(packed.width * packed.height);
    this.#bytes = new Uint8Array(packed.planes[0]!.rowBytes * packed.height);
  }

  /** The pixels of a picture; those of a native frame are copied. */
  view(pixels: Pixels): PlaneView {
    if (!(pixels instanceof NativeFrame)) return pixels[0]!;
    const { rowBytes, rows } = this.#packed.planes[0]!;
    this.#native.memory.readRows(this.#bytes, pixels.planeAddress(0), pixels.stride(0), rowBytes, rows);
    return { bytes: this.#bytes, stride: rowBytes };
  }

  /** Copies the component at a byte offset of each pixel into a plane of a frame. */
  copy({ bytes, stride }: PlaneView, offset: number, frame: NativeFrame, index: number): void {
    const { width, height } = this.#packed;
    const plane = this.#plane;
    for (let y = 0, to = 0; y < height; y++) {
      for (let from = y * stride + offset, end = y * stride + width * 4; from < end; from += 4) {
        plane[to++] = bytes[from]!;
      }
    }
    this.#native.memory.writeRows(
      frame.planeAddress(index),
      frame.stride(index),
      plane,
      width,
      width,
      height,
    );
  }
}

/** Copies alpha into a plane of its own. libswscale (at least 5.1) changes half of its values by one. */
export class AlphaPlane {
  readonly #components: PackedComponents;
  readonly #offset: number;

  static isNeeded(from: PixelFormatInfo, to: PixelFormatInfo): boolean {
    return Object.hasOwn(packedPlaneOrder, from.name) && to.hasAlpha && to.planeCount === 4 && to.depth === 8;
  }

  constructor(native: Native, packed: FrameLayout) {
    this.#components = new PackedComponents(native, packed);
    this.#offset = packedPlaneOrder[packed.format.name]![3];
  }

  copy(pixels: NativeFrame, frame: NativeFrame): void {
    this.#components.copy(this.#components.view(pixels), this.#offset, frame, 3);
  }
}
