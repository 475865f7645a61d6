/**
 * Makes writers whose packets go to outputs in other threads.
 *
 * @module
 */
import type { SessionOptions } from "../../engine/session_options.ts";
import type { VideoFileRequest } from "../../engine/session_types.ts";
import type { EngineOptions, VideoEngine } from "../../thread/engine.ts";
import { areEven, bitsOf } from "../adaptive/segments_plan.ts";
import { OutputSet, type OutputsPlan } from "./output_set.ts";
import { OutputsEngine } from "./outputs_engine.ts";

/** Options that do not go with outputs, and why. */
const reasons = {
  passes: "the encoder gives nothing before the second pass",
  targetBytes: "the encoder gives nothing before the second pass",
  palette: "the encoder gives nothing before the end",
  chunk: "chunks are files that are joined later",
} as const;

function requireLiveOptions(session: SessionOptions): void {
  for (const name of ["passes", "targetBytes", "palette", "chunk"] as const) {
    const value = session[name];
    if (value === undefined || value === "frame") continue;
    throw new TypeError(`Cannot use the option ${name} with addresses or outputs: ${reasons[name]}`);
  }
  if (session.segments?.newSize !== true) return;
  throw new TypeError("Cannot use segments.newSize with outputs: they cannot change their size");
}

/** libav's own lines may have keys in them, and come with each try. Errors are thrown, or in `stats`. */
function withoutLines(session: SessionOptions): SessionOptions {
  return { ...session, logLevel: "quiet" };
}

/** Opens an engine with outputs. */
export async function openWithOutputs(
  request: VideoFileRequest,
  engineOptions: EngineOptions,
  plan: OutputsPlan,
  open: (request: VideoFileRequest) => Promise<VideoEngine>,
): Promise<VideoEngine> {
  requireLiveOptions(request.options);
  const set = new OutputSet(plan, engineOptions, {
    path: request.path,
    tracks: 1 + request.options.audio.length,
    isQuiet: request.options.logLevel === "quiet",
    encode: {
      frameRate: request.frameRate,
      isFiltered: request.options.filter !== undefined,
      isEven: areEven(request.options),
      videoBits: bitsOf(request.options),
    },
  });
  const options = withoutLines(request.options);
  let engine: VideoEngine | null = null;
  try {
    // What does not go together is told, whether there is a receiver or not.
    engine = await open({ ...request, options, outputs: set.fed });
    await set.connect(engineOptions.signal);
    return new OutputsEngine(engine, set);
  } catch (error) {
    await Promise.all([engine?.abort(), set.refuse()]);
    throw error;
  }
}
