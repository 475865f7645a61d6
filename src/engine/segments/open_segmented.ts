/**
 * Opens a video in segments: the files of one encode, one after the other.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { HeldTarget } from "../../file/held_target.ts";
import { Interleaver } from "../../file/interleaver.ts";
import { muxerUrl, withWriteErrors } from "../../file/target.ts";
import { createOutput, type EncodedStream } from "../opening/open_output.ts";
import type { PipelineContext } from "../opening/pipeline_context.ts";
import type { OpenFile } from "./segment_file.ts";
import { SegmentedOutput } from "./segmented_output.ts";
import type { Segments } from "./segments.ts";

/**
 * Makes what the packets of a video go to, which is one encoded stream after the other: `streams` has the
 * first, and gets the others. Leaves the disk unchanged.
 */
export function openSegmented(
  native: Native,
  context: PipelineContext,
  segments: Segments,
  streams: readonly EncodedStream[],
): SegmentedOutput {
  const { safety: { isCrashSafe }, audioTracks, feeds } = context;
  return new SegmentedOutput(native, {
    segments,
    isCrashSafe,
    queue: audioTracks?.queue ?? null,
    timeBase: streams[0]!.timeBase,
    open: (path, stream, isContinued) =>
      withWriteErrors(path, () => openFile(native, context, streams[stream]!, path, isContinued)),
    onPacket: (packet, timeBase) => feeds?.push(packet, timeBase),
    onLate: (track, seconds) => audioTracks!.noteLate(track, seconds),
  });
}

function openFile(
  native: Native,
  context: PipelineContext,
  stream: EncodedStream,
  path: string,
  isContinued: boolean,
): OpenFile {
  const { info, request: { options }, audioTracks, safety } = context;
  using owned = new DisposableStack();
  const target = owned.use(HeldTarget.take(native, info, path, options.formatOptions));
  const queue = audioTracks === null
    ? null
    : owned.use(new Interleaver(native, audioTracks.queue.streamCount));
  const url = muxerUrl(info, path);
  const place = { path, url, queue, subtitles: null, onFile: () => {}, isContinued };
  const file = owned.use(createOutput(native, context, stream, place));
  file.open(target);
  queue?.begin({ needsAll: info.name === "flv", isPatient: !safety.isCrashSafe });
  owned.move();
  return { path, file, target, queue };
}
