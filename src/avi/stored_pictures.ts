/**
 * From a frame's planes to the bytes of an AVI chunk.
 *
 * @module
 */
import { copyRows, frameBytes, type FrameLayout, type PlaneView } from "../video/raw_frame.ts";
import { type RgbOrder, rgbOrders, type StoredFormat } from "./pixel_formats.ts";

/** Bytes of a row of blue, green and red: a multiple of four. */
function dibStride({ bits }: StoredFormat, width: number): number {
  return (width * bits / 8 + 3) & ~3;
}

/** Bytes of a picture as it is stored. */
export function storedBytes(stored: StoredFormat, layout: FrameLayout): number {
  return stored.fourcc === null ? dibStride(stored, layout.width) * layout.height : frameBytes(layout);
}

/** Whether all pixels of a frame are opaque; also where it has no alpha. */
export function isOpaque(planes: readonly PlaneView[], { format, width, height }: FrameLayout): boolean {
  const order = rgbOrders[format.name];
  if (order === undefined || order.alpha < 0) return true;
  const { bytes, stride } = planes[0]!;
  for (let row = 0; row < height; row++) {
    const start = row * stride + order.alpha, end = start + width * 4;
    for (let at = start; at < end; at += 4) if (bytes[at] !== 255) return false;
  }
  return true;
}

/** Writes a frame as it is stored. */
export function storePicture(
  stored: StoredFormat,
  planes: readonly PlaneView[],
  layout: FrameLayout,
  to: Uint8Array,
): void {
  if (stored.fourcc === null) return storeRgb(stored, rgbOrders[layout.format.name]!, planes[0]!, layout, to);
  let start = 0;
  for (const [index, { rowBytes, rows }] of layout.planes.entries()) {
    const { bytes, stride } = planes[index]!;
    copyRows(bytes, stride, to.subarray(start, start + rowBytes * rows), rowBytes, rows);
    start += rowBytes * rows;
  }
}

/** The lowest row comes first. */
function storeRgb(
  stored: StoredFormat,
  order: RgbOrder,
  { bytes, stride }: PlaneView,
  { width, height }: FrameLayout,
  to: Uint8Array,
): void {
  const rowBytes = dibStride(stored, width);
  const storeRow = stored.bits === 32 ? storeWithAlpha : order.alpha < 0 ? storeOpaque : storeOverBlack;
  for (let row = 0; row < height; row++) {
    storeRow(order, bytes, row * stride, width, to, (height - 1 - row) * rowBytes);
  }
}

type StoreRow = (
  order: RgbOrder,
  from: Uint8Array,
  start: number,
  width: number,
  to: Uint8Array,
  at: number,
) => void;

const storeOpaque: StoreRow = ({ step, red, green, blue }, from, start, width, to, at) => {
  for (let pixel = start, end = start + width * step; pixel < end; pixel += step, at += 3) {
    to[at] = from[pixel + blue]!;
    to[at + 1] = from[pixel + green]!;
    to[at + 2] = from[pixel + red]!;
  }
};

const storeWithAlpha: StoreRow = ({ step, red, green, blue, alpha }, from, start, width, to, at) => {
  for (let pixel = start, end = start + width * step; pixel < end; pixel += step, at += 4) {
    to[at] = from[pixel + blue]!;
    to[at + 1] = from[pixel + green]!;
    to[at + 2] = from[pixel + red]!;
    to[at + 3] = from[pixel + alpha]!;
  }
};

const storeOverBlack: StoreRow = ({ step, red, green, blue, alpha }, from, start, width, to, at) => {
  for (let pixel = start, end = start + width * step; pixel < end; pixel += step, at += 3) {
    const share = from[pixel + alpha]!;
    if (share === 255) {
      to[at] = from[pixel + blue]!;
      to[at + 1] = from[pixel + green]!;
      to[at + 2] = from[pixel + red]!;
    } else {
      to[at] = Math.round(from[pixel + blue]! * share / 255);
      to[at + 1] = Math.round(from[pixel + green]! * share / 255);
      to[at + 2] = Math.round(from[pixel + red]! * share / 255);
    }
  }
};
