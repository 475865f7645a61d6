/**
 * What the machine at hand can do: a test that needs more says so and ends.
 *
 * @module
 */
import { loadNative } from "../../ffi/mod.ts";
import { encoderByName } from "../../src/libav/encoder.ts";
import { muxerByName } from "../../src/libav/muxer.ts";
import { encoderPixelFormats } from "../../src/libav/pixel_format.ts";

/** The part of a test's context that names it. */
export interface NamedTest {
  readonly name: string;
}

/** Tells that a test can't run here, and why. */
export function skipped({ name }: NamedTest, reason: string): void {
  console.log(`SKIPPED ${name}: ${reason}`);
}

/** Whether the loaded FFmpeg has all these encoders; where not, the test says that it is skipped. */
export function requireEncoders(test: NamedTest, ...names: string[]): boolean {
  const native = loadNative();
  const isThere = (name: string): boolean =>
    (["video", "audio"] as const).some((type) => encoderByName(native, name, type) !== null);
  const missing = names.filter((name) => !isThere(name));
  if (missing.length === 0) return true;
  skipped(test, `FFmpeg ${native.version} has no encoder ${missing.join(", ")}`);
  return false;
}

/** Whether the loaded FFmpeg has all these muxers; where not, the test says that it is skipped. */
export function requireMuxers(test: NamedTest, ...names: string[]): boolean {
  const native = loadNative();
  const missing = names.filter((name) => muxerByName(native, name) === null);
  if (missing.length === 0) return true;
  skipped(test, `FFmpeg ${native.version} has no muxer ${missing.join(", ")}`);
  return false;
}

/** Whether libavdevice is there; where not, the test says that it is skipped. */
export function requireDevices(test: NamedTest): boolean {
  try {
    loadNative().avdevice();
    return true;
  } catch (error) {
    skipped(test, (error as Error).message);
    return false;
  }
}

/** Whether an encoder is there and takes a pixel format, which a build of its library may lack; where not, the test says so. */
export function requirePixelFormat(test: NamedTest, encoder: string, format: string): boolean {
  if (!requireEncoders(test, encoder)) return false;
  const native = loadNative();
  const formats = encoderPixelFormats(native, encoderByName(native, encoder)!.codec);
  if (formats === null || formats.some(({ name }) => name === format)) return true;
  skipped(test, `the encoder ${encoder} of FFmpeg ${native.version} does not take ${format}`);
  return false;
}
