/**
 * Makes the file that a video's packets go to.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import { OutputFile, type OutputRequest } from "../../file/output_file.ts";
import { isVerbose } from "../../libav/log.ts";
import type { Rational } from "../../libav/rational.ts";
import type { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import { describeVideoSession } from "../report.ts";
import type { MuxerRequest } from "./muxer_request.ts";
import type { FirstPicture, PipelineContext } from "./pipeline_context.ts";

/** The stream of the video. */
export interface EncodedStream {
  /** What the encoder makes. */
  readonly parameters: CodecParameters;
  readonly settings: EncoderSettings;
  /** The unit of its times. */
  readonly timeBase: Rational;
}

/** Where a file is, and what goes into it beside the video. */
export type OutputPlace =
  & Pick<OutputRequest, "path" | "url" | "queue" | "subtitles" | "onFile">
  & Pick<MuxerRequest, "isContinued">;

/** Creates the muxer of a file. Leaves the disk unchanged. */
export function createOutput(
  native: Native,
  { request, safety, target, control, audioTracks, subtitles, opener, feeds }: PipelineContext,
  stream: EncodedStream,
  place?: OutputPlace,
): OutputFile {
  return new OutputFile(native, {
    path: request.path,
    url: opener.url,
    queue: audioTracks?.queue ?? null,
    subtitles,
    cuts: request.cuts,
    onFile: () => control.noteFile(target.isOwnFile),
    // Of segments, each file has its own packets, and the outputs have all.
    ...(feeds === null || place !== undefined
      ? {}
      : { onPacket: (packet, timeBase) => feeds.push(packet, timeBase) }),
    ...place,
    ...safety,
    chapters: request.options.chapters ?? [],
    hasChaptersFirst: opener.answer.hasChaptersFirst,
    createMuxer: (url, stage, recording) =>
      opener.createMuxer({ ...stream, url, stage, recording, isContinued: place?.isContinued ?? false }),
  });
}

/** The unit that the container counts in, as its header says; the finest where it has none. */
export function containerTimeBase({ info, opener }: PipelineContext, stream: EncodedStream): Rational {
  if (info.opensFilesItself) return stream.timeBase;
  using muxer = opener.createMuxer({ ...stream, url: opener.url, stage: "direct", hasCover: false });
  muxer.openMemory();
  muxer.writeHeader();
  return muxer.timeBase(0);
}

/** Prints a summary of the choices, at the log levels that have it. */
export function printChoices(
  native: Native,
  { request, opener }: PipelineContext,
  stream: EncodedStream,
  { input, source }: FirstPicture,
): void {
  if (!isVerbose(request.options.logLevel)) return;
  using muxer = opener.createMuxer({ ...stream, url: opener.url, stage: "finished" });
  const told = { muxer, namesKeys: opener.answer.namesKeys };
  const pictures = { ...source, picture: input.shape };
  console.error(describeVideoSession(native, request, pictures, stream.settings, opener.choice!, told));
}
