/**
 * Frames as a case describes them: bytes in memory of every kind.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { pixelFormatByName } from "../../src/libav/pixel_format.ts";
import { frameLayout } from "../../src/video/pixels.ts";
import { frameBytes, type FrameLayout, type PlaneLayout } from "../../src/video/raw_frame.ts";
import type { BufferKind, FrameSpec } from "./case_types.ts";
import { revive } from "./special_values.ts";

/** A frame to write, and what is in it. */
export interface MadeFrame {
  /** What `write` is given. */
  readonly frame: unknown;
  /** Its planes without gaps; `null` where it has no sensible shape. */
  readonly planes: readonly Uint8Array[] | null;
}

/** The most bytes that a frame is made with. */
const mostBytes = 2 ** 27;
/** What stands for the bytes of a frame without a sensible shape. */
const shapelessBytes = 64 * 64 * 4;

function layoutOf(native: Native, width: unknown, height: unknown, format: unknown): FrameLayout | null {
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || (side as number) < 1 || (side as number) > 2 ** 17) return null;
  }
  if (typeof format !== "string" || format.includes("\0")) return null;
  const info = pixelFormatByName(native, format);
  if (info === null || info.isHardware) return null;
  const layout = frameLayout(info, width as number, height as number);
  const bytes = frameBytes(layout);
  return bytes > 0 && bytes <= mostBytes ? layout : null;
}

/** Fills bytes with noise (xorshift32). */
function addNoise(bytes: Uint8Array, seed: number): void {
  let state = seed | 1;
  for (let at = 0; at < bytes.length; at++) {
    if (at % 4 === 0) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
    }
    bytes[at] = state >>> (8 * (at % 4));
  }
}

function fillPlane({ rowBytes, rows }: PlaneLayout, { content, fill }: FrameSpec, plane: number): Uint8Array {
  const bytes = new Uint8Array(rowBytes * rows);
  if (content === "flat") bytes.fill((fill + plane * 77) & 255);
  else if (content === "noise") addNoise(bytes, fill + plane);
  else {
    for (let y = 0, at = 0; y < rows; y++) {
      for (let x = 0; x < rowBytes; x++) bytes[at++] = (x * 3 + y * 5 + fill + plane * 50) & 255;
    }
  }
  return bytes;
}

/** Keeps the samples of planes within what their format allows: 10 bits of 16, or a number from 0 to 1. */
function keepWithinDepth(plane: Uint8Array, format: string): void {
  const [, depth, order] = /^(?:yuva?\d+p|gbra?p|gray)(9|10|12|14)(le|be)$/.exec(format) ?? [];
  if (depth !== undefined) {
    const mask = (1 << (Number(depth) - 8)) - 1;
    for (let high = order === "le" ? 1 : 0; high < plane.length; high += 2) plane[high]! &= mask;
  }
  if (!/f32(le|be)$/.test(format)) return;
  const view = new DataView(plane.buffer);
  for (let at = 0; at + 4 <= plane.length; at += 4) {
    view.setFloat32(at, plane[at]! / 255, format.endsWith("le"));
  }
}

/** Planes with gaps between their rows, one after another or each for itself. */
function laidOut(
  planes: readonly Uint8Array[],
  layout: FrameLayout,
  { gaps, isApart }: FrameSpec,
): Uint8Array[] {
  const laid = planes.map((plane, index) => {
    const gap = gaps?.[index] ?? 0;
    if (gap === 0) return plane;
    const { rowBytes, rows } = layout.planes[index]!;
    const bytes = new Uint8Array((rowBytes + gap) * rows).fill(0xEE);
    for (let row = 0; row < rows; row++) {
      bytes.set(plane.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + gap));
    }
    return bytes;
  });
  if (isApart) return laid;
  const whole = new Uint8Array(laid.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const plane of laid) {
    whole.set(plane, at);
    at += plane.length;
  }
  return [whole];
}

type Resizable = ArrayBuffer & { resize(length: number): void };
// TypeScript's libraries differ in whether they know of the second parameter.
const Buffer = ArrayBuffer as unknown as new (
  length: number,
  options?: { maxByteLength: number },
) => Resizable;
const SharedBuffer = SharedArrayBuffer as unknown as new (
  length: number,
  options?: { maxByteLength: number },
) => SharedArrayBuffer;

function bufferOf(kind: BufferKind, length: number): ArrayBuffer | SharedArrayBuffer {
  if (kind === "SharedArrayBuffer" || kind === "shared view") return new SharedBuffer(length);
  if (kind === "growable") return new SharedBuffer(length, { maxByteLength: length + 64 });
  if (kind === "resizable" || kind === "shrunk") return new Buffer(length, { maxByteLength: length + 64 });
  return new Buffer(length);
}

/** Bytes in memory of a kind: so many bytes from its start, and with some missing at the end. */
function inMemory(bytes: Uint8Array, { buffer: kind, offset = 0, missing = 0 }: FrameSpec): unknown {
  if (kind === "nothing") return undefined;
  if (kind === "array of numbers") return [...bytes.subarray(0, 100)];
  const isWhole = kind === "ArrayBuffer" || kind === "SharedArrayBuffer";
  const wanted = Math.max(0, bytes.length - missing);
  const isFloat = kind === "Float32Array";
  const start = isWhole ? 0 : isFloat ? Math.ceil(offset / 4) * 4 : offset;
  const length = isFloat ? Math.ceil(wanted / 4) * 4 : wanted;
  const buffer = bufferOf(kind, start + length);
  new Uint8Array(buffer, start).set(bytes.subarray(0, length));
  if (isWhole) return buffer;
  if (kind === "DataView") return new DataView(buffer, start, length);
  if (isFloat) return new Float32Array(buffer, start, length / 4);
  if (kind === "Uint8ClampedArray") return new Uint8ClampedArray(buffer as ArrayBuffer, start, length);
  const view = new Uint8Array(buffer as ArrayBuffer, start, length);
  if (kind === "shrunk") (buffer as Resizable).resize(Math.floor((start + length) / 2));
  if (kind === "detached") structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  return view;
}

/** Makes the frame that a case describes. */
export function makeFrame(native: Native, spec: FrameSpec): MadeFrame {
  const width = revive(spec.width);
  const height = revive(spec.height);
  const format = spec.format === undefined ? undefined : revive(spec.format);
  const layout = layoutOf(native, width, height, format ?? "rgba");
  const planes = layout === null ? null : layout.planes.map((plane, index) => fillPlane(plane, spec, index));
  if (!spec.isBeyondDepth) { for (const plane of planes ?? []) keepWithinDepth(plane, layout!.format.name); }
  const parts = planes === null ? [new Uint8Array(shapelessBytes)] : laidOut(planes, layout!, spec);
  const memory = parts.map((part) => inMemory(part, spec));
  const strides = spec.strides !== undefined
    ? revive(spec.strides)
    : spec.gaps === undefined || layout === null
    ? undefined
    : layout.planes.map(({ rowBytes }, index) => rowBytes + spec.gaps![index]!);
  const frame = {
    data: spec.isApart ? memory : memory[0],
    width,
    height,
    ...(format === undefined ? {} : { format }),
    ...(strides === undefined ? {} : { strides }),
  };
  return { frame, planes };
}
