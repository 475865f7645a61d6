/**
 * Makes writers of streams in segments: HLS and DASH.
 *
 * @module
 */
import type { Codec } from "../../codecs/families.ts";
import { SegmentGrid } from "../../file/mp4/segment_grid.ts";
import type { VideoFileRequest } from "../../engine/session_types.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import { openVideoEngine } from "../../thread/open_engine.ts";
import type { Rational } from "../../libav/rational.ts";
import { requireNoFileOptions } from "../bytes/byte_options.ts";
import { StreamEngine } from "../bytes/stream_engine.ts";
import { writerOver } from "../create_file_writer.ts";
import { type CheckedOptions, checkOptions } from "../options.ts";
import type { ConnectionOptions } from "../outputs/output_options.ts";
import { openWithOutputs } from "../outputs/open_outputs.ts";
import type { OpenSegment } from "../packaging/stores/stream_store.ts";
import type { VideoWriter } from "../video_writer.ts";
import type { WriterOptions } from "../writer_options.ts";
import { type AdaptiveOptions, checkAdaptive, type CheckedAdaptive } from "./adaptive_options.ts";
import { adaptivePlace, httpOptions, notForSegments } from "./adaptive_place.ts";
import { AdaptiveTarget } from "./adaptive_target.ts";
import { LadderEngine } from "./ladder_engine.ts";
import { areEven, bitsOf, planSegments } from "./segments_plan.ts";

/** Options of a writer that segments have no place for, and why. */
const reasons = {
  ...notForSegments,
  subtitles: "segments have video and audio only",
  attachments: "segments have video and audio only",
  onSegment: "it is for the option segments; playlists tell of these",
} as const;

/** What a writer is made from, beside its target. */
interface AdaptivePlan {
  readonly codec: Codec;
  readonly frameRate: Rational;
  /** The writer's options, which are not checked yet. */
  readonly options: WriterOptions;
  readonly adaptive: AdaptiveOptions | undefined;
  /** How a server is reached. */
  readonly connection: ConnectionOptions;
}

/** Makes a writer whose video and audio are stored in segments, with the playlists that list them. */
export async function createAdaptiveWriter(
  { codec, frameRate, options: { format: asked, ...options }, adaptive: given = {}, connection }:
    AdaptivePlan,
  target: string | URL | OpenSegment,
): Promise<VideoWriter> {
  for (const name of Object.keys(reasons) as (keyof typeof reasons)[]) {
    if (options[name] === undefined) continue;
    throw new TypeError(`Cannot use the option ${name} with segments: ${reasons[name]}`);
  }
  options.signal?.throwIfAborted();
  const { store, format, manifest } = adaptivePlace(
    target,
    asked,
    httpOptions(connection, target, options.writeTimeoutSeconds),
  );
  const adaptive = checkAdaptive(given, format);
  const steps = stepOptions(options, adaptive);
  const plan = planSegments(adaptive, frameRate, areEven(options));
  const files = new AdaptiveTarget(store, {
    ...plan.packaging,
    ...{ format, manifest },
    frameRate: options.filter === undefined ? frameRate : null,
    videoBits: steps.map(({ session }) => bitsOf(session)),
  });
  const { cuts } = plan;
  const engines = await openAll(
    files,
    steps.map(({ session, engine, outputs }, index) => () => {
      const request: VideoFileRequest = {
        ...{ kind: "video", codec, path: "", bytesTo: "stream", cuts, frameRate },
        options: session,
      };
      const open = (opened: VideoFileRequest): Promise<VideoEngine> =>
        openVideoEngine(opened, { ...engine, take: files.taker(index) });
      // The first one's packets go elsewhere, too.
      if (index > 0 || outputs.length === 0) return open(request);
      return openWithOutputs(request, engine, { outputs, hasPrimary: false }, open);
    }),
  );
  const [first] = steps as [CheckedOptions];
  const ladder = new LadderEngine(engines, {
    queueSize: first.engine.queueSize,
    grid: new SegmentGrid(cuts, false),
    onFirst: (seconds) => files.begin(plan.startMs(seconds)),
  });
  return await writerOver(new StreamEngine(ladder, files), frameRate, first);
}

/** The options of rates, of which a step's own replace all of the writer's. */
const rates = ["bitrate", "maxBitrate", "quality"] as const;

/** The options of each engine. The first has the audio. */
function stepOptions(options: WriterOptions, { segmentSeconds, steps }: CheckedAdaptive): CheckedOptions[] {
  const isLadder = steps.length > 1 || steps[0]!.width !== undefined;
  const { bitrate, maxBitrate, quality, ...others } = options;
  return steps.map((step, index) => {
    const hasRate = rates.some((name) => step[name] !== undefined);
    const checked = checkOptions({
      keyFrameInterval: segmentSeconds,
      ...(isLadder ? { resize: "contain" as const } : {}),
      ...others,
      ...(hasRate ? {} : { bitrate, maxBitrate, quality }),
      ...Object.fromEntries(Object.entries(step).filter(([, value]) => value !== undefined)),
      format: "mp4",
    });
    requireNoFileOptions(checked.session, "segments", checked.fallback);
    if (index === 0) return checked;
    const { session, engine } = checked;
    return {
      ...checked,
      session: { ...session, audio: [] },
      // Frames that the first one has lent have room here, too.
      engine: { ...engine, queueSize: engine.queueSize * 2 },
    };
  });
}

/** Opens engines. Where one fails, those that are open are aborted, and what takes their bytes. */
async function openAll(
  files: AdaptiveTarget,
  opens: readonly (() => Promise<VideoEngine>)[],
): Promise<VideoEngine[]> {
  const engines: VideoEngine[] = [];
  try {
    for (const open of opens) engines.push(await open());
    return engines;
  } catch (error) {
    await Promise.allSettled([...engines, files].map(async (each) => await each.abort(error)));
    throw error;
  }
}
