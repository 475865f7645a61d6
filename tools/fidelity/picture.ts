/**
 * The pictures of every case: solid patches above, moving detail in the middle, the frame's index as bars
 * below.
 *
 * @module
 */
import type { Component } from "./pixel_formats.ts";

/** Solid sRGB colours: primaries, secondaries, grays, skin, dark and mixed tones. */
export const patches: readonly (readonly [red: number, green: number, blue: number])[] = [
  ...([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255]] as const),
  ...([[0, 0, 0], [32, 32, 32], [64, 64, 64], [128, 128, 128], [192, 192, 192], [255, 255, 255]] as const),
  ...([[224, 172, 105], [141, 85, 36], [255, 219, 172], [80, 48, 32]] as const),
  ...([[64, 0, 0], [0, 48, 0], [0, 0, 64], [10, 20, 60]] as const),
  ...([[255, 128, 0], [0, 128, 128], [128, 0, 128], [128, 192, 64]] as const),
];

/** The opacity of each column of patches, where a case has alpha. */
const opacities = [255, 200, 128, 64, 16, 255, 1, 0] as const;

const columns = opacities.length;
const rows = patches.length / columns;
const detailRows = 32;
const indexRows = 16;
/** Bars that the index is written with. */
const indexBits = 16;

/** A part of the picture. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The parts of a picture of a size. */
export interface Layout {
  /** One for each patch, at least 16x16. */
  readonly patches: readonly Area[];
  /** One for each bit of the index, the lowest first. */
  readonly bits: readonly Area[];
  /** Where the detail begins. */
  readonly detailTop: number;
}

/** Where the parts are. */
export function layoutOf(width: number, height: number): Layout {
  const patchWidth = Math.floor(width / columns);
  const patchHeight = Math.floor((height - detailRows - indexRows) / rows);
  const bitWidth = Math.floor(width / indexBits);
  if (patchWidth < 16 || patchHeight < 16) {
    throw new RangeError(`${width}x${height} is too small for patches`);
  }
  return {
    patches: patches.map((_, index) => ({
      x: index % columns * patchWidth,
      y: Math.floor(index / columns) * patchHeight,
      width: patchWidth,
      height: patchHeight,
    })),
    bits: Array.from({ length: indexBits }, (_, bit) => ({
      x: bit * bitWidth,
      y: height - indexRows,
      width: bitWidth,
      height: indexRows,
    })),
    detailTop: patchHeight * rows,
  };
}

/** The inside of an area, where a codec's edges don't reach. */
export function interior({ x, y, width, height }: Area): Area {
  const side = Math.floor(width / 4);
  const top = Math.floor(height / 4);
  return { x: x + side, y: y + top, width: width - 2 * side, height: height - 2 * top };
}

/** What a picture shows. */
export interface PictureRequest {
  readonly width: number;
  readonly height: number;
  /** The frame's index. */
  readonly index: number;
  readonly detail: "smooth" | "noise" | "flat";
  readonly alpha: boolean;
  /** Steps between black and white: 255 or 65535. */
  readonly steps: number;
}

/** A number from 0 to 1 that nothing tells from chance. */
function noise(seed: number): number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  state = Math.imul(state ^ state >>> 16, 0x85ebca6b);
  state = Math.imul(state ^ state >>> 13, 0xc2b2ae35);
  return ((state ^ state >>> 16) >>> 0) / 2 ** 32;
}

type Rgba = [red: number, green: number, blue: number, alpha: number];

/**
 * A pixel of the detail: gradients and a bar that moves by an odd number of pixels, noise, or a flat ground
 * with the bar.
 */
function detailPixel({ width, index, detail, alpha }: PictureRequest, x: number, y: number): Rgba {
  const bar = (index * 7 + 3) % width;
  if (detail === "noise") {
    const seed = ((index * 64 + y) * width + x) * 4;
    return [noise(seed), noise(seed + 1), noise(seed + 2), alpha ? noise(seed + 3) : 1];
  }
  if (x >= bar && x < bar + 9) return [1, 1, 1, 1];
  if (detail === "flat") return [0.2, 0.4, 0.2, 1];
  return [0.1 + 0.5 * x / width, 0.2 + 0.5 * y / detailRows, 0.4, alpha ? 0.25 + 0.75 * x / width : 1];
}

function fill(
  planes: readonly Float64Array[],
  stride: number,
  { x, y, width, height }: Area,
  rgba: Rgba,
): void {
  for (let row = y; row < y + height; row++) {
    for (const [channel, plane] of planes.entries()) {
      plane.fill(rgba[channel]!, row * stride + x, row * stride + x + width);
    }
  }
}

/** Draws a picture: R, G, B and alpha from 0 to 1, in whole steps. */
export function drawPicture(request: PictureRequest): Component[] {
  const { width, height, index, alpha, steps } = request;
  const planes = Array.from({ length: 4 }, () => new Float64Array(width * height));
  planes[3]!.fill(1);
  const layout = layoutOf(width, height);
  for (const [patch, area] of layout.patches.entries()) {
    const [red, green, blue] = patches[patch]!;
    const opacity = alpha ? opacities[patch % columns]! : 255;
    fill(planes, width, area, [red / 255, green / 255, blue / 255, opacity / 255]);
  }
  for (let y = layout.detailTop; y < height - indexRows; y++) {
    for (let x = 0; x < width; x++) {
      for (const [channel, value] of detailPixel(request, x, y - layout.detailTop).entries()) {
        planes[channel]![y * width + x] = value;
      }
    }
  }
  for (const [bit, area] of layout.bits.entries()) {
    const value = index >> bit & 1;
    fill(planes, width, area, [value, value, value, 1]);
  }
  for (const plane of planes) {
    for (let at = 0; at < plane.length; at++) plane[at] = Math.round(plane[at]! * steps) / steps;
  }
  return planes.map((values) => ({ width, height, values }));
}

/** Reads a frame's index from the values of luma, red or green: bars above `middle` are ones. */
export function readIndex({ width, values }: Component, layout: Layout, middle: number): number {
  let index = 0;
  for (const [bit, area] of layout.bits.entries()) {
    const { x, y, width: columns, height: rows } = interior(area);
    let sum = 0;
    for (let row = y; row < y + rows; row++) {
      for (let column = x; column < x + columns; column++) sum += values[row * width + column]!;
    }
    if (sum / (rows * columns) > middle) index |= 1 << bit;
  }
  return index;
}
