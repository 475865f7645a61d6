/**
 * Which sessions keep their thread waiting: others had to wait with them.
 *
 * @module
 */
import { isPlainPath } from "../../../ffi/mod.ts";
import type { FileRequest } from "../../engine/session_types.ts";

/** AV1's encoders, by family or name: a call of theirs may take seconds, and so may freeing them. */
const slowCodec = /av1/i;
/** Presets of x264 and x265 with calls that take long: `"slow"`, `"slower"`, `"veryslow"`, `"placebo"`. */
const slowPreset = /slow|placebo/;

/**
 * Whether the calls of a session may wait for others (the reader of a pipe, a network, an output that takes
 * no more), take long, or are wanted at once.
 */
export function mayBlock(request: FileRequest): boolean {
  const { path, options: { live, palette, preset, encoderOptions, audio, subtitles } } = request;
  if (live === true || palette === "clip" || slowPreset.test(`${preset ?? encoderOptions?.preset}`)) {
    return true;
  }
  if (request.kind === "video" && (slowCodec.test(request.codec) || (request.outputs?.length ?? 0) > 0)) {
    return true;
  }
  const sources = [
    ...audio.map(({ source }) => source.kind === "file" ? source.address.path : ""),
    ...subtitles.map(({ from }) => from ?? ""),
  ];
  return [path, ...sources].some((each) => each === null || (each !== "" && !isPlainPath(each)));
}
