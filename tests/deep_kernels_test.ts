import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ComponentForm, DeepKernels, pickedWhite } from "../src/video/kernels/deep_kernels.ts";
import { deepWeights, type Mixture } from "../src/video/kernels/deep_weights.ts";
import type { KernelPlane } from "../src/video/kernels/kernel_module.ts";
import { randomNumbers } from "./support/random.ts";

/** Written to all bytes that nothing should touch. */
const canary = 0xa5;
const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);
const kernels = new DeepKernels(memory);
const output = 0x20000, patterns = 0x3f000;

const random = randomNumbers();

function fillRandom(from: number, to: number): void {
  for (let at = from; at < to; at++) bytes[at] = random(256);
}

/** Checks words of a plane, row by row, and that nothing beside them was written. */
function assertWords(
  plane: KernelPlane,
  columns: number,
  wanted: (x: number, y: number) => number,
  what: string,
) {
  const { address, stride, rows } = plane;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const at = address + y * stride + x * 2;
      if (view.getUint16(at, true) !== wanted(x, y)) {
        throw new Error(`${what} at ${x},${y}: ${view.getUint16(at, true)}, not ${wanted(x, y)}`);
      }
      bytes.fill(canary, at, at + 2);
    }
  }
  const beside = bytes.subarray(address - 64, address + stride * rows + 64);
  assert(beside.every((byte) => byte === canary), `${what}: bytes beside`);
}

const words = (step: 1 | 3 | 4, depth: number, isSwapped = false, dropped = 0): ComponentForm => ({
  kind: "words",
  ...{ step, depth, isSwapped, dropped },
});
const forms: readonly (readonly [form: ComponentForm, pixelBytes: number])[] = [
  ...([1, 3, 4] as const).flatMap((step) =>
    [words(step, 16), words(step, 16, true), words(step, 10), words(step, 12, true, 4)].map((form) =>
      [form, step * 2] as const
    )
  ),
  ...[0, 10, 20].map((dropped) => [{ kind: "bits", dropped, depth: 10 }, 4] as const),
  ...[false, true].map((isSwapped) => [{ kind: "floats", isSwapped }, 4] as const),
];

/** What a component of a pixel is picked as, one by one. */
function picked(form: ComponentForm, at: number): number {
  if (form.kind === "floats") {
    const value = view.getFloat32(at, !form.isSwapped);
    const behind = 2 ** 23, most = Math.min(Math.max(value, 0), 1);
    return Number.isNaN(value) ? 0 : Math.fround(Math.fround(most * 65535) + behind) - behind;
  }
  const { dropped, depth } = form;
  const most = 2 ** depth - 1;
  const value = form.kind === "bits"
    ? view.getUint32(at, true) >>> dropped & most
    : Math.min(view.getUint16(at, !form.isSwapped) >> dropped, most);
  return value << 16 - depth;
}

test("DeepKernels.pick: every form, width and gap gives the words that single samples give", () => {
  for (const [form, pixelBytes] of forms) {
    for (let width = 1; width <= 35; width++) {
      const rows = 1 + width % 3, stride = width * pixelBytes + width % 5 * 2;
      // The component is the last one of each pixel, and the picture ends where the memory does.
      const rest = form.kind === "words" ? (form.step - 1) * 2 : 0;
      const address = bytes.length - stride * (rows - 1) - width * pixelBytes + rest;
      fillRandom(address - rest, bytes.length);
      for (let at = address; form.kind === "floats" && at + 4 <= bytes.length; at += 4) {
        if (random(8) > 0) view.setFloat32(at, random(1200) / 1000 - 0.1, !form.isSwapped);
      }
      const to = { address: output, stride: width * 2 + 6, rowBytes: width * 2, rows };
      bytes.fill(canary, output - 64, output + to.stride * rows + 64);
      kernels.pick({ address, stride, rowBytes: 0, rows }, form, width, to);
      const wanted = (x: number, y: number): number => picked(form, address + y * stride + x * pixelBytes);
      assertWords(to, width, wanted, `${JSON.stringify(form)}, ${width}x${rows}`);
    }
  }
});

test("DeepKernels.halve: averages two by two words, and repeats the last column and row", () => {
  const average = (a: number, b: number): number => a + b + 1 >> 1;
  for (let width = 1; width <= 35; width++) {
    for (const down of [0, 1]) {
      const height = 1 + width % 4, stride = width * 2 + 4;
      const columns = Math.ceil((width + width % 2) / 2), rows = Math.ceil(height / (1 << down));
      fillRandom(0, stride * height);
      const word = (x: number, y: number): number =>
        view.getUint16(Math.min(y, height - 1) * stride + Math.min(x, width - 1) * 2, true);
      const to = { address: output, stride: columns * 2 + 2, rowBytes: columns * 2, rows };
      bytes.fill(canary, output - 64, output + to.stride * rows + 64);
      kernels.halve({ address: 0, stride, rowBytes: width * 2, rows: height }, width, to, columns, down);
      const column = (x: number, y: number): number =>
        average(word(x, y << down), word(x, (y << down) + down));
      assertWords(
        to,
        columns,
        (x, y) => average(column(2 * x, y), column(2 * x + 1, y)),
        `${width}x${height}`,
      );
    }
  }
});

/** The sum of one sample, as `tools/kernels/deep.c` tells. */
function weighed([r, g, b]: readonly number[], { first, last, bits, depth, biases }: Mixture, place: number) {
  const low = (pair: number): number => pair << 16 >> 16, high = (pair: number): number => pair >> 16;
  const sum = (r! - 32768) * low(first) + (g! - 32768) * (high(first) + low(last)) +
    (b! - 32768) * high(last) +
    biases[place]!;
  return Math.min(Math.max((sum | 0) >> bits, 0), 2 ** depth - 1);
}

test("DeepKernels.weigh: every depth and width gives the samples that single sums give", () => {
  for (const depth of [8, 9, 10, 12]) {
    for (const range of ["tv", "pc"] as const) {
      for (const [plane, mixture] of deepWeights({ matrix: "bt709", range }, depth, 65535).entries()) {
        bytes.set(new Uint8Array(mixture.biases.buffer), patterns);
        for (let width = 1; width <= 21; width++) {
          const height = 1 + width % 10, columns = width + width % 2, rows = height + height % 2;
          const stride = width * 2 + 2, sampleBytes = depth === 8 ? 1 : 2;
          const colors = [0, 1, 2].map((index) => ({
            address: index * stride * height,
            ...{ stride, rowBytes: width * 2, rows: height },
          })) as [KernelPlane, KernelPlane, KernelPlane];
          fillRandom(0, 3 * stride * height);
          if (width % 2 === 0) {
            for (let at = 0; at < 3 * stride * height; at++) bytes[at]! &= 128, bytes[at]! *= 1.99;
          }
          const to = {
            address: output,
            stride: columns * sampleBytes + 2,
            rowBytes: columns * sampleBytes,
            rows,
          };
          bytes.fill(canary, output - 64, output + to.stride * rows + 64);
          kernels.weigh(colors, width, to, columns, mixture, patterns);
          for (let y = 0; y < rows; y++) {
            for (let x = 0; x < columns; x++) {
              const from = Math.min(y, height - 1) * stride + Math.min(x, width - 1) * 2;
              const wanted = weighed(
                colors.map(({ address }) => view.getUint16(address + from, true)),
                mixture,
                y % 8 * 8 + x % 8,
              );
              const at = output + y * to.stride + x * sampleBytes;
              const sample = depth === 8 ? bytes[at]! : view.getUint16(at, true);
              assertEquals(sample, wanted, `depth ${depth}, plane ${plane}, ${width}x${height} at ${x},${y}`);
              bytes.fill(canary, at, at + sampleBytes);
            }
          }
          const beside = bytes.subarray(output - 64, output + to.stride * rows + 64);
          assert(beside.every((byte) => byte === canary));
        }
      }
    }
  }
});

test("deepWeights: samples are exact but for rounding, grays have no colour, white and black no dither", () => {
  const shares = { bt709: [0.2126, 0.0722], smpte170m: [0.299, 0.114], bt2020nc: [0.2627, 0.0593] } as const;
  for (const [matrix, [red, blue]] of Object.entries(shares)) {
    for (const range of ["tv", "pc"] as const) {
      for (const depth of [8, 9, 10, 12]) {
        for (const form of [words(1, 16), words(1, 10), words(1, 9)]) {
          const white = pickedWhite(form), step = 2 ** (depth - 8);
          const [y, u, v] = deepWeights({ matrix, range }, depth, white);
          const [black, span, chroma] = range === "tv"
            ? [16 * step, 219 * step, 224 * step]
            : [0, 2 ** depth - 1, 2 ** depth - 1];
          for (let place = 0; place < 64; place++) {
            assertEquals(weighed([0, 0, 0], y, place), black);
            assertEquals(weighed([white, white, white], y, place), black + span);
            const gray = random(white);
            assertEquals(weighed([gray, gray, gray], u, place), 128 * step);
            assertEquals(weighed([gray, gray, gray], v, place), 128 * step);
          }
          for (let turn = 0; turn < 200; turn++) {
            const color = [random(white), random(white), random(white)] as const;
            const [r, g, b] = color.map((value) => value / white) as [number, number, number];
            const luma = red * r + (1 - red - blue) * g + blue * b;
            const wanted = [
              black + span * luma,
              128 * step + chroma * (b - luma) / 2 / (1 - blue),
              128 * step + chroma * (r - luma) / 2 / (1 - red),
            ];
            for (const [plane, mixture] of [y, u, v].entries()) {
              const most = depth === 8 ? 1.03 : 0.7;
              const error = Math.abs(
                weighed(color, mixture, turn % 64) - Math.min(wanted[plane]!, 2 ** depth - 1),
              );
              assert(
                error < most,
                `${matrix} ${range} ${depth}, plane ${plane} of ${color}: off by ${error}`,
              );
            }
          }
        }
      }
    }
  }
});

test("DeepKernels.isWhite and pickBytes: see each sample of every width", () => {
  for (let width = 1; width <= 40; width++) {
    const stride = width * 8 + 8, from = { address: 6, stride, rowBytes: 0, rows: 2 };
    bytes.fill(0, 0, stride * 2);
    for (const y of [0, 1]) {
      for (let x = 0; x < width; x++) bytes.fill(255, 6 + y * stride + x * 8, 8 + y * stride + x * 8);
    }
    assertEquals(kernels.isWhite(from, width, 4), true);
    view.setUint16(6 + stride + random(width) * 8, 0xfffe, true);
    assertEquals(kernels.isWhite(from, width, 4), false);

    const picture = { address: 3, stride: width * 4 + 4, rowBytes: 0, rows: 2 };
    fillRandom(0, picture.stride * 2);
    const to = { address: output, stride: width + 3, rowBytes: width + 1, rows: 3 };
    bytes.fill(canary, output - 64, output + to.stride * 3 + 64);
    kernels.pickBytes(picture, width, to);
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x <= width; x++) {
        const at = output + y * to.stride + x;
        assertEquals(bytes[at], bytes[3 + Math.min(y, 1) * picture.stride + Math.min(x, width - 1) * 4]);
        bytes[at] = canary;
      }
    }
    assert(bytes.subarray(output - 64, output + to.stride * 3 + 64).every((byte) => byte === canary));
  }
});

test("DeepKernels: refuse planes that reach too far", () => {
  const plane = { address: 0, stride: 32, rowBytes: 32, rows: 4 };
  const far = { ...plane, address: bytes.length - 32 };
  assertThrows(() => kernels.pick(far, words(1, 16), 16, plane), RangeError, "the picture");
  assertThrows(() => kernels.pick(plane, words(1, 16), 17, plane), RangeError, "the picture");
  assertThrows(() => kernels.halve(plane, 16, { ...far, rows: 2 }, 8, 1), RangeError, "the averages");
  const [luma] = deepWeights({ matrix: "bt709", range: "tv" }, 10, 65535);
  assertThrows(
    () => kernels.weigh([plane, plane, plane], 16, far, 16, luma, patterns),
    RangeError,
    "the plane",
  );
  assertThrows(
    () => kernels.weigh([plane, plane, plane], 16, plane, 16, luma, bytes.length),
    RangeError,
    "pattern",
  );
  assertThrows(() => kernels.pickBytes(far, 8, plane), RangeError, "the picture");
  assertThrows(() => kernels.isWhite(far, 4, 4), RangeError, "the picture");
});
