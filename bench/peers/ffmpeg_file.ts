/**
 * The ffmpeg program, which reads raw frames from a file: as what the encoder takes it is the limit.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { readyFrames } from "../content.ts";
import { inputArguments, outputArguments } from "./ffmpeg_arguments.ts";
import { loadFrames } from "./frames.ts";
import { measure, type Meter } from "./meter.ts";
import { type PeerRequest, serve } from "./protocol.ts";

/** Frames that a program would draw into in turn. */
const drawnFrames = 4;

/** Runs the ffmpeg program to its end. */
export async function runFfmpeg(parameters: readonly string[], meter: Meter): Promise<void> {
  const child = spawn("ffmpeg", [...parameters], { stdio: ["ignore", "ignore", "inherit"] });
  if (child.pid !== undefined) meter.watchChild(child.pid);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`ffmpeg ended with code ${code}: ${parameters.join(" ")}`);
}

/** Copies as many frames as are encoded, as a program would that draws them meanwhile. */
async function draw(frames: readonly Uint8Array[], count: number): Promise<void> {
  const drawn = Array.from({ length: drawnFrames }, () => new Uint8Array(frames[0]!.length));
  for (let index = 0; index < count; index++) {
    drawn[index % drawnFrames]!.set(frames[index % frames.length]!);
    await nextTurn();
  }
}

await serve(async (request: PeerRequest) => {
  const { variant, sources, outputs, frames: count } = request;
  const ready = readyFrames(request);
  const input = variant === "same" ? request.input : variant === "rgba" ? "rgba" : ready.format;
  const source = input === ready.format ? ready.source : input;
  const frames = variant === "drawing" ? loadFrames(request) : null;
  const report = await measure(request, async (meter) => {
    const encoders = outputs.map((output) =>
      runFfmpeg([
        ...inputArguments(request, input, sources[source]!),
        ...outputArguments(request, input, output),
      ], meter)
    );
    if (frames !== null) encoders.push(draw(frames, count));
    await Promise.all(encoders);
  });
  // Of one frame it is known when the program has taken it, at the latest.
  return count === 1 ? { ...report, firstMs: report.wallMs } : report;
});
