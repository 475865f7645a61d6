/**
 * Frames as users give them: checked, and laid out plane by plane.
 *
 * @module
 */
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { bytesIn, copiedList } from "../buffer_bytes.ts";
import { fieldOf } from "../plain_copy.ts";
import { kindOf, shown } from "../shown.ts";
import type { ColorDescription } from "./color.ts";
import { halfFloatFormat, halfFloats, type ImageMeaning, imageMeaning } from "./image_meaning.ts";
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
  /**
   * The pixel format as `ImageData` says it: `"rgba-unorm8"`, or `"rgba-float16"` with 0 for black and 1 for
   * white. Not together with `format`.
   */
  pixelFormat?: string;
  /**
   * The colour space as `ImageData` says it: `"srgb"`, or `"display-p3"`, which the video is then tagged
   * with. Default: that of the option `color`.
   */
  colorSpace?: string;
  /**
   * What the values mean, as frames that were read say it. Default: that of the option `color`. Without that
   * option, the video gets the description of its first frame.
   */
  color?: Partial<ColorDescription>;
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
  /** What `ImageData` says of its pixels beside that. */
  readonly image?: ImageMeaning;
}

/** One plane of a checked frame: a view of at least `stride * (rows - 1) + rowBytes` bytes. */
export interface PlaneView {
  /** The bytes, from the plane's first one. */
  readonly bytes: Uint8Array;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/** Copies rows to tightly packed ones. Throws where the planes are shorter: what is left of `to` is old. */
export function copyRows(
  from: Uint8Array,
  stride: number,
  to: Uint8Array,
  rowBytes: number,
  rows: number,
): void {
  const needed = planeBytes({ rowBytes, rows }, stride);
  if (from.length < needed || to.length < rowBytes * rows) {
    throw new RangeError(
      `Cannot copy ${rows} rows of ${rowBytes} bytes from ${from.length} to ${to.length} bytes`,
    );
  }
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
export interface CheckedFields extends Pick<RawFrame, "width" | "height"> {
  /** What is to be buffers. */
  readonly data: unknown;
  readonly format: PixelFormat | undefined;
  /** What is to be numbers. */
  readonly strides: unknown;
  readonly image: ImageMeaning;
}

/** Checks a frame, and reads each of its fields, and each item of its lists, once. */
export function checkShape(frame: RawFrame): CheckedFields {
  requireFrame(frame);
  const { data, width, height, format, strides } = frame;
  const pixelFormat = fieldOf(frame, "pixelFormat"), colorSpace = fieldOf(frame, "colorSpace");
  const color = fieldOf(frame, "color");
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
  return {
    ...{ data: copiedList(data), width, height, strides: copiedList(strides) },
    format: format ?? (pixelFormat === halfFloats ? halfFloatFormat : undefined),
    image: imageMeaning(format, pixelFormat, colorSpace, color),
  };
}

/**
 * Views of a frame's planes. Throws a `TypeError` or `RangeError` where its buffers are too small or not
 * valid.
 */
export function viewPlanes(frame: CheckedFields, layout: FrameLayout): PlaneView[] {
  const { planes } = layout;
  const { data } = frame;
  const strides = checkStrides(frame.strides, layout);
  if (Array.isArray(data)) {
    if (data.length !== planes.length) {
      throw new RangeError(
        `Cannot write the frame: it has ${counted(data.length, "buffer")}, but ${name(layout)} has ${
          counted(planes.length, "plane")
        }`,
      );
    }
    return planes.map((plane, index) => {
      const bytes = viewBytes(data[index], `data[${index}]`);
      requireElements(data[index], `data[${index}]`, layout, index);
      const stride = strides[index]!;
      requireLength(bytes, planeBytes(plane, stride), stride * plane.rows, layout, `plane ${index} has`);
      return { bytes, stride: strides[index]! };
    });
  }
  const bytes = viewBytes(data, "data");
  const places = placePlanes(layout, strides);
  requireElements(frame.data, "data", layout, 0);
  const { start, end, stride } = places.at(-1)!;
  requireLength(bytes, end, start + stride * planes.at(-1)!.rows, layout, "its data has");
  return places.map(({ start, end, stride }) => ({ bytes: bytes.subarray(start, end), stride }));
}

function checkStrides(strides: unknown, layout: FrameLayout): readonly number[] {
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

/** The bytes of any buffer. */
function viewBytes(data: unknown, field: string): Uint8Array {
  const found = bytesIn(data);
  if (found === null) {
    throw new TypeError(
      `Cannot write the frame: its ${field} is ${
        typeof data === "object" && data !== null ? kindOf(data) : shown(data)
      }, but must be a typed array, a DataView or an ArrayBuffer`,
    );
  }
  if (!found.isDetached) return found.bytes;
  throw new TypeError(
    `Cannot write the frame: the buffer of its ${field} is detached (transferred elsewhere)`,
  );
}

/** The last row may end with its pixels or with its stride. */
function requireLength(
  { length }: Uint8Array,
  needed: number,
  most: number,
  layout: FrameLayout,
  subject: string,
): void {
  if (length >= needed && length <= most) return;
  throw new RangeError(
    `Cannot write the frame: ${subject} ${counted(length, "byte")}, but ${name(layout)} needs ${needed}${
      length > most ? "; give that part of it, or strides" : ""
    }`,
  );
}

/** Throws a `TypeError` for a typed array of other numbers than a plane has. */
function requireElements(data: unknown, field: string, { format, image }: FrameLayout, plane: number): void {
  if (!ArrayBuffer.isView(data) || data instanceof DataView) return;
  const { BYTES_PER_ELEMENT: size } = data as Uint8Array;
  const kind = kindOf(data);
  const isFloat = image?.isHalfFloat || format.isFloat;
  const bits = format.isFloat ? format.depth : Math.max(...format.depths) > 8 ? 16 : 8;
  const isPixel = !format.isBitstream && size === format.planes[plane]?.step;
  const isFitting = /Float/.test(kind)
    ? isFloat && size * 8 === bits
    : size === 1 || size * 8 === bits || isPixel;
  if (isFitting) return;
  const known = image?.isHalfFloat ? halfFloats : format.name;
  throw new TypeError(
    `Cannot write the frame: its ${field} is ${kind}, but ${known} has ${
      isFloat ? "floating-point numbers" : "whole numbers"
    } of ${bits} bits; give them, or another format`,
  );
}

function name({ width, height, format }: FrameLayout): string {
  return `a ${width}x${height} ${format.name} frame`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
