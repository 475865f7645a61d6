/**
 * Frames as users give them: checked, and laid out plane by plane.
 *
 * @module
 */
import type { PixelFormatInfo } from "../libav/pixel_format.ts";

/** A pixel format by libavutil's name. Those listed are common; every other name works as well. */
export type PixelFormat =
  | "rgba"
  | "bgra"
  | "argb"
  | "abgr"
  | "rgb24"
  | "bgr24"
  | "gray"
  | "yuv420p"
  | "yuv422p"
  | "yuv444p"
  | "nv12"
  | "uyvy422"
  | "yuyv422"
  | "yuv420p10le"
  | "rgba64le"
  | (string & Record<never, never>);

/**
 * One picture in memory. `ImageData` fits as it is.
 *
 * @example
 * ```ts
 * import type { RawFrame } from "@avwriter/avwriter";
 *
 * const width = 320, height = 240;
 * const frame: RawFrame = { data: new Uint8Array(width * height * 3), width, height, format: "bgr24" };
 * ```
 */
export interface RawFrame {
  /** The pixels: all planes one after another in one buffer, or one buffer for each plane. */
  data: ArrayBufferView | ArrayBuffer | SharedArrayBuffer | readonly ArrayBufferView[];
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** How pixels lie in memory; default `"rgba"`. */
  format?: PixelFormat;
  /** Bytes from one row to the next, for each plane; default: rows follow each other without a gap. */
  strides?: readonly number[];
}

/** The memory that one plane of a format takes. */
export interface PlaneLayout {
  /** Bytes of a row that hold pixels. */
  readonly rowBytes: number;
  /** Rows. */
  readonly rows: number;
}

/** The planes of a frame of one format and size. */
export interface FrameLayout {
  /** The pixel format. */
  readonly format: PixelFormatInfo;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** One layout for each plane. */
  readonly planes: readonly PlaneLayout[];
}

/** One plane of a checked frame: a view that native code may read `stride * (rows - 1) + rowBytes` bytes of. */
export interface PlaneView {
  /** The bytes, from the plane's first. */
  readonly bytes: Uint8Array;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/** Bytes that a plane needs in a buffer with this stride: the last row may end with its pixels. */
function planeBytes({ rowBytes, rows }: PlaneLayout, stride: number): number {
  return stride * (rows - 1) + rowBytes;
}

/** Throws a `TypeError` or `RangeError` unless the frame has an object's shape and a usable size. */
export function checkShape(frame: RawFrame): void {
  if (typeof frame !== "object" || frame === null) {
    throw new TypeError(
      `Cannot write a frame that is ${
        frame === null ? "null" : `a ${typeof frame}`
      }: give { data, width, height }`,
    );
  }
  for (const side of ["width", "height"] as const) {
    const pixels = frame[side];
    if (typeof pixels !== "number") {
      throw new TypeError(
        `Cannot write the frame: its ${side} is ${describe(pixels)}, but must be a number of pixels`,
      );
    }
    if (!Number.isInteger(pixels) || pixels < 1) {
      throw new RangeError(
        `Cannot write the frame: its ${side} is ${pixels}, but must be a whole number from 1`,
      );
    }
  }
  if (frame.format !== undefined && typeof frame.format !== "string") {
    throw new TypeError(
      `Cannot write the frame: its format is ${describe(frame.format)}, but must be a pixel format's name`,
    );
  }
}

/** The planes of a frame as views. Throws a `TypeError` or `RangeError` where its buffers do not hold them. */
export function viewPlanes(frame: RawFrame, layout: FrameLayout): PlaneView[] {
  const { planes } = layout;
  const strides = checkStrides(frame.strides, layout);
  if (Array.isArray(frame.data)) {
    if (frame.data.length !== planes.length) {
      throw new RangeError(
        `Cannot write the frame: it has ${frame.data.length} buffers, but ${
          name(layout)
        } has ${planes.length} planes`,
      );
    }
    return planes.map((plane, index) => {
      const bytes = bytesOf(frame.data as readonly ArrayBufferView[], index);
      requireLength(bytes, planeBytes(plane, strides[index]!), layout, `plane ${index} has`);
      return { bytes, stride: strides[index]! };
    });
  }
  const bytes = viewBytes(frame.data as ArrayBufferView | ArrayBuffer | SharedArrayBuffer, "data");
  const views: PlaneView[] = [];
  let start = 0;
  let needed = 0;
  for (const [index, plane] of planes.entries()) {
    const stride = strides[index]!;
    needed = start + planeBytes(plane, stride);
    views.push({ bytes: bytes.subarray(start, needed), stride });
    start += stride * plane.rows;
  }
  requireLength(bytes, needed, layout, "its data has");
  return views;
}

function checkStrides(strides: readonly number[] | undefined, layout: FrameLayout): readonly number[] {
  if (strides === undefined) return layout.planes.map(({ rowBytes }) => rowBytes);
  if (!Array.isArray(strides)) {
    throw new TypeError(
      `Cannot write the frame: its strides are ${describe(strides)}, but must be an array of numbers`,
    );
  }
  if (strides.length !== layout.planes.length) {
    throw new RangeError(
      `Cannot write the frame: it has ${strides.length} strides, but ${
        name(layout)
      } has ${layout.planes.length} planes`,
    );
  }
  for (const [index, { rowBytes }] of layout.planes.entries()) {
    const stride: number = strides[index];
    if (!Number.isInteger(stride) || stride < rowBytes || stride > 0x7fffffff) {
      throw new RangeError(
        `Cannot write the frame: the stride of plane ${index} is ${stride}, but a row of ${
          name(layout)
        } has ${rowBytes} bytes there`,
      );
    }
  }
  return strides;
}

function bytesOf(buffers: readonly ArrayBufferView[], index: number): Uint8Array {
  return viewBytes(buffers[index], `data[${index}]`);
}

/** The bytes of whatever buffer it is. A resizable one is copied, for it could shrink under native code. */
function viewBytes(data: unknown, field: string): Uint8Array {
  let bytes: Uint8Array;
  if (ArrayBuffer.isView(data)) bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  else if (data instanceof ArrayBuffer || isShared(data)) bytes = new Uint8Array(data);
  else {
    throw new TypeError(
      `Cannot write the frame: its ${field} is ${
        describe(data)
      }, but must be a typed array, a DataView or an ArrayBuffer`,
    );
  }
  const buffer = bytes.buffer as ArrayBuffer & { growable?: boolean };
  if (buffer.detached) {
    throw new TypeError(
      `Cannot write the frame: the buffer of its ${field} is detached (transferred elsewhere)`,
    );
  }
  return buffer.resizable || buffer.growable ? bytes.slice() : bytes;
}

function isShared(data: unknown): data is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && data instanceof SharedArrayBuffer;
}

function requireLength(bytes: Uint8Array, needed: number, layout: FrameLayout, subject: string): void {
  if (bytes.length >= needed) return;
  throw new RangeError(
    `Cannot write the frame: ${subject} ${bytes.length} bytes, but ${name(layout)} needs ${needed}`,
  );
}

function name({ width, height, format }: FrameLayout): string {
  return `a ${width}x${height} ${format.name} frame`;
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `a ${value.constructor?.name ?? "object"}`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
