/**
 * Frames as OpenCV's users have them.
 *
 * @module
 */
import { bytesIn } from "../buffer_bytes.ts";
import { shown } from "../shown.ts";
import type { Size } from "../size.ts";
import type { RawFrame } from "../video/raw_frame.ts";

/** A matrix as OpenCV.js has it: rows of pixels of 8 bits a channel. */
export interface MatLike {
  /** The pixels: tightly packed rows. */
  readonly data: ArrayBufferView;
  /** Height in pixels. */
  readonly rows: number;
  /** Width in pixels. */
  readonly cols: number;
  /** 3 for BGR, 1 for gray. */
  readonly channels: number | (() => number);
}

/**
 * A frame for {@linkcode VideoWriter.write}: bytes of the writer's size, a matrix, or a raw frame whose
 * format is `bgr24` or `gray`.
 */
export type OpenCvImage = Uint8Array | Uint8ClampedArray | MatLike | RawFrame;

function isMat(image: object): image is MatLike {
  return "rows" in image && "cols" in image;
}

/** An image as a raw frame of a format. Throws a `TypeError` or `RangeError` where it is none. */
export function frameOf(image: unknown, size: Size, format: "bgr24" | "gray"): RawFrame {
  if (bytesIn(image) !== null) return { data: image as Uint8Array, ...size, format };
  if (typeof image !== "object" || image === null) {
    throw new TypeError(
      `Cannot write the frame: it is ${shown(image)}, but must be bytes, or { data, rows, cols, channels }`,
    );
  }
  if (!isMat(image)) {
    const frame = image as RawFrame;
    requireFormat(frame.format ?? format, format);
    return { ...frame, format };
  }
  const { data, rows, cols, channels } = image;
  const count = typeof channels === "function" ? channels.call(image) : channels;
  requireFormat(count === 3 ? "bgr24" : count === 1 ? "gray" : `${count} channels`, format);
  return { data, width: cols, height: rows, format };
}

function requireFormat(given: string, format: string): void {
  if (given === format) return;
  throw new RangeError(
    `Cannot write the frame: it is ${given}, but this writer takes ${
      format === "gray" ? "gray frames (isColor is false)" : "BGR frames (isColor is true)"
    }`,
  );
}
