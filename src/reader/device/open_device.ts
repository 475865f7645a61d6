/**
 * Opens cameras, screens and other devices.
 *
 * @module
 */
import { runtime } from "../../../ffi/mod.ts";
import type { DevicePlace, ReadRequest } from "../../engine/reading/reading_types.ts";
import { requireReadable } from "../../file/target.ts";
import { rationalText } from "../../libav/rational.ts";
import { shown } from "../../shown.ts";
import { openReading } from "../../thread/reading/reading_thread.ts";
import { parseFrameRate } from "../../video/frame_rate.ts";
import { workerModule } from "../../worker/worker_module.ts";
import { type NetworkSource, openFlow } from "../network/network_source.ts";
import {
  checkDeviceOptions,
  type DeviceOptions,
  systemOf,
  type VideoDeviceSystem,
} from "./device_options.ts";
import { PacedReading } from "./paced_reading.ts";

const defaultTimeout = 10;
/** The card that kmsgrab takes. */
const defaultCard = "/dev/dri/card0";
/** The TCP port of an X11 server's display 0. */
const firstScreenPort = 6000;
const defaultQueueSize = 4;
/** From when on a device that gives no frame is stalled, in seconds. */
const stallSeconds = 1;

/**
 * Opens a camera, a screen or another device with video. It is read and decoded in another thread.
 *
 * Frames come as the device has them, also while nobody asks: then some are lost. Record them with
 * `timing: "wallclock"`, so that each is shown when it was there. Under Deno, a device that is a file
 * (`/dev/video0`) needs the permission to read it, and a screen of another host that to reach it. Filters of
 * a `lavfi` description may read files without asking: don't take it from people whom you don't trust.
 *
 * @param name The device's name in its system: `"/dev/video0"`, `":0.0"` for an X11 screen, `"desktop"` on
 * Windows, a number or name on macOS, or a description of libavfilter's with the system `lavfi`.
 * @param options See {@linkcode DeviceOptions}.
 * @returns The source. Its times begin at 0 with the first frame.
 *
 * @throws {TypeError} The name does not tell a system, or an option has the wrong type.
 * @throws {RangeError} There is no pixel format of that name.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {OptionError} The device has no option of that name.
 * @throws {ReadError} It can't be opened.
 * @throws {UnsupportedError} This FFmpeg has no devices of that system.
 *
 * @example A second of a pattern
 * ```ts
 * import { createFileWriter, openDevice } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/pattern.mp4`;
 * await using source = await openDevice("testsrc2=size=320x180:rate=30", { system: "lavfi" });
 * await using writer = await createFileWriter("h264", path, 30, { timing: "wallclock" });
 * source.attach(writer);
 * await new Promise((resolve) => setTimeout(resolve, 1000));
 * await source.detach(writer);
 * ```
 */
export async function openDevice(name: string, options: DeviceOptions = {}): Promise<NetworkSource> {
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    throw new TypeError(`Cannot open the device ${shown(name)}: give its name, such as "/dev/video0"`);
  }
  const checked = checkDeviceOptions(options);
  const { signal, format = null, queueSize = defaultQueueSize, logLevel = "error", libraryPath } = checked;
  signal?.throwIfAborted();
  const system = checked.system ?? systemOf(name, runtime().system);
  if (system === null) {
    throw new TypeError(
      `Cannot tell what ${shown(name)} is a device of: give the option system, such as "lavfi" or "x11grab"`,
    );
  }
  requirePermission(system, name, checked);
  const place = placeOf(system, name, checked);
  const label = `the ${system} device ${JSON.stringify(name)}`;
  const request: ReadRequest = { place, label, format, stream: 0, logLevel };
  const { openTimeoutSeconds = defaultTimeout, readTimeoutSeconds = defaultTimeout } = checked;
  return await openFlow({
    ...{ label, queueSize, logLevel, signal, reconnect: null, onStatus: undefined },
    ...{ stallSeconds: Math.min(stallSeconds, readTimeoutSeconds / 2), isResumable: false },
    connect: async (waits, ended) => {
      const opened = await openReading(request, {
        workerModule: new URL(checked.workerUrl ?? workerModule()),
        libraryPath,
        signal: ended,
        limits: { openSeconds: openTimeoutSeconds, readSeconds: readTimeoutSeconds, waits },
      });
      return system === "lavfi" ? { ...opened, reading: new PacedReading(opened.reading) } : opened;
    },
  });
}

/** Has Deno ask for what the device is reached by: a file, or a host. */
function requirePermission(
  system: VideoDeviceSystem,
  name: string,
  { inputOptions: { device = defaultCard } = {} }: DeviceOptions,
): void {
  if (system === "v4l2") requireReadable(name, "read", "devices");
  if (system === "kmsgrab") requireReadable(textOf(device), "read", "devices");
  const screen = system === "x11grab" ? /^([^:]+):(\d+)/.exec(name) : null;
  if (screen !== null && screen[1] !== "unix") {
    runtime().requireNetwork(`${screen[1]}:${firstScreenPort + Number(screen[2])}`);
  }
}

function placeOf(
  system: VideoDeviceSystem,
  name: string,
  { size, frameRate, inputOptions = {} }: DeviceOptions,
): DevicePlace {
  const given = Object.entries(inputOptions).map(([option, value]) => [option, textOf(value)]);
  const options = {
    ...(size === undefined ? {} : { video_size: `${size.width}x${size.height}` }),
    ...(frameRate === undefined ? {} : { framerate: rationalText(parseFrameRate(frameRate)) }),
    ...Object.fromEntries(given),
  };
  // dshow takes video by a key.
  const address = system === "dshow" && !name.startsWith("video=") ? `video=${name}` : name;
  return { kind: "device", system, name: address, options };
}

function textOf(value: unknown): string {
  return typeof value === "boolean" ? String(Number(value)) : String(value);
}
