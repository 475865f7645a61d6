/**
 * Encoders that devices do the work of.
 *
 * @module
 */

/** The ends of their names, by the interface to the device. */
const ending = /_(?:nvenc|vaapi|qsv|amf|videotoolbox|mf|v4l2m2m|omx|mediacodec|vulkan)$/;

/** Whether a device does the work of an encoder. */
export function isDeviceEncoder(name: string): boolean {
  return ending.test(name);
}
