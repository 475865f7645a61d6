/**
 * Decoding: 1080p H.264 to frames of RGBA in the program's memory, by avwriter and by others. No case, as
 * nothing is encoded.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { frameRate } from "./cases.ts";
import type { Sources } from "./content.ts";
import type { DecodingReport, DecodingRequest } from "./peers/decoding/reading.ts";
import type { PeerSkipped } from "./peers/protocol.ts";
import { runScript, type RuntimeName } from "./runtimes.ts";
import { median } from "./statistics.ts";

/** What it is called where cases are chosen. */
export const decodingName = "decoding";

const width = 1920, height = 1080;
/** Frames of the video. */
const usualFrames = 600;
/** How far the mean of a peer's bytes may be from avwriter's: the ffmpeg program rounds down. */
const tolerance = 1.5;

/** The peers' programs in `bench/peers/decoding/`, and what the report says of them. */
export const decodingPeers = {
  avwriter: "avwriter, createFileReader with the format rgba",
  ffmpeg_stdout: "an ffmpeg process that writes raw RGBA to a pipe, which the same runtime reads",
  node_av: "node-av with its scaler",
  mediabunny: "mediabunny with @mediabunny/server",
} as const;

/** A peer that decodes. */
export type DecodingPeer = keyof typeof decodingPeers;

/** What became of one peer. */
export interface DecodedBy {
  readonly peer: DecodingPeer;
  readonly reports: DecodingReport[];
  /** Why it did not run, or what is wrong with its frames. */
  failure: string | null;
  skipped: string | null;
}

/** The peers on one runtime. */
export interface DecodingResult {
  readonly runtime: RuntimeName;
  readonly frames: number;
  readonly peers: readonly DecodedBy[];
}

/** How decoding is measured. */
export interface DecodingRun {
  readonly runtime: RuntimeName;
  /** The runtime's program. */
  readonly program: string;
  readonly sources: Sources;
  /** A folder for the video. */
  readonly folder: string;
  readonly rounds: number;
  readonly mostFrames: number;
  /** Told what goes on. */
  readonly log: (line: string) => void;
}

function makeVideo({ yuv420p }: Sources, path: string, frames: number): void {
  execFileSync("ffmpeg", [
    ...["-v", "error", "-nostdin", "-y", "-stream_loop", "-1", "-f", "rawvideo", "-pixel_format", "yuv420p"],
    ...["-video_size", `${width}x${height}`, "-framerate", `${frameRate}`, "-i", yuv420p],
    ...["-frames:v", `${frames}`, "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"],
    ...[
      "-colorspace",
      "bt709",
      "-color_primaries",
      "bt709",
      "-color_trc",
      "bt709",
      "-color_range",
      "tv",
      path,
    ],
  ], { stdio: ["ignore", "ignore", "inherit"] });
}

/** What is wrong with frames; `null` where they are as they must be. */
function complaint({ frames, mean }: DecodingReport, wanted: number, ours: number): string | null {
  if (frames !== wanted) return `it gave ${frames} frames instead of ${wanted}`;
  return Math.abs(mean - ours) <= tolerance
    ? null
    : `its bytes are ${mean.toFixed(1)} on average instead of ${ours.toFixed(1)}`;
}

async function decodeOnce(run: DecodingRun, result: DecodedBy, request: DecodingRequest): Promise<void> {
  const script = fileURLToPath(new URL(`peers/decoding/${result.peer}.ts`, import.meta.url));
  try {
    const line = await runScript({
      ...{ runtime: run.runtime, program: run.program, script, parameter: JSON.stringify(request) },
      denoFlags: ["--node-modules-dir=manual"],
    });
    const answer: DecodingReport | PeerSkipped = JSON.parse(line);
    if ("skipped" in answer) result.skipped = answer.skipped;
    else result.reports.push(answer);
  } catch (error) {
    result.failure = (error as Error).message;
  }
}

/** Measures all peers in turn, another one first in each round. A first round to warm up does not count. */
export async function measureDecoding(run: DecodingRun): Promise<DecodingResult> {
  const frames = Math.min(usualFrames, run.mostFrames);
  const path = join(run.folder, "decoding.mp4");
  makeVideo(run.sources, path, frames);
  const peers = (Object.keys(decodingPeers) as DecodingPeer[])
    .map((peer): DecodedBy => ({ peer, reports: [], failure: null, skipped: null }));
  for (let round = 0; round <= run.rounds; round++) {
    for (let turn = 0; turn < peers.length; turn++) {
      const result = peers[(turn + round) % peers.length]!;
      if (result.failure !== null || result.skipped !== null) continue;
      await decodeOnce(run, result, { path, width, height });
      run.log(
        `${decodingName}, round ${round}: ${result.peer} ${result.reports.at(-1)?.wallMs.toFixed(0)} ms`,
      );
    }
  }
  const ours = peers[0]!.reports[0]?.mean ?? NaN;
  for (const result of peers) {
    for (const report of result.reports) result.failure ??= complaint(report, frames, ours);
    result.reports.shift();
  }
  return { runtime: run.runtime, frames, peers };
}

/** A peer's time divided by avwriter's, round by round: the median; `null` where it has none. */
export function timeToOurs({ peers }: DecodingResult, { reports }: DecodedBy): number | null {
  const ratios = reports.flatMap(({ wallMs }, round) => {
    const ours = peers[0]!.reports[round]?.wallMs;
    return ours === undefined ? [] : [wallMs / ours];
  });
  return ratios.length === 0 ? null : median(ratios);
}
