import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { PixelMeaning } from "../src/video/color.ts";
import { hasKernel, type KernelTarget, PixelKernels } from "../src/video/kernels/kernels.ts";
import { randomNumbers } from "./support/random.ts";

/** For each source format, the bytes of a pixel, and where its red, green and blue are. */
const sources: Readonly<Record<string, readonly [bytes: number, red: number, green: number, blue: number]>> =
  {
    rgba: [4, 0, 1, 2],
    bgra: [4, 2, 1, 0],
    rgb0: [4, 0, 1, 2],
    bgr0: [4, 2, 1, 0],
    rgb24: [3, 0, 1, 2],
    bgr24: [3, 2, 1, 0],
    gray: [1, 0, 0, 0],
  };
const targets = ["yuv420p", "nv12", "yuv444p"] as const;
/** K_R and K_B as in the standards. */
const matrices: Readonly<Record<string, readonly [red: number, blue: number]>> = {
  bt709: [0.2126, 0.0722],
  fcc: [0.3, 0.11],
  smpte170m: [0.299, 0.114],
  bt470bg: [0.299, 0.114],
  smpte240m: [0.212, 0.087],
  bt2020nc: [0.2627, 0.0593],
  bt2020c: [0.2627, 0.0593],
};
const ranges = ["tv", "pc"] as const;

/** Written to all bytes that no plane has. */
const canary = 0xa5;

const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
const bytes = new Uint8Array(memory.buffer);
const kernels = new PixelKernels(memory);

const random = randomNumbers();

/** Red, green and blue of each pixel. */
type Picture = Readonly<{ width: number; height: number; rgb: Uint8Array }>;

/** A picture of one colour for each place. */
function picture(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly number[],
): Picture {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgb.set(colour(x, y), (y * width + x) * 3);
  }
  return { width, height, rgb };
}

const noise = (width: number, height: number): Picture =>
  picture(width, height, () => [random(256), random(256), random(256)]);

interface Conversion {
  readonly from: string;
  readonly to: typeof targets[number];
  readonly color: PixelMeaning;
  /** The coded size; default: the picture's. */
  readonly width?: number;
  readonly height?: number;
  /** Bytes between rows. */
  readonly gap?: number;
}

/** Where the planes of a target lie: one after another, with a gap after each row. */
function placed({ to, gap = 0 }: Conversion, width: number, height: number) {
  const [columns, lines] = to === "yuv444p" ? [width, height] : [Math.ceil(width / 2), Math.ceil(height / 2)];
  const rowBytes = to === "nv12" ? [width, columns * 2] : [width, columns, columns];
  const rows = rowBytes.map((_, plane) => plane === 0 ? height : lines);
  const strides = rowBytes.map((bytes, plane) => bytes + gap * (plane + 1));
  let end = 64 + gap;
  const addresses = strides.map((stride, plane) => (end += stride * rows[plane]!) - stride * rows[plane]!);
  return { format: to, width, height, addresses, strides, rows };
}

/**
 * The planes of a picture, converted; makes sure that nothing else was written. The picture ends where the
 * memory does.
 */
function convert(input: Picture, conversion: Conversion): Uint8Array[] {
  const { from, color, gap = 0, width = input.width, height = input.height } = conversion;
  const [pixelBytes, ...channels] = sources[from]!;
  const stride = input.width * pixelBytes + gap;
  const address = bytes.length - (stride * input.height - gap);
  const { rows, ...to } = placed(conversion, width, height);
  const end = to.addresses.at(-1)! + to.strides.at(-1)! * rows.at(-1)! + 64;
  assert(end <= address);
  bytes.fill(canary, 0, end);
  for (let y = 0; y < input.height; y++) {
    for (let x = 0; x < input.width; x++) {
      const at = address + y * stride + x * pixelBytes;
      if (pixelBytes === 4) bytes[at + 3] = random(256);
      for (const [channel, place] of channels.entries()) {
        bytes[at + place] = input.rgb[(y * input.width + x) * 3 + channel]!;
      }
    }
  }
  kernels.convert({ format: from, width: input.width, height: input.height, address, stride }, to, color);
  const planes = to.addresses.map((start, plane) => {
    const rowBytes = to.strides[plane]! - gap * (plane + 1);
    const samples = new Uint8Array(rowBytes * rows[plane]!);
    for (let row = 0; row < rows[plane]!; row++) {
      const at = start + row * to.strides[plane]!;
      samples.set(bytes.subarray(at, at + rowBytes), row * rowBytes);
      bytes.fill(canary, at, at + rowBytes);
    }
    return samples;
  });
  const touched = bytes.subarray(0, end).findIndex((byte) => byte !== canary);
  assertEquals(touched, -1, `${from} to ${to.format}, ${width}x${height}: byte ${touched}`);
  return planes;
}

/** The exact planes of a picture, in floating point and within the range of a byte. */
function exactPlanes(input: Picture, conversion: Conversion): Float64Array[] {
  const { from, to, color, width = input.width, height = input.height } = conversion;
  const [red, blue] = matrices[color.matrix]!;
  const [scale, offset] = color.range === "tv" ? [219, 16] : [255, 0];
  const chromaScale = color.range === "tv" ? 224 : 255;
  const luma = new Float64Array(width * height);
  const step = to === "yuv444p" ? 1 : 2;
  const columns = Math.ceil(width / step), lines = Math.ceil(height / step);
  const chroma = [new Float64Array(columns * lines).fill(128), new Float64Array(columns * lines).fill(128)];
  for (let y = 0; y < lines * step; y++) {
    for (let x = 0; x < columns * step; x++) {
      const at = (Math.min(y, input.height - 1) * input.width + Math.min(x, input.width - 1)) * 3;
      const [r, g, b] = from === "gray"
        ? new Array(3).fill(input.rgb[at + 2]! / 255)
        : [input.rgb[at]! / 255, input.rgb[at + 1]! / 255, input.rgb[at + 2]! / 255];
      const value = red * r + (1 - red - blue) * g + blue * b;
      if (y < height && x < width) luma[y * width + x] = offset + scale * value;
      const place = Math.floor(y / step) * columns + Math.floor(x / step);
      chroma[0]![place]! += chromaScale * (b - value) / (2 * (1 - blue)) / step ** 2;
      chroma[1]![place]! += chromaScale * (r - value) / (2 * (1 - red)) / step ** 2;
    }
  }
  for (const plane of chroma) plane.forEach((value, at) => plane[at] = Math.min(255, Math.max(0, value)));
  if (to !== "nv12") return [luma, ...chroma];
  return [luma, new Float64Array(columns * lines * 2).map((_, at) => chroma[at % 2]![at >> 1]!)];
}

/**
 * Converts, and compares with the exact planes: a sample may differ from the exact value by hardly more than
 * rounding does. Returns how many samples there are, and how many of them are the exact value rounded.
 */
function assertExact(input: Picture, conversion: Conversion): { samples: number; rounded: number } {
  const count = { samples: 0, rounded: 0 };
  const what = () => `${input.width}x${input.height} ${JSON.stringify(conversion)}`;
  const expected = exactPlanes(input, conversion);
  for (const [plane, samples] of convert(input, conversion).entries()) {
    assertEquals(samples.length, expected[plane]!.length, what());
    for (let at = 0; at < samples.length; at++) {
      const exact = expected[plane]![at]!;
      const error = Math.abs(samples[at]! - exact);
      if (!(error < 0.51)) {
        throw new Error(`${what()}: plane ${plane} at ${at} is ${samples[at]}, not ${exact}`);
      }
      count.samples++;
      if (error <= 0.5) count.rounded++;
    }
  }
  return count;
}

const limits = [0, 1, 127, 128, 254, 255] as const;
const pictures: Readonly<Record<string, Picture>> = {
  noise: noise(70, 36),
  // Each pixel of a block the same: the extremes of chroma.
  corners: picture(
    72,
    24,
    (
      x,
      y,
    ) => [limits[x >> 1 & 7] ?? 255, limits[y >> 1 & 7] ?? 0, limits[(x >> 4) + (y >> 4) * 2 & 7] ?? 128],
  ),
  "full colours": picture(64, 16, () => [random(2) * 255, random(2) * 255, random(2) * 255]),
  gradient: picture(256, 8, (x, y) => [x, 255 - x, (x * 5 + y * 31) & 255]),
  grays: picture(256, 2, (x) => [x, x, x]),
};

for (const [name, input] of Object.entries(pictures)) {
  test(`PixelKernels: ${name}: every kernel, matrix and range is within rounding of the exact conversion`, () => {
    for (const from of Object.keys(sources)) {
      for (const to of targets) {
        for (const matrix of Object.keys(matrices)) {
          for (const range of ranges) assertExact(input, { from, to, color: { matrix, range } });
        }
      }
    }
  });
}

test("PixelKernels: grays have no chroma, and black and white are exact", () => {
  for (const from of Object.keys(sources)) {
    for (const to of targets) {
      for (const matrix of Object.keys(matrices)) {
        const [luma, ...chroma] = convert(pictures.grays!, { from, to, color: { matrix, range: "tv" } });
        assertEquals([luma![0], luma![255]], [16, 235]);
        for (const plane of chroma) {
          assert(plane.every((sample) => sample === 128), `${from} ${to} ${matrix}`);
        }
      }
    }
  }
});

test("PixelKernels: all sizes to 33x17, with rows apart and padded, are exact, and nothing is read or written beside them", () => {
  for (let height = 1; height <= 17; height++) {
    for (let width = 1; width <= 33; width++) {
      const input = noise(width, height);
      for (const from of ["rgba", "bgr24", "gray"]) {
        for (const to of targets) {
          const color = { matrix: "bt709", range: ranges[random(2)]! };
          const padded = { width: width + random(3), height: height + random(3) };
          assertExact(input, { from, to, color, gap: random(9) });
          assertExact(input, { from, to, color, gap: random(2), ...padded });
        }
      }
    }
  }
});

test("PixelKernels: the same picture is converted the same in every order of bytes", () => {
  const input = noise(37, 11);
  for (const to of targets) {
    const color = { matrix: "bt2020nc", range: "tv" } as const;
    const [first, ...others] = Object.keys(sources).filter((name) => name !== "gray")
      .map((from) => convert(input, { from, to, color }));
    for (const other of others) assertEquals(other, first);
  }
});

test("PixelKernels: nearly all samples are the exact value rounded", () => {
  const input = noise(256, 32);
  for (const from of ["rgba", "rgb24", "gray"]) {
    for (const to of targets) {
      const { samples, rounded } = assertExact(input, { from, to, color: { matrix: "bt709", range: "tv" } });
      assert(rounded / samples > 0.98, `${from} to ${to}: ${rounded} of ${samples}`);
    }
  }
});

test("PixelKernels: two threads share a memory, and neither keeps anything in it", () => {
  bytes.fill(canary);
  const others = new PixelKernels(memory);
  assert(bytes.every((byte) => byte === canary));
  const from = { format: "rgba", width: 1, height: 1, address: 0, stride: 4 };
  bytes.set([255, 255, 255, 0]);
  const to = { format: "yuv444p", width: 1, height: 1, addresses: [8, 9, 10], strides: [1, 1, 1] };
  others.convert(from, to, { matrix: "bt709", range: "tv" });
  assertEquals([...bytes.subarray(0, 12)], [
    255,
    255,
    255,
    0,
    canary,
    canary,
    canary,
    canary,
    235,
    128,
    128,
    canary,
  ]);
});

test("hasKernel: tells which conversions there are", () => {
  for (const from of Object.keys(sources)) {
    for (const to of targets) assert(hasKernel(from, to, "bt709"));
  }
  for (const from of ["argb", "constructor"]) assert(!hasKernel(from, "nv12", "bt709"));
  assert(!hasKernel("rgba", "yuv420p10le", "bt709"));
  assert(!hasKernel("rgba", "nv12", "ycgco"));
});

test("PixelKernels: what does not fit is refused", () => {
  const from = { format: "rgba", width: 16, height: 2, address: 0, stride: 64 };
  const to = { format: "nv12", width: 16, height: 2, addresses: [128, 160], strides: [16, 16] };
  const color = { matrix: "bt709", range: "tv" } as const;
  kernels.convert(from, to, color);
  const refused = (change: Partial<typeof from>, changeTo: Partial<KernelTarget> = {}): void => {
    assertThrows(() => kernels.convert({ ...from, ...change }, { ...to, ...changeTo }, color), RangeError);
  };
  for (const stride of [63, 64.5]) refused({ stride });
  for (const address of [-1, 0.5, bytes.length - 127]) refused({ address });
  for (const width of [0, NaN]) refused({ width });
  refused({ format: "argb" });
  for (const size of [{ width: 15 }, { height: 1 }]) refused({}, size);
  for (const addresses of [[128], [128, bytes.length - 15]]) refused({}, { addresses });
  refused({}, { strides: [16, 15] });
});

test("PixelKernels: a change of range gives every byte its exact value, at any size, and nothing beside the plane", () => {
  const reach = {
    luma: { tv: [16, 219], pc: [0, 255] },
    chroma: { tv: [128, 224], pc: [128, 255] },
  } as const;
  const [from, to] = [0, 128 * 1024];
  for (const part of ["luma", "chroma"] as const) {
    for (const range of ranges) {
      const [zero, span] = reach[part][range];
      const [sourceZero, sourceSpan] = reach[part][range === "tv" ? "pc" : "tv"];
      for (
        const [rowBytes, rows, stride] of [[256, 1, 256], [1, 1, 1], [15, 3, 16], [33, 2, 40], [
          256,
          3,
          300,
        ]] as const
      ) {
        bytes.fill(canary);
        for (let row = 0; row < rows; row++) {
          for (let x = 0; x < rowBytes; x++) bytes[from + row * stride + x] = (x + row * 85) & 255;
        }
        kernels.changeRange(
          { address: from, stride, rowBytes, rows },
          { address: to, stride: stride + 3, rowBytes, rows },
          part,
          range,
        );
        for (let row = 0; row < rows; row++) {
          for (let x = 0; x < stride + 3; x++) {
            const made = bytes[to + row * (stride + 3) + x]!;
            const exact = zero + (((x + row * 85) & 255) - sourceZero) * span / sourceSpan;
            const expected = Math.max(0, Math.min(255, exact));
            if (x >= rowBytes) assertEquals(made, canary, `beside row ${row}`);
            else {assert(
                Math.abs(made - expected) <= 0.504,
                `${part} to ${range}: ${made} instead of ${expected}`,
              );}
          }
        }
      }
    }
  }
  assertThrows(
    () =>
      kernels.changeRange(
        { address: 0, stride: 16, rowBytes: 16, rows: 1 },
        { address: bytes.length - 15, stride: 16, rowBytes: 16, rows: 1 },
        "luma",
        "tv",
      ),
    RangeError,
    "does not fit",
  );
});
