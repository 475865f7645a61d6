/**
 * Options of devices.
 *
 * @module
 */
import { type Check, checkOptionTable, object, oneOf, record } from "../../option_checks.ts";
import { fieldsOf } from "../../plain_copy.ts";
import type { OptionValue } from "../../libav/options.ts";
import { type FrameRate, parseFrameRate } from "../../video/frame_rate.ts";
import { type ReaderOptions, readingChecks } from "../reader_options.ts";

/**
 * A system of devices with video, by libavdevice's name: cameras (`v4l2` on Linux, `avfoundation` on macOS,
 * `dshow` on Windows), screens (`x11grab`, `kmsgrab`, `gdigrab`), and pictures that a description of
 * libavfilter's makes (`lavfi`).
 */
export type VideoDeviceSystem =
  | "v4l2"
  | "x11grab"
  | "kmsgrab"
  | "lavfi"
  | "avfoundation"
  | "dshow"
  | "gdigrab";

/**
 * Options of {@linkcode openDevice}.
 *
 * @example
 * ```ts
 * import type { DeviceOptions } from "@avwriter/avwriter";
 *
 * const options: DeviceOptions = { system: "x11grab", size: { width: 1280, height: 720 }, frameRate: 30 };
 * ```
 */
export interface DeviceOptions extends Omit<ReaderOptions, "imageSequence" | "stream"> {
  /** Whose device it is. Default: what the name and the operating system tell. */
  system?: VideoDeviceSystem;
  /**
   * The size that is asked for, in pixels: of a screen, the part that is recorded. Default: the device's own.
   */
  size?: { width: number; height: number };
  /** Frames per second that are asked for. Default: the device's own. */
  frameRate?: FrameRate;
  /** Any AVOption of the device: `{ draw_mouse: false, input_format: "mjpeg" }`. */
  inputOptions?: Record<string, OptionValue>;
  /** How long opening may take, in seconds. Default: 10. */
  openTimeoutSeconds?: number;
  /** How long a frame may keep a reader waiting, in seconds. Then it is an error. Default: 10. */
  readTimeoutSeconds?: number;
}

const systems: readonly VideoDeviceSystem[] = [
  ...["v4l2", "x11grab", "kmsgrab", "lavfi", "avfoundation", "dshow", "gdigrab"] as const,
];
const seconds: Check = (value) =>
  typeof value === "number" && value > 0 && value <= 86400
    ? null
    : "a number of seconds above 0, up to 86400";
const side: Check = (value) =>
  Number.isInteger(value) && value as number > 0 && value as number < 2 ** 15
    ? null
    : "a whole number of pixels above 0";
const { stream: _stream, ...common } = readingChecks;

const checks: { readonly [Name in keyof Required<DeviceOptions>]: Check } = {
  ...common,
  system: oneOf(...systems),
  size: object("an object such as { width: 1280, height: 720 }"),
  // Checked below.
  frameRate: () => null,
  inputOptions: record,
  openTimeoutSeconds: seconds,
  readTimeoutSeconds: seconds,
};

/** Throws a `TypeError` or `RangeError` where options are not valid. Returns a copy of them. */
export function checkDeviceOptions(given: DeviceOptions): DeviceOptions {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError('Cannot use options that are no object: give an object such as { system: "v4l2" }');
  }
  const options = checkOptionTable(given, checks);
  if (options.frameRate !== undefined) parseFrameRate(options.frameRate);
  if (options.size !== undefined) {
    const size = fieldsOf(options.size, ["width", "height"]) as unknown as { width: number; height: number };
    options.size = checkOptionTable(size, { width: side, height: side }, "size.");
  }
  return options;
}

/** The system that a name means on an operating system; `null` where it does not tell. */
export function systemOf(name: string, operatingSystem: string): VideoDeviceSystem | null {
  if (operatingSystem === "darwin") return "avfoundation";
  if (operatingSystem === "windows") {
    return name === "desktop" || name.startsWith("title=") ? "gdigrab" : "dshow";
  }
  if (name.startsWith("/dev/video")) return "v4l2";
  return /^[\w.-]*:\d+(?:\.\d+)?(?:\+\d+,\d+)?$/.test(name) ? "x11grab" : null;
}
