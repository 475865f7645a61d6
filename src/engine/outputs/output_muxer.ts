/**
 * The muxers of outputs.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { containerOperation } from "../../container/known_containers.ts";
import { chooseMuxer } from "../../container/muxer_choice.ts";
import { UnsupportedError } from "../../errors.ts";
import { muxerByName, type MuxerInfo } from "../../libav/muxer_info.ts";
import type { OutputTarget } from "./output_target.ts";

/** FFmpeg's first release with a muxer that came late. */
const firstReleases: Readonly<Record<string, string>> = { whip: "8.0" };

/** The muxer of an output. Throws an {@linkcode UnsupportedError} where FFmpeg has none. */
export function muxerOf(native: Native, target: OutputTarget): MuxerInfo {
  const { format } = target;
  const release = format !== undefined && Object.hasOwn(firstReleases, format) ? firstReleases[format] : null;
  if (format !== undefined && release && muxerByName(native, format) === null) {
    throw new UnsupportedError(`Cannot write to ${target.label}: this FFmpeg has no muxer ${format}`, {
      code: "MUXER_NOT_FOUND",
      operation: containerOperation,
      hint: `Use FFmpeg ${release} or newer`,
    });
  }
  const path = target.kind === "file" ? target.path : "";
  const { formatOptions } = target;
  return chooseMuxer(native, path, { formatOptions, ...(format === undefined ? {} : { format }) });
}
