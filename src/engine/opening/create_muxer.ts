/**
 * Makes the muxer of a video, with all streams and options.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { codecTag, requirePixelFormatSupport } from "../../container/codec_support.ts";
import { placeCover } from "../../container/cover.ts";
import { isIntermediate, muxerOptions } from "../../container/muxer_options.ts";
import { streamTags } from "../../container/picture_tags.ts";
import { splitTimecode } from "../../container/timecode.ts";
import { Muxer } from "../../libav/muxer.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { VideoFileRequest } from "../session_types.ts";
import type { MuxerRequest, OpenerContext } from "./muxer_request.ts";

/**
 * Creates a muxer, whose file is not opened yet. `own` is the container that the video goes into: the options
 * that are given are for that one.
 */
export function createMuxer(
  native: Native,
  { codec, options }: VideoFileRequest,
  context: OpenerContext,
  own: MuxerInfo,
  request: MuxerRequest & Required<Pick<MuxerRequest, "namesKeys">>,
): Muxer {
  const {
    parameters: encoded,
    settings,
    timeBase,
    url,
    stage,
    namesKeys,
    recording = null,
    audioTracks = context.audioTracks,
    info = own,
    hasCover = true,
    isContinued = false,
  } = request;
  const { timing = "constant", formatOptions, metadata = {}, loop } = options;
  const told = splitTimecode(info.name, metadata);
  const placed = placeCover(native, info, hasCover ? context.cover : null);
  const muxer = new Muxer(native, info, url);
  try {
    muxer.addStream({
      describeInto: (parameters) => {
        encoded.copyInto(parameters);
        recording?.copyHeaders(0, parameters);
      },
      timeBase,
      frameRate: timing === "constant" ? settings.frameRate : null,
      tag: codecTag(info, settings.encoder, codec),
      tags: streamTags(options, settings.color, settings.chromaLocation),
      metadata: {},
    });
    audioTracks?.addStreams(muxer, recording, isContinued);
    context.subtitles?.addStreams(muxer);
    if (!isIntermediate(info, stage)) {
      for (const file of [...placed.streams, ...context.attachments]) muxer.addStream(file);
    }
    muxer.setMetadata(told.file, { ...told.video, ...placed.tags });
    requirePixelFormatSupport(muxer, settings.encoder, settings.format);
    const given = info === own ? formatOptions : {};
    muxer.options.setAll(muxerOptions(muxer, timeBase, stage, given, namesKeys, loop));
    return muxer;
  } catch (error) {
    muxer[Symbol.dispose]();
    throw error;
  }
}
