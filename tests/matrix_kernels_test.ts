import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { PixelMeaning } from "../src/video/color.ts";
import { type KernelTarget, PixelKernels } from "../src/video/kernels/kernels.ts";
import { randomNumbers } from "./support/random.ts";

/** The pixels that a chroma sample of each format covers, across and down. */
const formats = { yuv420p: [2, 2], yuvj420p: [2, 2], yuv422p: [2, 1], yuv444p: [1, 1] } as const;
type Format = keyof typeof formats;
/** K_R and K_B as in the standards. */
const matrices = {
  bt709: [0.2126, 0.0722],
  smpte170m: [0.299, 0.114],
  smpte240m: [0.212, 0.087],
  bt2020nc: [0.2627, 0.0593],
} as const;
const ranges = ["tv", "pc"] as const;

/** Written to all bytes that nothing should touch. */
const canary = 0xa5;
const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
const bytes = new Uint8Array(memory.buffer);
const kernels = new PixelKernels(memory);
const output = 0x10000;

const random = randomNumbers();

/** Planes one after another from an address, with a gap after each row. */
function placed(format: Format, width: number, height: number, gap: number, start: number) {
  const [across, down] = formats[format];
  const columns = Math.ceil(width / across), rows = Math.ceil(height / down);
  const strides = [width + gap, columns + 2 * gap, columns + 3 * gap];
  const addresses = [start];
  for (const plane of [0, 1]) {
    addresses.push(addresses[plane]! + strides[plane]! * (plane === 0 ? height : rows));
  }
  const end = addresses[2]! + strides[2]! * rows;
  const target: KernelTarget = { format, width, height, addresses, strides };
  return { target, columns, rows, end };
}

/** Luma and both colour differences in another matrix and range, exactly. */
function exact(y: number, u: number, v: number, from: PixelMeaning, to: PixelMeaning): number[] {
  const [red, blue] = matrices[from.matrix as keyof typeof matrices];
  const [toRed, toBlue] = matrices[to.matrix as keyof typeof matrices];
  const luma = from.range === "tv" ? (y - 16) / 219 : y / 255;
  const scale = from.range === "tv" ? 224 : 255, toScale = to.range === "tv" ? 224 : 255;
  const r = luma + 2 * (1 - red) * (v - 128) / scale, b = luma + 2 * (1 - blue) * (u - 128) / scale;
  const g = (luma - red * r - blue * b) / (1 - red - blue);
  const made = toRed * r + (1 - toRed - toBlue) * g + toBlue * b;
  return [
    to.range === "tv" ? 16 + 219 * made : 255 * made,
    128 + toScale * (b - made) / 2 / (1 - toBlue),
    128 + toScale * (r - made) / 2 / (1 - toRed),
  ].map((value) => Math.min(255, Math.max(0, value)));
}

interface Conversion {
  readonly format: Format;
  /** Default: the same. */
  readonly target?: Format;
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly from: PixelMeaning;
  readonly to: PixelMeaning;
}

/** Converts noise. Each sample may differ from the exact one by hardly more than rounding does. */
function assertExact(conversion: Conversion): void {
  const { format, target = format, width, height, gap, from, to } = conversion;
  const [across, down] = formats[format];
  const given = placed(format, width, height, gap, 0), made = placed(target, width, height, gap + 1, output);
  for (let at = 0; at < given.end; at++) bytes[at] = random(256);
  bytes.fill(canary, output - 64, made.end + 64);
  kernels.changeMatrix(given.target, made.target, from, to);
  const sample = (plane: number, x: number, y: number): number =>
    bytes[given.target.addresses[plane]! + y * given.target.strides[plane]! + x]!;
  const clamped = (value: number, count: number): number => Math.min(count - 1, Math.max(0, value));
  /** Chroma at the centre of a pixel, between samples that lie at the centres of what they cover. */
  const interpolated = (plane: number, x: number, y: number): number => {
    const column = Math.floor(x / across), row = Math.floor(y / down);
    const side = clamped(across === 1 ? column : column + (x % 2 === 0 ? -1 : 1), given.columns);
    const beside = clamped(down === 1 ? row : row + (y % 2 === 0 ? -1 : 1), given.rows);
    const mixed = (a: number, b: number): number => (3 * a + b) / 4;
    return mixed(
      mixed(sample(plane, column, row), sample(plane, column, beside)),
      mixed(sample(plane, side, row), sample(plane, side, beside)),
    );
  };
  const check = (plane: number, x: number, y: number, wanted: number): void => {
    const at = made.target.addresses[plane]! + y * made.target.strides[plane]! + x;
    const error = Math.abs(bytes[at]! - wanted);
    if (!(error < 0.53)) {
      throw new Error(
        `${JSON.stringify(conversion)}, plane ${plane} at ${x},${y}: ${bytes[at]}, not ${wanted}`,
      );
    }
    bytes[at] = canary;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [luma] = exact(sample(0, x, y), interpolated(1, x, y), interpolated(2, x, y), from, to);
      check(0, x, y, luma!);
    }
  }
  const [toAcross, toDown] = formats[target];
  /** Averages are rounded before the matrix is changed. */
  const averaged = (plane: number, x: number, y: number): number => {
    const at = (column: number, row: number): number =>
      sample(plane, Math.min(column, given.columns - 1), Math.min(row, given.rows - 1));
    const [columns, rows] = [toAcross / across, toDown / down];
    const [left, upper] = [x * columns, y * rows], [right, lower] = [left + columns - 1, upper + rows - 1];
    return Math.floor((at(left, upper) + at(right, upper) + at(left, lower) + at(right, lower) + 2) / 4);
  };
  for (let y = 0; y < made.rows; y++) {
    for (let x = 0; x < made.columns; x++) {
      const [, u, v] = exact(128, averaged(1, x, y), averaged(2, x, y), from, to);
      check(1, x, y, u!);
      check(2, x, y, v!);
    }
  }
  assert(bytes.subarray(output - 64, made.end + 64).every((byte) => byte === canary), "bytes beside");
}

test("PixelKernels.changeMatrix: every matrix and range is within rounding of the exact conversion", () => {
  for (const format of Object.keys(formats) as Format[]) {
    for (const matrix of Object.keys(matrices)) {
      for (const other of Object.keys(matrices)) {
        for (const range of ranges) {
          for (const toRange of ranges) {
            const from = { matrix, range }, to = { matrix: other, range: toRange };
            assertExact({ format, width: 37, height: 5, gap: 3, from, to });
          }
        }
      }
    }
  }
});

test("PixelKernels.changeMatrix: every size from 1x1 on, and nothing beside is written", () => {
  const from = { matrix: "bt709", range: "tv" } as const, to = { matrix: "smpte170m", range: "pc" } as const;
  for (const format of Object.keys(formats) as Format[]) {
    for (let width = 1; width <= 41; width++) {
      for (const height of [1, 2, 3]) assertExact({ format, width, height, gap: width % 3, from, to });
    }
  }
});

test("PixelKernels.changeMatrix: chroma becomes averages where the target has less of it", () => {
  const from = { matrix: "smpte170m", range: "pc" } as const, to = { matrix: "bt709", range: "tv" } as const;
  const pairs = [["yuv444p", "yuv420p"], ["yuv444p", "yuv422p"], ["yuv422p", "yuv420p"]] as const;
  for (const [format, target] of pairs) {
    for (let width = 1; width <= 70; width += 3) {
      for (const height of [1, 2, 5]) {
        assertExact({ format, target, width, height, gap: width % 3, from, to });
      }
    }
  }
});

test("PixelKernels.changeMatrix: grays keep their luma and get no colour", () => {
  const given = placed("yuv420p", 32, 8, 0, 0), made = placed("yuv420p", 32, 8, 0, output);
  for (let at = 0; at < 256; at++) bytes[at] = at;
  bytes.fill(128, 256, given.end);
  for (const matrix of Object.keys(matrices)) {
    kernels.changeMatrix(given.target, made.target, { matrix: "bt709", range: "tv" }, {
      matrix,
      range: "tv",
    });
    assertEquals(bytes.slice(output, output + 256), bytes.slice(0, 256), matrix);
    assert(bytes.subarray(output + 256, made.end).every((sample) => sample === 128), matrix);
  }
});

test("PixelKernels.changeMatrix: refuses what has no kernel, or reaches too far", () => {
  const meaning = { matrix: "bt709", range: "tv" } as const;
  const { target } = placed("yuv420p", 16, 16, 0, 0);
  const convert = (from: KernelTarget, matrix = "bt709") => () =>
    kernels.changeMatrix(from, target, { ...meaning, matrix }, meaning);
  assertThrows(convert({ ...target, format: "nv12" }), RangeError, "no kernel");
  assertThrows(convert({ ...target, format: "yuv410p" }), RangeError, "no kernel");
  assertThrows(convert(target, "ycgco"), RangeError, "no kernel");
  assertThrows(
    convert({ ...target, addresses: [0, 256, bytes.length - 8] }),
    RangeError,
    "plane 2 of yuv420p",
  );
});
