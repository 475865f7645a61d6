import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { Scaler, type ScalerSide } from "../src/libav/conversion/scaler.ts";
import { NativeFrame } from "../src/libav/native_frame.ts";
import { pixelFormatByName } from "../src/libav/pixel_format.ts";
import { scalerMatrix } from "../src/video/color.ts";
import { frameLayout } from "../src/video/pixels.ts";
import { noise } from "./support/chance.ts";

interface Side {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly matrix: string;
  readonly range: "tv" | "pc";
}

/** What each side is unless told otherwise: sides that no number of threads divides. */
const usual: Omit<Side, "format"> = { width: 502, height: 374, matrix: "bt709", range: "tv" };

/** Conversions that take different ways through libswscale. */
const conversions: readonly (readonly [from: Partial<Side>, to: Partial<Side>])[] = [
  [{ format: "rgba" }, { format: "yuv420p10le" }],
  [{ format: "rgba" }, { format: "gbrp" }],
  [{ format: "rgb48le" }, { format: "yuv444p12le" }],
  [{ format: "rgb24" }, { format: "bgra" }],
  [{ format: "gray16le" }, { format: "yuv422p" }],
  [{ format: "pal8" }, { format: "yuv420p" }],
  [{ format: "bayer_rggb8" }, { format: "rgb24" }],
  [{ format: "uyvy422" }, { format: "yuv420p" }],
  [{ format: "nv12" }, { format: "yuv420p" }],
  [{ format: "yuv420p10le" }, { format: "yuv420p" }],
  [{ format: "yuv420p" }, { format: "yuv420p", range: "pc" }],
  [{ format: "yuv420p", matrix: "smpte170m" }, { format: "yuv420p" }],
  [{ format: "yuv420p", range: "pc" }, { format: "rgb24" }],
  [{ format: "yuv420p", width: 501, height: 373 }, { format: "yuv420p", width: 760, height: 570 }],
  [{ format: "rgba" }, { format: "rgba", width: 201, height: 111 }],
  [{ format: "rgba" }, { format: "rgb565le" }],
];

const native = loadNative();

function sideOf(given: Partial<Side>): ScalerSide {
  const { format, width, height, matrix, range } = { format: "", ...usual, ...given };
  return {
    format: pixelFormatByName(native, format)!,
    width,
    height,
    matrix: scalerMatrix({ matrix, range }),
    isFullRange: range === "pc",
  };
}

/** A palette is one row, whatever its stride says. */
function strideOf(frame: NativeFrame, plane: number, rowBytes: number, rows: number): number {
  return rows === 1 ? rowBytes : frame.stride(plane);
}

/** A frame with memory for a picture; `seed`: of the noise in it, or nothing. */
function frameOf({ format, width, height }: ScalerSide, seed?: number): NativeFrame {
  const frame = new NativeFrame(native);
  frame.allocatePicture(format, width, height);
  for (const [plane, { rowBytes, rows }] of frameLayout(format, width, height).planes.entries()) {
    const stride = strideOf(frame, plane, rowBytes, rows);
    const bytes = seed === undefined ? new Uint8Array(rowBytes * rows) : noise(rowBytes * rows, seed + plane);
    native.memory.writeRows(frame.planeAddress(plane), stride, bytes, rowBytes, rowBytes, rows);
  }
  return frame;
}

function planesOf(frame: NativeFrame, { format, width, height }: ScalerSide): Uint8Array[] {
  return frameLayout(format, width, height).planes.map(({ rowBytes, rows }, plane) => {
    const bytes = new Uint8Array(rowBytes * rows);
    const stride = strideOf(frame, plane, rowBytes, rows);
    native.memory.readRows(bytes, frame.planeAddress(plane), stride, rowBytes, rows);
    return bytes;
  });
}

function converted(source: NativeFrame, from: ScalerSide, to: ScalerSide, threads: number): Uint8Array[] {
  using scaler = new Scaler(native, from, to, threads);
  using frame = frameOf(to);
  // Twice: what is kept from one picture must not show in the next.
  scaler.convert(source, frame);
  scaler.convert(source, frame);
  assert(frame.isWritable, "the scaler holds on to its output");
  assert(source.isWritable, "the scaler holds on to its input");
  return planesOf(frame, to);
}

for (const [given, wanted] of conversions) {
  const from = sideOf(given), to = sideOf(wanted);
  const name = ({ format, width, height }: ScalerSide): string => `${format.name} ${width}x${height}`;
  test(`Scaler: several threads convert ${name(from)} to ${name(to)} as one does`, () => {
    using source = frameOf(from, 7);
    const alone = converted(source, from, to, 1);
    assert(alone.some((plane) => plane.some((byte) => byte !== 0)), "nothing was converted");
    for (const threads of [2, 3, 8]) assertEquals(converted(source, from, to, threads), alone);
  });
}
