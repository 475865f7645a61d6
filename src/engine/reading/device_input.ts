/**
 * Opens cameras, screens and other devices that libavdevice reads.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { OptionError, UnsupportedError } from "../../errors.ts";
import { Demuxer } from "../../libav/demuxer.ts";
import { deviceFormat } from "../../libav/reading/device_format.ts";
import { optionText } from "../../libav/reading/input_options.ts";
import { reading } from "./reading_error.ts";
import type { DevicePlace } from "./reading_types.ts";

/** Opens a device. Nothing is read of it: what it has read would be late. */
export function openDeviceInput(
  native: Native,
  { system, name, options }: DevicePlace,
  label: string,
): Demuxer {
  const format = deviceFormat(native, system);
  if (format === null) {
    throw new UnsupportedError(
      `Cannot open ${label}: FFmpeg ${native.version} has no input devices of ${system}`,
      { code: "NO_DEVICES", operation: "open a device", hint: "`ffmpeg -devices` lists those that it has" },
    );
  }
  let unknown: string | null = null;
  const request = { formats: [system], format, options: optionText(options) };
  const hint = system === "lavfi"
    ? 'Give a description of filters, such as "testsrc2=size=320x180:rate=30"'
    : "Check its name, whether it is connected, and whether its size and rate are those that it has";
  const open = (): Demuxer =>
    new Demuxer(native, name, { ...request, onUnknown: (option) => unknown = option });
  const demuxer = reading(label, "open", open, hint);
  if (unknown === null) return demuxer;
  demuxer[Symbol.dispose]();
  throw new OptionError(
    `Cannot use the option inputOptions.${unknown}: devices of ${system} have none of that name`,
    {
      code: "OPTION_NOT_FOUND",
      operation: "open a device",
      hint: `\`ffmpeg -h demuxer=${system}\` lists those that there are`,
    },
  );
}
