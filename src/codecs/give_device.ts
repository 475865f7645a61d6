/**
 * Gives an encoder the device that it works on.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError, UnsupportedError } from "../errors.ts";
import { Device } from "../libav/device.ts";
import type { Encoder } from "../libav/encoder.ts";
import { pixelFormatByName, type PixelFormatInfo } from "../libav/pixel_format.ts";
import type { Size } from "../size.ts";
import { deviceNeeds } from "./device_encoders.ts";

/**
 * Opens the device that an encoder needs, before the encoder is opened. Throws an
 * {@linkcode UnsupportedError} where there is none.
 */
export function giveDevice(
  native: Native,
  encoder: Encoder,
  { format, width, height }: Size & { readonly format: PixelFormatInfo },
): void {
  const { name } = encoder.info;
  const needs = deviceNeeds(name);
  if (needs === null) return;
  try {
    using device = new Device(native, needs.type, needs.name ?? null);
    const memory = needs.pixelFormat === undefined ? null : pixelFormatByName(native, needs.pixelFormat);
    encoder.useDevice(device, memory && { memory, pixels: format, width, height });
  } catch (cause) {
    if (!(cause instanceof AvError)) throw cause;
    throw new UnsupportedError(`Cannot open encoder ${name}: cannot ${cause.operation}: ${cause.message}`, {
      code: cause.code,
      operation: `open encoder ${name}`,
      hint: "Use another encoder, or check that the device's driver is installed and may be used",
      cause,
    });
  }
}
