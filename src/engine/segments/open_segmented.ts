/**
 * Opens a video in segments: the files of one encode, one after the other.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { hasKeyFrames } from "../../container/key_frames.ts";
import { UnsupportedError } from "../../errors.ts";
import { HeldTarget } from "../../file/held_target.ts";
import { Interleaver } from "../../file/interleaver.ts";
import { muxerUrl, withWriteErrors } from "../../file/target.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import { createOutput, type EncodedStream } from "../opening/open_output.ts";
import type { FirstPicture, OpenPipeline, PipelineContext } from "../opening/pipeline_context.ts";
import type { Pipeline } from "../pipeline.ts";
import type { VideoFileRequest } from "../session_types.ts";
import type { VideoPipeline } from "../video_output.ts";
import type { OpenFile } from "./segment_file.ts";
import type { SegmentListener } from "./segment_options.ts";
import { SegmentedOutput } from "./segmented_output.ts";
import { Segments } from "./segments.ts";
import { type OpenNext, SizedPipelines } from "./sized_pipelines.ts";

/** Throws an `UnsupportedError` where a file of a container can't go on in another one. */
function requireSegmentSupport({ name, opensFilesItself }: MuxerInfo): void {
  const reason = opensFilesItself
    ? "it writes more than one file already"
    : hasKeyFrames(name)
    ? null
    : "only the first frame of such an animation is a key frame";
  if (reason === null) return;
  throw new UnsupportedError(`Cannot write segments in ${name}: ${reason}`, {
    code: "SEGMENTS_NOT_FOR_CONTAINER",
    operation: "choose the container",
    hint: "Give segments.name the extension of another container, such as .mp4 or .mkv",
  });
}

/** The segments of a request that has some. */
export function openSegments(
  native: Native,
  info: MuxerInfo,
  { path, options: { segments, keyFrameInterval } }: VideoFileRequest,
  onSegment: SegmentListener = () => {},
): Segments {
  requireSegmentSupport(info);
  return new Segments(native, path, segments!, keyFrameInterval, onSegment);
}

/** Opens a pipeline for a picture, into what takes the packets of its encoder. */
export type OpenEncoding = (
  picture: FirstPicture,
  outputOf: (stream: EncodedStream) => SegmentedOutput,
) => OpenPipeline<Pipeline>;

/**
 * Opens everything for pictures of a shape, whose video goes into segments; where these may have sizes of
 * their own, for pictures of other shapes, too.
 */
export function openSegmentedPipeline(
  native: Native,
  context: PipelineContext,
  segments: Segments,
  picture: FirstPicture,
  openEncoding: OpenEncoding,
): OpenPipeline<VideoPipeline> {
  const streams: EncodedStream[] = [];
  let output: SegmentedOutput | null = null;
  const open = (next: FirstPicture): OpenPipeline<Pipeline> =>
    openEncoding(next, (stream) => {
      streams.push(stream);
      return output ??= openOutput(native, context, segments, streams);
    });
  const opened = open(picture);
  if (segments.options.newSize !== true) return opened;
  const openNext: OpenNext = (pixels, shape, seconds) => {
    const { layout: { width, height } } = shape;
    const source = { first: shape, size: { width, height } };
    return open({ input: { ...picture.input, shape }, pixels, seconds, source }).pipeline;
  };
  return { ...opened, pipeline: new SizedPipelines(opened.pipeline, picture.input.shape, openNext) };
}

/**
 * Makes what the packets of a video go to, which is one encoded stream after the other: `streams` has the
 * first, and gets the others. Leaves the disk unchanged.
 */
function openOutput(
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
