/**
 * What the machine at hand can do: why a test that needs more is skipped.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { loadNative } from "../../ffi/mod.ts";
import { requireRedirectLimit } from "../../src/engine/reading/http/http_input.ts";
import { encoderByName } from "../../src/libav/encoder.ts";
import { muxerByName } from "../../src/libav/muxer_info.ts";
import { encoderPixelFormats } from "../../src/libav/pixel_format.ts";

/** Why a test is skipped; `false` where it is not. */
export type SkipReason = string | false;

/** The reason where the loaded FFmpeg lacks one of these encoders. */
export function missingEncoders(...names: string[]): SkipReason {
  const native = loadNative();
  const isThere = (name: string): boolean =>
    (["video", "audio"] as const).some((type) => encoderByName(native, name, type) !== null);
  const missing = names.filter((name) => !isThere(name));
  return missing.length > 0 && `FFmpeg ${native.version} has no encoder ${missing.join(", ")}`;
}

/** The reason where the loaded FFmpeg lacks one of these muxers. */
export function missingMuxers(...names: string[]): SkipReason {
  const native = loadNative();
  const missing = names.filter((name) => muxerByName(native, name) === null);
  return missing.length > 0 && `FFmpeg ${native.version} has no muxer ${missing.join(", ")}`;
}

/** The reason where the loaded FFmpeg follows redirects of HTTP to any host: nothing is read by HTTP then. */
export function missingHttp(): SkipReason {
  try {
    requireRedirectLimit(loadNative());
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The reason where libavdevice is not there. */
export function missingDevices(): SkipReason {
  try {
    loadNative().avdevice();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * The reason where an encoder is missing, or does not take a pixel format, which a build of its library may
 * lack.
 */
export function missingPixelFormat(encoder: string, format: string): SkipReason {
  const missing = missingEncoders(encoder);
  if (missing !== false) return missing;
  const native = loadNative();
  const formats = encoderPixelFormats(native, encoderByName(native, encoder)!.codec);
  const isTaken = formats === null || formats.some(({ name }) => name === format);
  return !isTaken && `the encoder ${encoder} of FFmpeg ${native.version} does not take ${format}`;
}

/**
 * A command that takes root's right to ignore permission bits away from the program after it; for others than
 * root it is empty.
 */
export function withoutRootsRights(): readonly string[] {
  return process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : [];
}

/** The reason where permission bits hinder nobody. */
export function permissionBitsAreIgnored(): SkipReason {
  if (process.platform === "win32") return "Windows has no permission bits";
  const [command, ...parameters] = [...withoutRootsRights(), "true"];
  return spawnSync(command!, parameters).status !== 0 &&
    "root ignores permission bits, and setpriv cannot take that right away here";
}
