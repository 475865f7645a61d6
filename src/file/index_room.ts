/**
 * Room for the index in front of an mp4 or mov file, so that nothing is moved for it.
 *
 * @module
 */
import { boxBytes } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import type { Muxer } from "../libav/muxer.ts";
import type { IndexParts, IndexSize } from "./index_size.ts";

/** What a file is made from. */
export interface IndexSource extends Omit<IndexParts, "emptyBytes" | "pictureBytes"> {
  /** The path of the recording. */
  readonly path: string;
}

/**
 * Has a muxer leave room for the index. Returns `false`, and leaves its options as they are, where they say
 * where the index goes, or its size can't be known.
 */
export function leaveRoom(muxer: Muxer, index: IndexSize, { path, ...source }: IndexSource): boolean {
  const isInFront = String(muxer.options.chosen("movflags") ?? "").startsWith("+faststart");
  const emptyBytes = isInFront ? boxBytes(path, "moov") : null;
  if (emptyBytes === null) return false;
  const bytes = index.bytes({ ...source, emptyBytes, pictureBytes: muxer.pictureBytes });
  // The muxer's option is an int.
  if (bytes >= 2 ** 31) return false;
  muxer.options.setField("movflags", "-faststart");
  muxer.options.setField("moov_size", bytes);
  return true;
}

/**
 * Writes the trailer; returns `false` where the room that was left is too small, so that the file is no good.
 */
export function wroteTrailer(muxer: Muxer, leavesRoom: boolean): boolean {
  try {
    muxer.writeTrailer();
    return true;
  } catch (error) {
    // What movenc.c says then.
    if (leavesRoom && error instanceof AvError && error.code === "EINVAL") return false;
    throw error;
  }
}
