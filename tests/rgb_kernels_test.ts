import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { PixelMeaning } from "../src/video/color.ts";
import { hasRgbKernel, PixelKernels } from "../src/video/kernels/kernels.ts";
import { randomNumbers } from "./support/random.ts";

/** The pixels that a chroma sample of each format covers, across and down; whether u and v take turns. */
const sources = {
  yuv420p: [2, 2, false],
  yuvj420p: [2, 2, false],
  nv12: [2, 2, true],
  yuv422p: [2, 1, false],
  yuvj422p: [2, 1, false],
  yuv444p: [1, 1, false],
  yuvj444p: [1, 1, false],
} as const;
type Source = keyof typeof sources;
/** For each format of RGB, where red and blue are. */
const targets = { rgba: [0, 2], bgra: [2, 0], rgb0: [0, 2], bgr0: [2, 0] } as const;
type Target = keyof typeof targets;
/** K_R and K_B as in the standards. */
const matrices = {
  bt709: [0.2126, 0.0722],
  smpte170m: [0.299, 0.114],
  bt470bg: [0.299, 0.114],
  smpte240m: [0.212, 0.087],
  fcc: [0.3, 0.11],
  bt2020nc: [0.2627, 0.0593],
} as const;

/** Written to all bytes that nothing should touch. */
const canary = 0xa5;
const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
const bytes = new Uint8Array(memory.buffer);
const kernels = new PixelKernels(memory);
const output = 0x20000;

const random = randomNumbers();

/** Exact red, green and blue, in floating point and within the range of a byte. */
function exactRgb(y: number, u: number, v: number, { matrix, range }: PixelMeaning): number[] {
  const [red, blue] = matrices[matrix as keyof typeof matrices];
  const luma = range === "tv" ? (y - 16) * 255 / 219 : y;
  const scale = range === "tv" ? 255 / 224 : 1;
  const r = luma + 2 * (1 - red) * (v - 128) * scale, b = luma + 2 * (1 - blue) * (u - 128) * scale;
  const g = (luma - red * r - blue * b) / (1 - red - blue);
  return [r, g, b].map((value) => Math.min(255, Math.max(0, value)));
}

interface Conversion {
  readonly from: Source;
  readonly to: Target;
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly color: PixelMeaning;
  /** Samples are extremes. */
  readonly isHarsh?: boolean;
}

/** Converts noise. Each byte may differ from the exact value by hardly more than rounding does. */
function assertExact(conversion: Conversion): void {
  const { from, to, width, height, gap, color, isHarsh = false } = conversion;
  const [across, down, takeTurns] = sources[from];
  const columns = Math.ceil(width / across), lines = Math.ceil(height / down);
  const rowBytes = takeTurns ? [width, columns * 2] : [width, columns, columns];
  const strides = rowBytes.map((count, plane) => count + gap * (plane + 1));
  let end = 0;
  const addresses = strides.map((stride, plane) => {
    end += stride * (plane === 0 ? height : lines);
    return end - stride * (plane === 0 ? height : lines);
  });
  for (let at = 0; at < end; at++) bytes[at] = isHarsh ? random(2) * 255 : random(256);
  const stride = width * 4 + gap;
  bytes.fill(canary, output - 64, output + stride * height + 64);
  kernels.toRgb(
    { format: from, width, height, addresses, strides },
    { format: to, width, height, address: output, stride },
    color,
  );
  const what = (): string => JSON.stringify(conversion);
  const [red, blue] = targets[to];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const chroma = (plane: 1 | 2): number => {
        const row = Math.floor(y / down), column = Math.floor(x / across);
        const at = takeTurns
          ? addresses[1]! + row * strides[1]! + column * 2 + plane - 1
          : addresses[plane]! + row * strides[plane]! + column;
        return bytes[at]!;
      };
      const exact = exactRgb(bytes[addresses[0]! + y * strides[0]! + x]!, chroma(1), chroma(2), color);
      const at = output + y * stride + x * 4;
      for (const [channel, place] of [red, 1, blue].entries()) {
        const error = Math.abs(bytes[at + place]! - exact[channel]!);
        if (!(error < 0.54)) {
          throw new Error(`${what()} at ${x},${y}: ${bytes[at + place]}, not ${exact[channel]}`);
        }
      }
      assertEquals(bytes[at + 3], 255, what());
    }
    bytes.fill(canary, output + y * stride, output + y * stride + width * 4);
  }
  const touched = bytes.subarray(output - 64, output + stride * height + 64);
  assert(touched.every((byte) => byte === canary), what());
}

test("PixelKernels.toRgb: every format, matrix and range is within rounding of the exact conversion", () => {
  for (const from of Object.keys(sources) as Source[]) {
    for (const to of Object.keys(targets) as Target[]) {
      for (const matrix of Object.keys(matrices)) {
        for (const range of ["tv", "pc"] as const) {
          for (const isHarsh of [false, true]) {
            const color = { matrix, range };
            assertExact({ from, to, width: 37, height: 5, gap: 3, color, isHarsh });
          }
        }
      }
    }
  }
});

test("PixelKernels.toRgb: all sizes to 35x4 are exact, and nothing is written beside them", () => {
  for (const from of Object.keys(sources) as Source[]) {
    for (let height = 1; height <= 4; height++) {
      for (let width = 1; width <= 35; width++) {
        const color = { matrix: "bt709", range: random(2) === 0 ? "tv" : "pc" } as const;
        assertExact({ from, to: random(2) === 0 ? "rgba" : "bgra", width, height, gap: random(9), color });
      }
    }
  }
});

test("hasRgbKernel: tells which conversions there are, and toRgb refuses others", () => {
  for (const from of Object.keys(sources)) {
    for (const to of Object.keys(targets)) assert(hasRgbKernel(from, to, "bt709"));
  }
  assert(!hasRgbKernel("yuv420p10le", "rgba", "bt709"));
  assert(!hasRgbKernel("yuv420p", "rgb24", "bt709"));
  assert(!hasRgbKernel("constructor", "constructor", "bt709"));
  assert(!hasRgbKernel("yuv420p", "rgba", "ycgco"));
  const from = { format: "nv12", width: 16, height: 2, addresses: [0, 32], strides: [16, 16] };
  const to = { format: "rgba", width: 16, height: 2, address: output, stride: 64 };
  const color = { matrix: "bt709", range: "tv" } as const;
  kernels.toRgb(from, to, color);
  assertThrows(() => kernels.toRgb({ ...from, format: "gray" }, to, color), RangeError);
  assertThrows(() => kernels.toRgb({ ...from, strides: [16, 15] }, to, color), RangeError);
  assertThrows(() => kernels.toRgb({ ...from, addresses: [0, bytes.length - 8] }, to, color), RangeError);
  assertThrows(() => kernels.toRgb(from, { ...to, stride: 60 }, color), RangeError);
  assertThrows(() => kernels.toRgb(from, { ...to, address: bytes.length - 64 }, color), RangeError);
});
