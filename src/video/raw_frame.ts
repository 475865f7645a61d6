/**
 * Frames as users give them: checked, and laid out plane by plane.
 *
 * @module
 */
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { kindOf, shown } from "../shown.ts";
import { requireFrame } from "./frame_form.ts";

/** A pixel format by libavutil's name. The listed ones are common; every other name works too. */
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
  /** The pixels: all planes in one buffer, one after another, or one buffer per plane. */
  data: ArrayBufferView | ArrayBuffer | SharedArrayBuffer | readonly ArrayBufferView[];
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** The pixel format. Default: `"rgba"`. */
  format?: PixelFormat;
  /** Bytes per row of each plane. Default: tightly packed rows. */
  strides?: readonly number[];
}

/** The memory layout of one plane. */
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

/** One plane of a checked frame: a view of at least `stride * (rows - 1) + rowBytes` bytes. */
export interface PlaneView {
  /** The bytes, from the plane's first one. */
  readonly bytes: Uint8Array;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/** Copies rows to tightly packed ones. */
export function copyRows(
  from: Uint8Array,
  stride: number,
  to: Uint8Array,
  rowBytes: number,
  rows: number,
): void {
  if (stride === rowBytes) return to.set(from.subarray(0, rowBytes * rows));
  for (let row = 0; row < rows; row++) {
    to.set(from.subarray(row * stride, row * stride + rowBytes), row * rowBytes);
  }
}

/** libav counts the bytes of a row in a C `int`. */
const maxStride = 2 ** 31 - 1;

/** Bytes of a plane with this stride: the last row may end with its pixels. */
function planeBytes({ rowBytes, rows }: PlaneLayout, stride: number): number {
  return stride * (rows - 1) + rowBytes;
}

/** Where a plane lies in a buffer. */
export interface PlanePlace {
  /** Its first byte. */
  readonly start: number;
  /** The byte after its last pixel. */
  readonly end: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/** The strides of tightly packed rows. */
function tightStrides({ planes }: FrameLayout): readonly number[] {
  return planes.map(({ rowBytes }) => rowBytes);
}

/** The offsets of planes that follow each other in a buffer, tightly packed unless strides are given. */
export function placePlanes(layout: FrameLayout, strides = tightStrides(layout)): PlanePlace[] {
  let next = 0;
  return layout.planes.map((plane, index) => {
    const start = next;
    const stride = strides[index]!;
    next += stride * plane.rows;
    return { start, end: start + planeBytes(plane, stride), stride };
  });
}

/** Bytes of a tightly packed frame. */
export function frameBytes(layout: FrameLayout): number {
  return placePlanes(layout).at(-1)?.end ?? 0;
}

/** The planes of a tightly packed frame. */
export function tightPlanes(bytes: Uint8Array, layout: FrameLayout): PlaneView[] {
  return placePlanes(layout).map(({ start, end, stride }) => ({ bytes: bytes.subarray(start, end), stride }));
}

/** The checked fields of a frame. Later changes of the caller's object have no effect. */
export interface CheckedFields extends Pick<RawFrame, "data" | "width" | "height"> {
  readonly format: PixelFormat | undefined;
  readonly strides: readonly number[] | undefined;
}

/** Checks a frame and reads each of its fields once. */
export function checkShape(frame: RawFrame): CheckedFields {
  requireFrame(frame);
  const { data, width, height, format, strides } = frame;
  for (const [side, pixels] of [["width", width], ["height", height]] as const) {
    if (typeof pixels !== "number") {
      throw new TypeError(
        `Cannot write the frame: its ${side} is ${shown(pixels)}, but must be a number of pixels`,
      );
    }
    if (!Number.isInteger(pixels) || pixels < 1) {
      throw new RangeError(
        `Cannot write the frame: its ${side} is ${pixels}, but must be a whole number from 1`,
      );
    }
  }
  if (format !== undefined && typeof format !== "string") {
    throw new TypeError(
      `Cannot write the frame: its format is ${shown(format)}, but must be a pixel format's name`,
    );
  }
  return { data, width, height, format, strides };
}

/**
 * Views of a frame's planes. Throws a `TypeError` or `RangeError` where its buffers are too small or not
 * valid.
 */
export function viewPlanes(frame: CheckedFields, layout: FrameLayout): PlaneView[] {
  const { planes } = layout;
  const strides = checkStrides(frame.strides, layout);
  if (Array.isArray(frame.data)) {
    if (frame.data.length !== planes.length) {
      throw new RangeError(
        `Cannot write the frame: it has ${counted(frame.data.length, "buffer")}, but ${name(layout)} has ${
          counted(planes.length, "plane")
        }`,
      );
    }
    return planes.map((plane, index) => {
      const bytes = viewBytes((frame.data as readonly unknown[])[index], `data[${index}]`);
      requireLength(bytes, planeBytes(plane, strides[index]!), layout, `plane ${index} has`);
      return { bytes, stride: strides[index]! };
    });
  }
  const bytes = viewBytes(frame.data, "data");
  const places = placePlanes(layout, strides);
  requireLength(bytes, places.at(-1)?.end ?? 0, layout, "its data has");
  return places.map(({ start, end, stride }) => ({ bytes: bytes.subarray(start, end), stride }));
}

function checkStrides(strides: readonly number[] | undefined, layout: FrameLayout): readonly number[] {
  if (strides === undefined) return tightStrides(layout);
  if (!Array.isArray(strides)) {
    throw new TypeError(
      `Cannot write the frame: its strides are ${shown(strides)}, but must be an array of numbers`,
    );
  }
  if (strides.length !== layout.planes.length) {
    throw new RangeError(
      `Cannot write the frame: it has ${counted(strides.length, "stride")}, but ${name(layout)} has ${
        counted(layout.planes.length, "plane")
      }`,
    );
  }
  for (const [index, { rowBytes }] of layout.planes.entries()) {
    const stride: unknown = strides[index];
    const subject = `Cannot write the frame: the stride of plane ${index} is ${shown(stride)}`;
    if (typeof stride !== "number") throw new TypeError(`${subject}, but must be a number of bytes`);
    if (!Number.isInteger(stride) || stride < rowBytes) {
      throw new RangeError(`${subject}, but a row of ${name(layout)} has ${rowBytes} bytes there`);
    }
    if (stride > maxStride) throw new RangeError(`${subject}, but must not exceed ${maxStride}`);
  }
  return strides;
}

/** The bytes of any buffer. A resizable one is copied, as it could shrink while native code reads it. */
function viewBytes(data: unknown, field: string): Uint8Array {
  const isView = ArrayBuffer.isView(data);
  if (!isView && !(data instanceof ArrayBuffer) && !isShared(data)) {
    throw new TypeError(
      `Cannot write the frame: its ${field} is ${
        typeof data === "object" && data !== null ? kindOf(data) : shown(data)
      }, but must be a typed array, a DataView or an ArrayBuffer`,
    );
  }
  const buffer = (isView ? data.buffer : data) as ArrayBuffer & { growable?: boolean };
  if (buffer.detached) {
    throw new TypeError(
      `Cannot write the frame: the buffer of its ${field} is detached (transferred elsewhere)`,
    );
  }
  const bytes = isView ? new Uint8Array(buffer, data.byteOffset, data.byteLength) : new Uint8Array(buffer);
  return buffer.resizable || buffer.growable ? bytes.slice() : bytes;
}

function isShared(data: unknown): data is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && data instanceof SharedArrayBuffer;
}

function requireLength(bytes: Uint8Array, needed: number, layout: FrameLayout, subject: string): void {
  if (bytes.length >= needed) return;
  throw new RangeError(
    `Cannot write the frame: ${subject} ${counted(bytes.length, "byte")}, but ${
      name(layout)
    } needs ${needed}`,
  );
}

function name({ width, height, format }: FrameLayout): string {
  return `a ${width}x${height} ${format.name} frame`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
