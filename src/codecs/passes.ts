/**
 * Two passes: how each encoder keeps what the first one finds out, and reads it in the second.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import type { EncoderRequest, NamedOption, Pass } from "./encoder_request.ts";

/** The options of both passes. */
type PassOptions = (pass: Pass) => readonly NamedOption[];

/** libavcodec's flags. What is found out goes through the context's fields. */
const byFlags: PassOptions = ({ number }) => [["flags", `+pass${number}`]];
const x264: PassOptions = (pass) => [...byFlags(pass), ["stats", pass.path]];
/** Before FFmpeg 7, libavcodec does not pass its flags on. */
const x265: PassOptions = ({ number, path }) => [["x265-params", `pass=${number}:stats=${escaped(path)}`]];

/** A value in a list of parameters (av_get_token, libavutil/avstring.h). */
function escaped(value: string): string {
  return value.replaceAll(/[\\':= \t\r\n]/g, "\\$&");
}

/** Encoders with two passes. */
const passOptions: Readonly<Record<string, PassOptions>> = {
  libx264: x264,
  libx264rgb: x264,
  libx265: x265,
  libvpx: byFlags,
  "libvpx-vp9": byFlags,
  "libaom-av1": byFlags,
};

/** The options of a request's pass. Throws an {@linkcode UnsupportedError} where an encoder has only one. */
export function optionsOfPass({ name }: EncoderInfo, { passes, pass }: EncoderRequest): NamedOption[] {
  if (passes === undefined) return [];
  const options = Object.hasOwn(passOptions, name) ? passOptions[name]! : null;
  if (options === null) {
    throw new UnsupportedError(`Cannot encode in two passes: encoder ${name} has only one`, {
      code: "PASSES",
      operation: `configure encoder ${name}`,
      hint: `Use one of ${Object.keys(passOptions).join(", ")}`,
    });
  }
  return pass === undefined ? [] : [...options(pass)];
}
