/**
 * AVInputFormat of a system of devices.
 *
 * @module
 */
import { type Address, type Native, NULL } from "../../../ffi/mod.ts";

/** The input format of a system of devices; `null` where libavdevice has none. */
export function deviceFormat(native: Native, system: string): Address | null {
  const { fields, memory } = native;
  const { avdevice_register_all, av_input_audio_device_next, av_input_video_device_next } = native.avdevice();
  // FFmpeg 4.3 lists none before.
  avdevice_register_all();
  // Devices that also have cameras count as video.
  for (const next of [av_input_audio_device_next, av_input_video_device_next]) {
    for (let format = next(NULL); format !== NULL; format = next(format)) {
      const names = memory.text(fields.get(format, "AVInputFormat", "name")) ?? "";
      if (names.split(",").includes(system)) return format;
    }
  }
  return null;
}
