/**
 * Measures the pixel kernels against libswscale, both on the same picture and in one thread, on the runtime
 * that it is run with:
 *
 *     deno run -A tools/kernels/measure.ts [WIDTHxHEIGHT]
 *     bun tools/kernels/measure.ts [WIDTHxHEIGHT]
 *
 * The times are medians of processor time, which other programs on the machine disturb least. Both take
 * turns. The default size is 1920x1080.
 *
 * @module
 */
import process from "node:process";
import { loadNative, type Native } from "../../ffi/mod.ts";
import { Scaler } from "../../src/libav/conversion/scaler.ts";
import { NativeFrame } from "../../src/libav/native_frame.ts";
import { pixelFormatByName } from "../../src/libav/pixel_format.ts";
import { scalerMatrix } from "../../src/video/color.ts";
import { PixelKernels } from "../../src/video/kernels/kernels.ts";

/** Bytes of a pixel. */
const sources = { rgba: 4, bgra: 4, rgb24: 3, bgr24: 3, gray: 1 } as const;
/** For each plane of chroma, the parts of luma's width and height that it has. */
const targets = {
  yuv420p: [[1 / 2, 1 / 2], [1 / 2, 1 / 2]],
  nv12: [[1, 1 / 2]],
  yuv444p: [[1, 1], [1, 1]],
} as const;
const color = { matrix: "bt709", range: "tv" } as const;
/** Rounds that count, unless told otherwise. */
const usualRounds = 15;
/** Conversions between two looks at the clock. */
const batch = 20;
/** Rounds at the start that do not count: the runtimes compile meanwhile. */
const warmUp = 3;
/** Planes begin at whole multiples of this. */
const alignment = 64;
const pageBytes = 65536;

type Pair = readonly [source: keyof typeof sources, target: keyof typeof targets];

/** Milliseconds that one conversion takes. */
export interface KernelTimes {
  readonly source: Pair[0];
  readonly target: Pair[1];
  readonly scaler: number;
  readonly kernel: number;
  /** Milliseconds of the kernel's very first conversion, as the clock on the wall has it. */
  readonly first: number;
}

/** Processor time of a conversion in milliseconds. */
function timed(convert: () => void): number {
  const from = process.cpuUsage();
  for (let count = 0; count < batch; count++) convert();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000 / batch;
}

function median(times: readonly number[]): number {
  const sorted = times.slice(warmUp).sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

/** Bytes that differ everywhere, the same on every run. */
function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

/** A conversion by libswscale, from one native frame to another. */
function scalerConversion(native: Native, names: Pair, width: number, height: number): () => void {
  const [source, target] = names.map((name) => pixelFormatByName(native, name)!);
  const matrix = scalerMatrix(color);
  const scaler = new Scaler(
    native,
    { format: source!, width, height, matrix, isFullRange: source!.isGray },
    { format: target!, width, height, matrix, isFullRange: false },
    1,
  );
  const [from, to] = [source!, target!].map((format) => {
    const frame = new NativeFrame(native);
    frame.allocatePicture(format, width, height);
    return frame;
  });
  const rowBytes = width * sources[names[0]];
  const pixels = noise(rowBytes * height);
  native.memory.writeRows(from!.planeAddress(0), from!.stride(0), pixels, rowBytes, rowBytes, height);
  return () => scaler.convert(from!, to!);
}

/** The same by a kernel, within one memory. */
function kernelConversion(names: Pair, width: number, height: number): () => void {
  const stride = width * sources[names[0]];
  const pixels = noise(stride * height);
  const strides: number[] = [];
  const addresses: number[] = [];
  let end = aligned(pixels.length);
  for (const [across, down] of [[1, 1], ...targets[names[1]]] as const) {
    addresses.push(end);
    strides.push(aligned(Math.ceil(width * across)));
    end += strides.at(-1)! * Math.ceil(height * down);
  }
  const pages = Math.ceil(end / pageBytes);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Uint8Array(memory.buffer).set(pixels);
  const kernels = new PixelKernels(memory);
  const from = { format: names[0], width, height, address: 0, stride };
  const to = { format: names[1], width, height, addresses, strides };
  return () => kernels.convert(from, to, color);
}

function measurePair(
  native: Native,
  names: Pair,
  { width, height, rounds }: { width: number; height: number; rounds: number },
): KernelTimes {
  const scale = scalerConversion(native, names, width, height);
  const convert = kernelConversion(names, width, height);
  const begin = performance.now();
  convert();
  const first = performance.now() - begin;
  const scalerTimes: number[] = [];
  const kernelTimes: number[] = [];
  for (let round = 0; round < rounds + warmUp; round++) {
    scalerTimes.push(timed(scale));
    kernelTimes.push(timed(convert));
  }
  const [source, target] = names;
  return { source, target, scaler: median(scalerTimes), kernel: median(kernelTimes), first };
}

/** Measures all conversions, one after another. */
export function* measureKernels(width: number, height: number, rounds = usualRounds): Generator<KernelTimes> {
  const native = loadNative();
  for (const source of Object.keys(sources) as Pair[0][]) {
    for (const target of Object.keys(targets) as Pair[1][]) {
      yield measurePair(native, [source, target], { width, height, rounds });
    }
  }
}

if (import.meta.main) {
  const [width, height] = (process.argv[2] ?? "1920x1080").split("x").map(Number);
  const cell = (value: number): string => value.toFixed(2).padStart(10);
  console.log(`${width}x${height}, ms      libswscale    kernel     ratio     first`);
  for (const { source, target, scaler, kernel, first } of measureKernels(width!, height!)) {
    const cells = [scaler, kernel, scaler / kernel, first].map(cell).join("");
    console.log(`${source.padEnd(6)} ${target.padEnd(10)}${cells}`);
  }
}
