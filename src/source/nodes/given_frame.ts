/**
 * Frames that programs make for a pipeline.
 *
 * @module
 */
import { loadNative } from "../../../ffi/mod.ts";
import { pixelFormatsByName } from "../../libav/pixel_format.ts";
import { fieldOf } from "../../plain_copy.ts";
import { shown } from "../../shown.ts";
import { displayP3 } from "../../video/color.ts";
import { roundedHalves } from "../../video/conversion/float_repacker.ts";
import { frameLayout } from "../../video/frame_layout.ts";
import { type InputFormats, requireInputFormat } from "../../video/input_format.ts";
import {
  checkShape,
  copyRows,
  frameBytes,
  type FrameLayout,
  type RawFrame,
  tightPlanes,
  viewPlanes,
} from "../../video/raw_frame.ts";
import { SourceFrame } from "../pipeline/source_frame.ts";

/**
 * A frame that a program gives to a pipeline: pixels as a writer takes them, and when they are shown.
 * `ImageData` fits where the source has a frame rate.
 */
export interface GivenFrame extends RawFrame {
  /** When it is shown, in seconds. Default: n/fps for frame n of a source that has a frame rate. */
  timestamp?: number;
  /** How long it is shown, in seconds. Default: what the frame rate says. */
  duration?: number | null;
  /** Whether frames before it were lost, or its time begins anew. Default: `false`. */
  isDiscontinuous?: boolean;
}

/** The fields that pixels alone do not have. */
const ownFields: readonly string[] = ["timestamp", "duration", "isDiscontinuous"];

/** When a frame is shown unless it says so itself. */
export interface DefaultTimes {
  readonly timestamp: number;
  readonly duration: number;
}

let formats: InputFormats | undefined;

function layoutOf(name: string, width: number, height: number): FrameLayout {
  formats ??= pixelFormatsByName(loadNative(undefined));
  return frameLayout(requireInputFormat(formats, name), width, height);
}

/** A copy of a program's frame. Throws a `TypeError` or `RangeError` where it is none. */
export function takeGiven(frame: GivenFrame, times: DefaultTimes | null): SourceFrame {
  try {
    return copyOf(frame, times);
  } catch (error) {
    // The checks are those of writers.
    if (error instanceof Error) error.message = error.message.replace(/^Cannot write/, "Cannot take");
    throw error;
  }
}

function copyOf(frame: GivenFrame, times: DefaultTimes | null): SourceFrame {
  const fields = checkShape(pixelsOf(frame));
  const timestamp = timeOf(frame, "timestamp", times?.timestamp);
  const duration = timeOf(frame, "duration", times?.duration ?? null);
  const isDiscontinuous = fieldOf(frame, "isDiscontinuous") === true;
  const color = fields.image.color ?? (fields.image.isDisplayP3 ? displayP3 : {});
  const layout = layoutOf(fields.format ?? "rgba", fields.width, fields.height);
  const bytes = new Uint8Array(frameBytes(layout));
  const planes = viewPlanes(fields, layout);
  for (const [plane, { bytes: to }] of tightPlanes(bytes, layout).entries()) {
    const { rowBytes, rows } = layout.planes[plane]!;
    copyRows(planes[plane]!.bytes, planes[plane]!.stride, to, rowBytes, rows);
  }
  if (fields.image.isHalfFloat) roundHalves(bytes);
  return SourceFrame.of(bytes, {
    ...{ format: layout.format.name, width: layout.width, height: layout.height },
    ...{ timestamp: timestamp!, duration, isDiscontinuous, color },
  });
}

/** Half floats as the nearest 16-bit integers, in place. */
function roundHalves(bytes: Uint8Array<ArrayBuffer>): void {
  const halves = roundedHalves();
  const words = new Uint16Array(bytes.buffer);
  for (let at = 0; at < words.length; at++) words[at] = halves[words[at]!]!;
}

/** The fields of pixels: the check of these knows no others. */
function pixelsOf(frame: GivenFrame): RawFrame {
  if (typeof frame !== "object" || frame === null || !ownFields.some((name) => Object.hasOwn(frame, name))) {
    return frame;
  }
  return Object.fromEntries(
    Object.entries(frame).filter(([name]) => !ownFields.includes(name)),
  ) as unknown as RawFrame;
}

function timeOf(
  frame: GivenFrame,
  name: "timestamp" | "duration",
  otherwise: number | null | undefined,
): number | null {
  const isObject = typeof frame === "object" && frame !== null;
  const value = (isObject ? fieldOf(frame, name) : undefined) ?? otherwise;
  if (value === undefined) {
    throw new TypeError(
      "Cannot take the frame: it has no timestamp; give one in seconds, or make the source with a frameRate",
    );
  }
  if (value === null) return null;
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot take the frame: its ${name} is ${shown(value)}, but must be a number of seconds`,
    );
  }
  const isUsable = Number.isFinite(value) && (name === "timestamp" || value > 0);
  if (isUsable) return value;
  throw new RangeError(
    `Cannot take the frame: its ${name} is ${value}, but must be a ${
      name === "timestamp" ? "finite number" : "number above 0"
    }`,
  );
}
