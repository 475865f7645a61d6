/**
 * Decoding: 1080p H.264 to frames of RGBA in the program's memory, by avwriter and by others. No case, as
 * nothing is encoded.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { frameRate } from "./cases.ts";
import type { Sources } from "./content.ts";
import type { DecodingReport, DecodingRequest } from "./peers/decoding/reading.ts";
import type { RuntimeName } from "./runtimes.ts";
import { type PeerTurns, takeTurns, type TurnSettings } from "./turns.ts";

/** What it is called where cases are chosen. */
export const decodingName = "decoding";

const width = 1920, height = 1080;
/** Frames of the video. */
const usualFrames = 600;
/** How far the mean of a peer's bytes may be from avwriter's: the ffmpeg program rounds down. */
const tolerance = 1.5;

/** The peers' programs in `bench/peers/decoding/`, and what the report says of them. */
export const decodingPeers = {
  avwriter: "avwriter, createFileReader with the format rgba; each frame is closed",
  ffmpeg_stdout: "an ffmpeg process that writes raw RGBA to a pipe, which the same runtime reads",
  node_av: "node-av with its scaler",
  mediabunny: "mediabunny with @mediabunny/server",
} as const;

/** A peer that decodes. */
export type DecodingPeer = keyof typeof decodingPeers;

/** The peers on one runtime. */
export interface DecodingResult {
  readonly runtime: RuntimeName;
  readonly frames: number;
  readonly peers: readonly PeerTurns<DecodingPeer, DecodingReport>[];
}

/** How a video is decoded, or made into another one. */
export interface VideoRun extends TurnSettings {
  readonly sources: Sources;
  /** A folder for videos. */
  readonly folder: string;
  readonly mostFrames: number;
}

/** Makes the video that is read; returns its path and how many frames it has. */
export function makeVideo({ sources: { yuv420p }, folder, mostFrames }: VideoRun): [string, number] {
  const path = join(folder, "source.mp4"), frames = Math.min(usualFrames, mostFrames);
  execFileSync("ffmpeg", [
    ...["-v", "error", "-nostdin", "-y", "-stream_loop", "-1", "-f", "rawvideo", "-pixel_format", "yuv420p"],
    ...["-video_size", `${width}x${height}`, "-framerate", `${frameRate}`, "-i", yuv420p],
    ...["-frames:v", `${frames}`, "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"],
    ...["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"],
    path,
  ], { stdio: ["ignore", "ignore", "inherit"] });
  return [path, frames];
}

/** Measures all peers on one runtime. */
export async function measureDecoding(run: VideoRun): Promise<DecodingResult> {
  const { runtime, program, rounds, hasWarmUp, log } = run;
  const [path, wanted] = makeVideo(run);
  let ours: number | null = null;
  const peers = await takeTurns<DecodingPeer, DecodingReport>({
    ...{ name: decodingName, runtime, program, rounds, hasWarmUp, log },
    peers: Object.keys(decodingPeers) as DecodingPeer[],
    turnOf: (peer) => ({
      script: `decoding/${peer}.ts`,
      request: { path, width, height } satisfies DecodingRequest,
    }),
    judge(peer, { frames, mean }) {
      if (peer === "avwriter") ours ??= mean;
      if (frames !== wanted) return `it gave ${frames} frames instead of ${wanted}`;
      if (ours === null || Math.abs(mean - ours) <= tolerance) return null;
      return `its bytes are ${mean.toFixed(1)} on average instead of ${ours.toFixed(1)}`;
    },
  });
  return { runtime, frames: wanted, peers };
}
