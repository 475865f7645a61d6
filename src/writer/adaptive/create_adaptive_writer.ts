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
import { checkConnection, type ConnectionOptions } from "../outputs/output_options.ts";
import { openWithOutputs } from "../outputs/open_outputs.ts";
import type { HttpOptions } from "../packaging/stores/http_store.ts";
import type { OpenSegment } from "../packaging/stores/stream_store.ts";
import type { VideoWriter } from "../video_writer.ts";
import type { WriterOptions } from "../writer_options.ts";
import { type AdaptiveOptions, checkAdaptive, type CheckedAdaptive } from "./adaptive_options.ts";
import { adaptivePlace, addressOf } from "./adaptive_place.ts";
import { AdaptiveTarget } from "./adaptive_target.ts";
import { LadderEngine } from "./ladder_engine.ts";

/** Options that segments have no place for, and why. */
const reasons = {
  formatOptions: "the layout of segments is that of the format",
  reconnect: "a file that fails is put again for 30 s",
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
    httpOptions(connection, addressOf(target) !== null, options),
  );
  const adaptive = checkAdaptive(given, format);
  const steps = stepOptions(options, adaptive);
  const { windowSegments, segmentSeconds, startMs } = adaptive;
  const partSeconds = wholeFrames(adaptive.partSeconds, frameRate);
  const files = new AdaptiveTarget(store, {
    ...{ format, manifest, segmentSeconds, windowSegments, partSeconds },
    frameRate: options.filter === undefined ? frameRate : null,
    moreSeconds: moreThan(segmentSeconds, frameRate),
    videoBits: steps.map(({ session }) => session.maxBitrate ?? session.bitrate ?? null),
    tellsDate: startMs !== null || windowSegments !== null || partSeconds !== null,
  });
  const cuts = { segmentSeconds, partSeconds, frameRate };
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
    onFirst: (seconds) => files.begin((startMs ?? Date.now()) - seconds * 1000),
  });
  return await writerOver(new StreamEngine(ladder, files), frameRate, first);
}

/** How long a request may take unless the options say so, in seconds. */
const requestSeconds = 10;

/** How files are put on a server. Throws a `TypeError` for options that are for other addresses. */
function httpOptions(
  given: ConnectionOptions,
  isServer: boolean,
  { writeTimeoutSeconds = requestSeconds }: WriterOptions,
): HttpOptions {
  const { method = "PUT", headers = {}, ...others } = checkConnection(given);
  for (const name of Object.keys(isServer ? others : given)) {
    const use = name === "headers" || name === "method" ? "servers" : "other addresses";
    throw new TypeError(`Cannot use the option ${name} with segments: it is for ${use}`);
  }
  return { method, headers, requestSeconds: writeTimeoutSeconds };
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

/** The length of a part: whole frames, one at least. */
function wholeFrames(partSeconds: number | null, { num, den }: Rational): number | null {
  return partSeconds === null ? null : Math.max(1, Math.round(partSeconds * num / den)) * den / num;
}

/** A packet of audio is no longer, in seconds. */
const audioSeconds = 0.1;

/** By how much segments are longer that have whole frames, and whole packets of audio. */
function moreThan(segmentSeconds: number, { num, den }: Rational): number {
  const frames = segmentSeconds * num / den;
  return (Math.ceil(frames - 1e-6) - frames) * den / num + audioSeconds;
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
