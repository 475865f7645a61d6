/**
 * Packets from one file into another, as they are.
 *
 * @module
 */
import { needsFragments } from "../container/muxer_options.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";

/** libavformat's demuxers of the containers that are recorded first, and then written in order. */
export const demuxers: Readonly<Record<string, string>> = {
  matroska: "matroska",
  webm: "matroska",
  flv: "flv",
  mpegts: "mpegts",
};

/** Whether a recording in a container can be read again, and written in order. */
export function isReadAgain(info: MuxerInfo): boolean {
  return needsFragments(info) || Object.hasOwn(demuxers, info.name);
}

/** Whether a stream is a track: not a file, nor a picture, that goes along. */
export function isTrack(from: Demuxer, index: number): boolean {
  return (["video", "audio", "subtitle"] as const).some((type) => from.isOf(type, index)) &&
    from.picture(index) === null;
}
