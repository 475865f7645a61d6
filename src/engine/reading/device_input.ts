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
import type { DevicePlace } from "./reading_types.ts";

/** Opens a device. Nothing is read of it: what it has read would be late. */
export function openDeviceInput(native: Native, { system, name, options }: DevicePlace): Demuxer {
  const format = deviceFormat(native, system);
  if (format === null) {
    throw new UnsupportedError(
      `Cannot open the ${system} device ${
        JSON.stringify(name)
      }: FFmpeg ${native.version} has no input devices of ${system}`,
      { code: "NO_DEVICES", operation: "open a device", hint: "`ffmpeg -devices` lists those that it has" },
    );
  }
  return new Demuxer(native, name, {
    formats: [system],
    format,
    options: optionText(options),
    onUnknown: (option) => {
      throw new OptionError(
        `Cannot use the option inputOptions.${option}: devices of ${system} have none of that name`,
        {
          code: "OPTION_NOT_FOUND",
          operation: "open a device",
          hint: `\`ffmpeg -h demuxer=${system}\` lists those that there are`,
        },
      );
    },
  });
}
