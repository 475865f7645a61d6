/**
 * Pictures on their way in: how their planes lie, and copies of them.
 *
 * @module
 */
import { type Address, address, type Native } from "../../ffi/mod.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import type { PixelMeaning } from "./color.ts";
import { bytesOfRow } from "./frame_layout.ts";
import type { FrameLayout, PlaneView } from "./raw_frame.ts";

export { frameLayout } from "./frame_layout.ts";

/** A picture: its planes in JavaScript memory, or a frame in native memory. */
export type Pixels = readonly PlaneView[] | NativeFrame;

/** Everything about a picture except its pixels. */
export interface PictureShape {
  /** Format, size and planes. */
  readonly layout: FrameLayout;
  /** What its luma and chroma mean. */
  readonly meaning: PixelMeaning;
}

/** A picture: its pixels, and everything else about it. */
export interface Picture {
  readonly pixels: Pixels;
  readonly shape: PictureShape;
}

/** Whether two shapes are the same. */
export function sameShape(one: PictureShape, other: PictureShape): boolean {
  if (one === other) return true;
  const { layout: a, meaning: said } = one;
  const { layout: b, meaning: meant } = other;
  return a.format.id === b.format.id && a.width === b.width && a.height === b.height &&
    said.matrix === meant.matrix && said.range === meant.range;
}

/** A position in a picture, in whole chroma samples from its left and upper edge. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

const corner: Place = { x: 0, y: 0 };

/** The byte offset of a position in a plane. */
function byteAt({ format }: FrameLayout, plane: number, { x, y }: Place, stride: number): number {
  const geometry = format.planes[plane];
  if (geometry === undefined) return 0;
  return (y >> geometry.log2Height) * stride + (x === 0 ? 0 : bytesOfRow(format, geometry, x));
}

/** The stride of a frame's plane. A palette has one row, and an undefined stride. */
function strideOf(frame: NativeFrame, { format, planes }: FrameLayout, plane: number): number {
  return format.isPalette && plane === 1 ? planes[plane]!.rowBytes : frame.stride(plane);
}

function moved(start: Address, bytes: number): Address {
  return address(start + BigInt(bytes));
}

/** Copies a part of a picture, as large as `layout`, into a frame of the same format. */
export function copyPixels(
  native: Native,
  pixels: Pixels,
  layout: FrameLayout,
  frame: NativeFrame,
  from: Place = corner,
  to: Place = corner,
): void {
  for (const [plane, { rowBytes, rows }] of layout.planes.entries()) {
    const stride = strideOf(frame, layout, plane);
    const target = moved(frame.planeAddress(plane), byteAt(layout, plane, to, stride));
    if (pixels instanceof NativeFrame) {
      const sourceStride = strideOf(pixels, layout, plane);
      const source = moved(pixels.planeAddress(plane), byteAt(layout, plane, from, sourceStride));
      native.memory.copyRows(target, stride, source, sourceStride, rowBytes, rows);
    } else {
      const view = pixels[plane]!;
      const start = byteAt(layout, plane, from, view.stride);
      const bytes = start === 0 ? view.bytes : view.bytes.subarray(start);
      native.memory.writeRows(target, stride, bytes, view.stride, rowBytes, rows);
    }
  }
}

/** Repeats the last column and row of a picture in a larger frame of the same format. */
export function repeatEdges(
  native: Native,
  frame: NativeFrame,
  picture: FrameLayout,
  padded: FrameLayout,
): void {
  const { memory } = native;
  for (const [plane, { rowBytes: paddedBytes, rows: paddedRows }] of padded.planes.entries()) {
    const { rowBytes, rows } = picture.planes[plane]!;
    const pixelBytes = picture.format.isBitstream ? 1 : picture.format.planes[plane]?.step ?? rowBytes;
    const stride = strideOf(frame, picture, plane);
    const start = frame.planeAddress(plane);
    for (let at = rowBytes; at < paddedBytes; at += pixelBytes) {
      memory.copyRows(moved(start, at), stride, moved(start, at - pixelBytes), stride, pixelBytes, rows);
    }
    const last = moved(start, (rows - 1) * stride);
    for (let row = rows; row < paddedRows; row++) {
      memory.copyRows(moved(start, row * stride), stride, last, stride, paddedBytes, 1);
    }
  }
}

/** Copies planes in JavaScript memory to where libswscale and libavfilter can read them. */
export class Staging implements Disposable {
  readonly #native: Native;
  readonly #layout: FrameLayout;
  readonly #frame: NativeFrame;

  /** For pictures of a layout. */
  constructor(native: Native, layout: FrameLayout) {
    this.#native = native;
    this.#layout = layout;
    this.#frame = new NativeFrame(native);
  }

  /** The picture as a native frame, valid until the next call; a native frame is returned as it is. */
  stage(pixels: Pixels): NativeFrame {
    if (pixels instanceof NativeFrame) return pixels;
    const { format, width, height } = this.#layout;
    // A filter graph keeps a reference to its last input.
    if (!this.#frame.isWritable) {
      this.#frame.unref();
      this.#frame.allocatePicture(format, width, height);
    }
    copyPixels(this.#native, pixels, this.#layout, this.#frame);
    return this.#frame;
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
  }
}
