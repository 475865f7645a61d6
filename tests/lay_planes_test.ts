import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type AlphaPlane, DeepKernels } from "../src/video/kernels/deep_kernels.ts";
import type { KernelPlane } from "../src/video/kernels/kernel_module.ts";
import { randomNumbers } from "./support/random.ts";

/** Written to all bytes that nothing should touch. */
const canary = 0xa5;
const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
const bytes = new Uint8Array(memory.buffer);
const words = new Uint16Array(memory.buffer);
const kernels = new DeepKernels(memory);
const [alphaStart, planeStart, resultStart] = [0x10000, 0x50000, 0xa0000];

const random = randomNumbers();

const depths = [8, 9, 10, 12, 16] as const;
const shapes = [{ across: 0, down: 0 }, { across: 1, down: 0 }, { across: 1, down: 1 }, {
  across: 0,
  down: 1,
}] as const;

function whiteOf(depth: number): number {
  return 2 ** depth - 1;
}

/** A plane at an address, with a gap behind each row. */
function planeAt(address: number, columns: number, rows: number, depth: number, gap: number): KernelPlane {
  const rowBytes = depth > 8 ? columns * 2 : columns;
  return { address, stride: rowBytes + (depth > 8 ? gap * 2 : gap), rowBytes, rows };
}

/** A sample of a plane, as it lies there. */
function sampleAt({ address, stride }: KernelPlane, x: number, y: number, depth: number): number {
  const at = address + y * stride;
  return depth > 8 ? words[at / 2 + x]! : bytes[at + x]!;
}

/** Writes all samples of a plane. */
function fill(plane: KernelPlane, columns: number, depth: number, value: (x: number, y: number) => number) {
  for (let y = 0; y < plane.rows; y++) {
    const at = plane.address + y * plane.stride;
    for (let x = 0; x < columns; x++) {
      if (depth > 8) words[at / 2 + x] = value(x, y);
      else bytes[at + x] = value(x, y);
    }
  }
}

/** What a sample becomes whose pixels have these alphas, in the numbers of JavaScript. */
function laid(value: number, alphas: readonly number[], color: number, white: number): number {
  const capped = alphas.map((alpha) => Math.min(alpha, white));
  const opacity = capped.reduce((sum, alpha) => sum + alpha, 0) / capped.length / white;
  return Math.round(Math.min(value, white) * opacity + color * (1 - opacity));
}

/** Lays a plane over a colour and compares each sample, and that nothing beside them was written. */
function assertLaid(
  from: KernelPlane,
  alpha: AlphaPlane,
  shape: { readonly across: number; readonly down: number },
  color: number,
): void {
  const { depth, width, rows: height } = alpha;
  const { across, down } = shape;
  const columns = Math.ceil(width / (1 << across)), rows = Math.ceil(height / (1 << down));
  const to = planeAt(resultStart, columns, rows, depth, 5);
  const beside = bytes.subarray(to.address - 64, to.address + to.stride * rows + 64).fill(canary);
  kernels.layOver(from, alpha, to, shape, color);
  const what = `${width}x${height} of ${depth} bits, shared ${across}, ${down}, over ${color}`;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const alphas: number[] = [];
      for (let row = y << down; row <= (y << down) + down; row++) {
        for (let column = x << across; column <= (x << across) + across; column++) {
          alphas.push(sampleAt(alpha, Math.min(column, width - 1), Math.min(row, height - 1), depth));
        }
      }
      const wanted = laid(sampleAt(from, x, y, depth), alphas, color, whiteOf(depth));
      const found = sampleAt(to, x, y, depth);
      if (found !== wanted) throw new Error(`${what}, at ${x},${y}: ${found}, not ${wanted}`);
    }
    bytes.fill(canary, to.address + y * to.stride, to.address + y * to.stride + to.rowBytes);
  }
  assert(beside.every((byte) => byte === canary), `${what}: bytes beside`);
}

for (const depth of depths) {
  const white = whiteOf(depth);

  test(`DeepKernels.layOver: every width, height and share gives the samples that numbers give (${depth} bits)`, () => {
    for (const shape of shapes) {
      for (let width = 1; width <= 35; width++) {
        const height = 1 + width % 5, gap = width % 3;
        const alpha = { ...planeAt(alphaStart, width, height, depth, gap), depth, width };
        const columns = Math.ceil(width / (1 << shape.across));
        const from = planeAt(planeStart, columns, Math.ceil(height / (1 << shape.down)), depth, 2 - gap);
        const edge = (): number => [0, white, white - 1, white >> 1][random(4)]!;
        fill(alpha, width, depth, () => random(2) === 0 ? random(white + 1) : edge());
        fill(from, columns, depth, () => random(2) === 0 ? random(white + 1) : edge());
        for (const color of [0, white, random(white + 1)]) assertLaid(from, alpha, shape, color);
      }
    }
  });
}

test("DeepKernels.layOver: every byte at every opacity gives the sample that numbers give", () => {
  const alpha = { ...planeAt(alphaStart, 256, 256, 8, 0), depth: 8, width: 256 };
  const from = planeAt(planeStart, 256, 256, 8, 0);
  fill(alpha, 256, 8, (_, y) => y);
  fill(from, 256, 8, (x) => x);
  for (const color of [0, 1, 16, 127, 128, 235, 255]) {
    assertLaid(from, alpha, { across: 0, down: 0 }, color);
  }
});

test("DeepKernels.layOver: a byte that pixels share gives the sample that numbers give, also halfway", () => {
  // Each sum of two or four alphas, for 128 columns at a time.
  for (const down of [0, 1]) {
    const most = 255 * (2 << down), width = 256;
    for (let first = 0; first <= most; first += 64) {
      const alpha = { ...planeAt(alphaStart, width, 64 << down, 8, 0), depth: 8, width };
      const from = planeAt(planeStart, 128, 64, 8, 0);
      fill(alpha, width, 8, (x, y) => {
        const place = (x & 1) + (down === 1 ? (y & 1) * 2 : 0);
        return Math.min(Math.max(Math.min(first + (y >> down), most) - place * 255, 0), 255);
      });
      for (const low of [0, 128]) {
        fill(from, 128, 8, (x) => x + low);
        for (const color of [0, 3, 128]) assertLaid(from, alpha, { across: 1, down }, color);
      }
    }
  }
});

test("DeepKernels.layOver: words above white count as white", () => {
  for (const shape of shapes) {
    const alpha = { ...planeAt(alphaStart, 19, 6, 10, 1), depth: 10, width: 19 };
    const columns = Math.ceil(19 / (1 << shape.across));
    const from = planeAt(planeStart, columns, 6 >> shape.down, 10, 1);
    fill(alpha, 19, 10, () => random(65536));
    fill(from, columns, 10, () => random(65536));
    assertLaid(from, alpha, shape, 300);
  }
});

test("DeepKernels.isOpaque: finds one sample below white anywhere, and takes those above for white", () => {
  for (const depth of depths) {
    const white = whiteOf(depth);
    for (let width = 1; width <= 35; width++) {
      const alpha = { ...planeAt(alphaStart, width, 3, depth, width % 3), depth, width };
      bytes.fill(0, alphaStart, alphaStart + 4096);
      fill(alpha, width, depth, () => white);
      assertEquals(kernels.isOpaque(alpha), true, `${width} of ${depth} bits`);
      for (let y = 0; y < 3; y++) {
        for (const x of new Set([0, width >> 1, width - 1])) {
          for (const value of [0, white - 1]) {
            fill(
              { ...alpha, address: alpha.address + y * alpha.stride, rows: 1 },
              width,
              depth,
              (column) => column === x ? value : white,
            );
            assertEquals(kernels.isOpaque(alpha), false, `${value} at ${x},${y} of ${width}, ${depth} bits`);
          }
          fill(alpha, width, depth, () => white);
        }
      }
      if (depth > 8 && depth < 16) {
        fill(alpha, width, depth, () => white + 1 + random(65535 - white));
        assertEquals(kernels.isOpaque(alpha), true, `above white, ${width} of ${depth} bits`);
      }
    }
  }
});

test("DeepKernels: alpha, a plane or a result that reaches out of the memory is refused", () => {
  const alpha = { ...planeAt(alphaStart, 20, 4, 10, 0), depth: 10, width: 20 };
  const from = planeAt(planeStart, 10, 2, 10, 0), to = planeAt(resultStart, 10, 2, 10, 0);
  const half = { across: 1, down: 1 };
  kernels.layOver(from, alpha, to, half, 0);
  const behind = bytes.length - 8;
  const cases: readonly (readonly [name: string, call: () => void])[] = [
    ["alpha", () => kernels.isOpaque({ ...alpha, address: behind })],
    ["alpha", () => kernels.layOver(from, { ...alpha, address: behind }, to, half, 0)],
    ["the plane", () => kernels.layOver({ ...from, address: behind }, alpha, to, half, 0)],
    ["the plane", () => kernels.layOver({ ...from, stride: 4 }, alpha, to, half, 0)],
    ["the result", () => kernels.layOver(from, alpha, { ...to, address: behind }, half, 0)],
    ["the result", () => kernels.layOver(from, alpha, { ...to, address: -2 }, half, 0)],
  ];
  for (const [name, call] of cases) assertThrows(call, RangeError, `: ${name} of `);
});
