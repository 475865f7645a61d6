/**
 * Whether a picture is opaque.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import { NativeFrame } from "../../../libav/native_frame.ts";
import { packedPlaneOrder } from "../packed_components.ts";
import type { Pixels } from "../../pixels.ts";
import type { FrameLayout, PlaneView } from "../../raw_frame.ts";

/** The plane of alpha in planar formats. */
const alphaPlane = 3;

/** Whether all pixels are opaque, as far as that is known: of 8-bit pixels. */
export function isOpaque(native: Native, pixels: Pixels, layout: FrameLayout): boolean {
  const { format, width } = layout;
  if (!format.hasAlpha) return true;
  const isPacked = Object.hasOwn(packedPlaneOrder, format.name);
  const isPlanar = format.planes.length === alphaPlane + 1 && format.depths[alphaPlane] === 8;
  if (!isPacked && !isPlanar) return false;
  const plane = isPacked ? 0 : alphaPlane;
  const { bytes, stride } = viewOf(native, pixels, layout, plane);
  const step = isPacked ? 4 : 1;
  const first = isPacked ? packedPlaneOrder[format.name]![alphaPlane] : 0;
  for (let y = 0; y < layout.planes[plane]!.rows; y++) {
    const end = y * stride + width * step;
    for (let at = y * stride + first; at < end; at += step) {
      if (bytes[at] !== 255) return false;
    }
  }
  return true;
}

function viewOf(native: Native, pixels: Pixels, { planes }: FrameLayout, plane: number): PlaneView {
  if (!(pixels instanceof NativeFrame)) return pixels[plane]!;
  const { rowBytes, rows } = planes[plane]!;
  const bytes = new Uint8Array(rowBytes * rows);
  native.memory.readRows(bytes, pixels.planeAddress(plane), pixels.stride(plane), rowBytes, rows);
  return { bytes, stride: rowBytes };
}
