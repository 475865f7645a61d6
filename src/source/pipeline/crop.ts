/**
 * Parts of pictures, exactly as they are.
 *
 * @module
 */
import { loadNative } from "../../../ffi/mod.ts";
import { pixelFormatByName, type PixelFormatInfo } from "../../libav/pixel_format.ts";
import { shown } from "../../shown.ts";
import type { Size } from "../../size.ts";
import { frameLayout } from "../../video/pixels.ts";
import { copyRows, frameBytes, placePlanes } from "../../video/raw_frame.ts";
import type { CropArea } from "./pipeline_source.ts";
import { SourceFrame } from "./source_frame.ts";

const names = ["x", "y", "width", "height"] as const;

/** What of a picture a part depends on. */
export interface PictureForm extends Size {
  /** The pixel format's name. */
  readonly format: string;
}

/** A copy of a part that a program gives. Throws where it is none, of whatever picture. */
export function checkArea(area: CropArea): CropArea {
  if (typeof area !== "object" || area === null) {
    throw new TypeError(`Cannot crop to ${shown(area)}: give { x, y, width, height } or null`);
  }
  const copy = { x: area.x, y: area.y, width: area.width, height: area.height };
  for (const name of names) {
    const value = copy[name];
    const subject = `Cannot crop to ${described(copy)}: its ${name} is ${shown(value)}`;
    if (typeof value !== "number") throw new TypeError(`${subject}, but must be a number of pixels`);
    const least = name === "x" || name === "y" ? 0 : 1;
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(`${subject}, but must be a whole number from ${least}`);
    }
  }
  return copy;
}

/** Throws a `RangeError` where a picture has no such part, or it would not be exact. */
export function requireArea(area: CropArea, { width, height, format: name }: PictureForm): void {
  const subject = `Cannot crop to ${described(area)}`;
  if (area.x + area.width > width || area.y + area.height > height) {
    throw new RangeError(`${subject}: the picture is ${width}x${height}; give a part inside of it`);
  }
  const grid = gridOf(formatOf(name));
  const isOnGrid = area.x % grid.width === 0 && area.y % grid.height === 0;
  if (isOnGrid) return;
  const least = { x: area.x - area.x % grid.width, y: area.y - area.y % grid.height };
  throw new RangeError(
    `${subject}: ${name} has a grid of ${grid.width}x${grid.height} pixels, on which a part begins: x must be a multiple of ${grid.width} and y of ${grid.height}, such as x ${least.x} and y ${least.y}`,
  );
}

/** A part of a frame, in memory of its own; gives the share of the whole one back. */
export function cropped(frame: SourceFrame, area: CropArea): SourceFrame {
  requireArea(area, frame);
  const format = formatOf(frame.format);
  const { width, height } = area;
  const whole = frameLayout(format, frame.width, frame.height);
  const part = frameLayout(format, width, height);
  // What lies left of the part and above it is as large as a picture of that size: it ends on the grid.
  const before = frameLayout(format, area.x, area.y);
  const from = placePlanes(whole);
  const bytes = new Uint8Array(frameBytes(part));
  for (const [plane, { start, end }] of placePlanes(part).entries()) {
    const { rowBytes, rows } = part.planes[plane]!;
    const { start: first, stride } = from[plane]!;
    const isPalette = format.planes[plane] === undefined;
    const offset = isPalette ? 0 : before.planes[plane]!.rows * stride + before.planes[plane]!.rowBytes;
    copyRows(frame.data.subarray(first + offset), stride, bytes.subarray(start, end), rowBytes, rows);
  }
  frame.release();
  return SourceFrame.of(bytes, { ...frame.facts, width, height });
}

/** The places at which a part of a picture may begin: multiples of these. */
function gridOf({ log2ChromaWidth, log2ChromaHeight, isBitstream, isBayer, planes }: PixelFormatInfo): Size {
  // Pixels that are smaller than bytes begin with a byte.
  const bits = isBitstream ? Math.max(...planes.map(({ step }) => 8 / step)) : 1;
  const pattern = isBayer ? 2 : 1;
  return {
    width: Math.max(pattern, Math.ceil(bits) << log2ChromaWidth),
    height: Math.max(pattern, 1 << log2ChromaHeight),
  };
}

function formatOf(name: string): PixelFormatInfo {
  return pixelFormatByName(loadNative(undefined), name)!;
}

function described({ x, y, width, height }: CropArea): string {
  return `${width}x${height} at ${x}, ${y}`;
}
