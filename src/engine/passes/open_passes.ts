/**
 * Opens two passes for the first picture of a video.
 *
 * @module
 */
import { join, type Native, ScratchFolder } from "../../../ffi/mod.ts";
import { type EncoderSettings, openEncoder } from "../../codecs/open_encoder.ts";
import { HeldTarget } from "../../file/held_target.ts";
import type { OutputFile } from "../../file/output_file.ts";
import { muxerUrl, passesPath } from "../../file/target.ts";
import type { Encoder } from "../../libav/encoder.ts";
import { quietly } from "../../libav/log.ts";
import { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import { SessionControl } from "../ending/session_control.ts";
import { containerTimeBase, createOutput, type EncodedStream, printChoices } from "../opening/open_output.ts";
import type { FirstPicture, PipelineContext } from "../opening/pipeline_context.ts";
import type { Steps } from "../../steps.ts";
import { Pipeline, type PipelineParts } from "../pipeline.ts";
import { createTimeline } from "../timeline.ts";
import { FrameSpool } from "./frame_spool.ts";
import { PacketStore } from "./packet_store.ts";
import { type Attempt, TwoPasses } from "./two_passes.ts";

/** Drops the packets of the first pass. */
const nowhere: PipelineParts["output"] = {
  isCrashSafe: false,
  mayLeaveOut: true,
  writeVideo: (packet) => packet.unref(),
  patch: () => false,
  expectVideo: () => {},
  flush: () => true,
  *finish() {
    yield 0;
    return null;
  },
  salvage: () => {},
  [Symbol.dispose]: () => {},
};

/** Opens the first pass, and what the second one needs. */
export function openPasses(
  native: Native,
  context: PipelineContext,
  picture: FirstPicture,
): { readonly pipeline: TwoPasses; readonly settings: EncoderSettings } {
  const { input, pixels, seconds, source } = picture;
  const { request: { path, options }, control, clock, audioTracks, opener } = context;
  const { bitrate, targetBytes } = options;
  using owned = new DisposableStack();
  const folder = owned.use(new ScratchFolder(passesPath(path)));
  opener.pass = { number: 1, path: join(folder.path, "statistics") };
  const { encoder, settings } = opener.openEncoder(input, pixels, source.first.layout.format);
  owned.use(encoder);
  const spool = owned.use(new FrameSpool(native, settings, join(folder.path, "spool")));
  let statistics: string | null = null;
  const common = { clipColors: null, clip: null, disposal: null, plays: 0 } as const;
  const first = owned.use(
    new Pipeline(native, {
      ...common,
      encoder,
      parameters: owned.use(new CodecParameters(native, encoder)),
      openEncoder: onlyOnce,
      settings,
      output: nowhere,
      timeline: createTimeline(options, clock, input, true),
      // A deadline ends the second pass.
      control: new SessionControl(),
      onFrame: (frame, stamp) => spool.add(frame, stamp),
      onEnd: (ended) => statistics = ended.statistics,
    }),
  );
  first.prepare(input.shape);
  let runs = 0;
  const openAttempt = (settings: EncoderSettings): Attempt => {
    using parts = new DisposableStack();
    const open = (): Encoder => openEncoder(native, settings);
    // For a size, refusals are part of the search.
    const encoder = parts.use(targetBytes === undefined ? open() : quietly(native, open));
    const parameters = parts.use(new CodecParameters(native, encoder));
    const store = parts.use(new PacketStore(native, join(folder.path, `packets-${runs++}`)));
    const stream = { parameters, settings, timeBase: input.timeBase };
    const timeline = createTimeline(options, clock, input, true);
    timeline.begin(encoder.reorderDelay, containerTimeBase(context, stream));
    const encoding = {
      encoder,
      parameters,
      openEncoder: onlyOnce,
      settings,
      output: store,
      timeline,
      control,
    };
    const pipeline = parts.use(new Pipeline(native, { ...common, ...encoding }));
    const kept = parts.move();
    return {
      pipeline,
      store,
      openOutput: () => openFinal(native, context, stream, picture),
      measure: () =>
        measured(native, context, stream, { pipeline, store, path: join(folder.path, "measured") }),
      [Symbol.dispose]: () => kept[Symbol.dispose](),
    };
  };
  owned.move();
  audioTracks?.beginAt(seconds);
  const goal = targetBytes === undefined ? { bitrate: bitrate! } : { targetBytes };
  const otherBytes = (): number => (audioTracks?.queue.bytes ?? 0) + (context.subtitles?.fileBytes ?? 0);
  const told = { goal, otherBytes, statistics: () => statistics };
  return {
    pipeline: new TwoPasses({ control, settings, first, spool, folder, openAttempt, ...told }),
    settings,
  };
}

/** Statistics are of one encoder, from the first frame to the last. */
function onlyOnce(): Encoder {
  throw new Error("An encoder was ended before the end of its pass");
}

function openFinal(
  native: Native,
  context: PipelineContext,
  stream: EncodedStream,
  picture: FirstPicture,
): OutputFile {
  printChoices(native, context, stream, picture);
  const { audioTracks, target } = context;
  using owned = new DisposableStack();
  const output = owned.use(createOutput(native, context, stream));
  output.open(target);
  audioTracks?.begin(output);
  owned.move();
  return output;
}

/**
 * Writes the packets of a pass, and the audio, into a file that is only measured; returns its size. Subtitles
 * can be written once only: what they take is estimated.
 */
function* measured(
  native: Native,
  context: PipelineContext,
  stream: EncodedStream,
  { pipeline, store, path }: Pick<Attempt, "pipeline" | "store"> & { readonly path: string },
): Steps<number> {
  const { info, audioTracks, subtitles } = context;
  using owned = new DisposableStack();
  const queue = owned.use(audioTracks?.queue.copy() ?? null);
  queue?.begin({ needsAll: false, isPatient: true });
  const place = { path, url: muxerUrl(info, path), queue, subtitles: null, onFile: () => {} };
  const output = owned.use(createOutput(native, context, stream, place));
  output.open(owned.use(HeldTarget.take(native, info, path, {})));
  store.output = output;
  try {
    return ((yield* pipeline.finish()) ?? store.bytes) + (subtitles?.fileBytes ?? 0);
  } finally {
    store.output = null;
  }
}
