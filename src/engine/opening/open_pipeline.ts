/**
 * Opens all that the first picture of a video needs: encoder, file and what is between them.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { openNextEncoder } from "../../codecs/open_next_encoder.ts";
import { minTicks } from "../../container/frame_rates.ts";
import { streamTags } from "../../container/picture_tags.ts";
import { OutputFile } from "../../file/output_file.ts";
import type { Encoder } from "../../libav/encoder.ts";
import { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import { Pipeline } from "../pipeline.ts";
import { createTimeline } from "../timeline.ts";
import { palettesFor } from "./palettes.ts";
import type { VideoPipeline } from "../video_output.ts";
import type { SegmentedOutput } from "../segments/segmented_output.ts";
import { containerTimeBase, createOutput, type EncodedStream, printChoices } from "./open_output.ts";
import type { FirstPicture, OpenPipeline, PipelineContext } from "./pipeline_context.ts";
import type { SessionParts } from "./session_parts.ts";

/** Where packets go: a file that is not open yet, or segments. */
type AnyOutput = OutputFile | SegmentedOutput;

/**
 * Opens everything for pictures of a shape. The file comes last, so that a failure leaves an existing one as
 * it was.
 */
export function openPipeline(
  native: Native,
  context: PipelineContext,
  picture: FirstPicture,
  { passes, segments: segmenting }: SessionParts,
): OpenPipeline<VideoPipeline> {
  const { segments } = context;
  if (passes !== undefined) return passes.openPasses(native, context, picture);
  const open = (next: FirstPicture, outputOf: (stream: EncodedStream) => AnyOutput): OpenPipeline<Pipeline> =>
    openEncoding(native, context, next, outputOf);
  if (segments === null) return open(picture, (stream) => createOutput(native, context, stream));
  return segmenting!.openSegmentedPipeline(native, context, segments, picture, open);
}

/** Live receivers want audio with the first frame: how long outputs wait for it at most, in milliseconds. */
const fedFirstMs = 5000;

/** Opens an encoder for pictures of a shape, whose packets go to an output. */
function openEncoding(
  native: Native,
  context: PipelineContext,
  picture: FirstPicture,
  outputOf: (stream: EncodedStream) => AnyOutput,
): OpenPipeline<Pipeline> {
  const { input, pixels, seconds, source } = picture;
  const { request, control, info, target, clock, audioTracks, opener, feeds } = context;
  const { options } = request;
  using owned = new DisposableStack();
  const { encoder, settings } = opener.openEncoder(input, pixels, source.first.layout.format);
  owned.use(encoder);
  const parameters = owned.use(new CodecParameters(native, encoder));
  const { timeBase, shape } = input;
  const stream = { parameters, settings, timeBase };
  const output = owned.use(outputOf(stream));
  const timeline = createTimeline(options, clock, input);
  const openEncoder = (): Encoder => openNextEncoder(native, settings, parameters.headers);
  // In other containers, the table of colours is elsewhere.
  const isGifFile = target.isOwnFile && info.name === "gif";
  const palettes = palettesFor(native, request, settings, shape.layout.format, isGifFile);
  const plays = options.loop ?? 0;
  const parts = { encoder, parameters, openEncoder, settings, output, timeline, plays, control };
  const pipeline = owned.use(new Pipeline(native, { ...parts, ...palettes }));
  pipeline.prepare(shape);
  feeds?.begin((info) => opener.createMuxer({ ...stream, url: "", stage: "kept", info, hasCover: false }), {
    tags: streamTags(options, settings.color, settings.chromaLocation),
    chapters: options.chapters ?? [],
  });
  if (output instanceof OutputFile) output.open(target);
  const containerUnit = output instanceof OutputFile
    ? output.timeBase(0)
    : containerTimeBase(context, stream);
  timeline.begin(encoder.reorderDelay, containerUnit);
  owned.move();
  if (audioTracks !== null && !audioTracks.hasBegun) {
    audioTracks.beginAt(seconds);
    const firstMs = feeds === null ? 0 : fedFirstMs;
    audioTracks.begin(output, { firstMs, isWatched: feeds !== null || request.bytesTo === "stream" });
  }
  // Without filters, the clock does that.
  if (options.filter !== undefined) timeline.keepApart(containerUnit, minTicks(info));
  printChoices(native, context, stream, picture);
  return { pipeline, settings };
}
