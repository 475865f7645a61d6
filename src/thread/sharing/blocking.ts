/**
 * Which sessions keep their thread waiting: others had to wait with them.
 *
 * @module
 */
import { isPlainPath } from "../../../ffi/mod.ts";
import type { FileRequest, VideoFileRequest } from "../../engine/session_types.ts";

/** Encoders of AV1 and VVC, by family or name: a call may take seconds, and so may freeing them. */
const slowCodec = /av1|vvc|vvenc/i;
const vp9 = /vp-?9/i;
/** Presets of x264 and x265 with calls that take long: `"slow"`, `"slower"`, `"veryslow"`, `"placebo"`. */
const slowPreset = /slow|placebo/;

/** Whether a call of a video's encoder takes long. */
function isSlow({ codec, options: { preset, encoderOptions, passes } }: VideoFileRequest): boolean {
  if (slowCodec.test(codec) || passes !== undefined) return true;
  if (!vp9.test(codec)) return false;
  return encoderOptions?.deadline === "best" || `${encoderOptions?.["cpu-used"] ?? preset}` === "0";
}

/**
 * Whether the calls of a session may wait for others (the reader of a pipe, a network, an output that takes
 * no more, a filter that sleeps), take long, or are wanted at once.
 */
export function mayBlock(request: FileRequest): boolean {
  const { path, options: { live, palette, preset, encoderOptions, filter, audio, subtitles } } = request;
  if (live === true || palette === "clip" || slowPreset.test(`${preset ?? encoderOptions?.preset}`)) {
    return true;
  }
  if (filter !== undefined && filter !== "") return true;
  if (request.kind === "video" && (isSlow(request) || (request.outputs?.length ?? 0) > 0)) return true;
  const sources = [
    ...audio.map(({ source }) => source.kind === "file" ? source.address.path : ""),
    ...subtitles.map(({ from }) => from ?? ""),
  ];
  return [path, ...sources].some((each) => each === null || (each !== "" && !isPlainPath(each)));
}
