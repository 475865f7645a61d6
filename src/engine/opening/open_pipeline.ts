/**
 * Opens all that the first picture of a video needs: encoder, file and what is between them.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import { openNextEncoder } from "../../codecs/open_next_encoder.ts";
import { minTicks } from "../../container/frame_rates.ts";
import type { Encoder } from "../../libav/encoder.ts";
import { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import { Pipeline } from "../pipeline.ts";
import { createTimeline } from "../timeline.ts";
import { palettesFor } from "./palettes.ts";
import { openPasses } from "../passes/open_passes.ts";
import type { VideoPipeline } from "../video_output.ts";
import { createOutput, printChoices } from "./open_output.ts";
import type { FirstPicture, PipelineContext } from "./pipeline_context.ts";

/**
 * Opens everything for pictures of a shape. The file comes last, so that a failure leaves an existing one as
 * it was.
 */
export function openPipeline(
  native: Native,
  context: PipelineContext,
  picture: FirstPicture,
): { readonly pipeline: VideoPipeline; readonly settings: EncoderSettings } {
  if (context.request.options.passes !== undefined) return openPasses(native, context, picture);
  const { input, pixels, seconds, source } = picture;
  const { request, control, info, target, clock, audioTracks, opener, feeds } = context;
  const { options } = request;
  using owned = new DisposableStack();
  const { encoder, settings } = opener.openEncoder(input, pixels, source.first.layout.format);
  owned.use(encoder);
  const parameters = owned.use(new CodecParameters(native, encoder));
  const { timeBase, shape } = input;
  const output = owned.use(createOutput(native, context, { parameters, settings, timeBase }));
  const timeline = createTimeline(options, clock, input);
  const openEncoder = (): Encoder => openNextEncoder(native, settings, parameters.headers);
  // In other containers, the table of colours is elsewhere.
  const isGifFile = target.isOwnFile && info.name === "gif";
  const palettes = palettesFor(native, request, settings, shape.layout.format, isGifFile);
  const plays = options.loop ?? 0;
  const parts = { encoder, parameters, openEncoder, settings, output, timeline, plays, control };
  const pipeline = owned.use(new Pipeline(native, { ...parts, ...palettes }));
  pipeline.prepare(shape);
  feeds?.begin((info) =>
    opener.createMuxer({
      ...{ parameters, settings, timeBase, url: "", stage: "direct", info, hasCover: false },
    })
  );
  output.open(target);
  timeline.begin(encoder.reorderDelay, output.timeBase(0));
  owned.move();
  audioTracks?.beginAt(seconds);
  audioTracks?.begin(output, feeds !== null);
  // Without filters, the clock does that.
  if (options.filter !== undefined) timeline.keepApart(output.timeBase(0), minTicks(info));
  printChoices(native, context, { parameters, settings, timeBase }, picture);
  return { pipeline, settings };
}
