/**
 * Transcoding: a 1080p H.264 video made into another one, by avwriter's reader and writer and by the ffmpeg
 * program, with the same encoder and the same settings.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BenchCase, cases, type Setting } from "./cases.ts";
import { makeVideo, type VideoRun } from "./decoding.ts";
import { complaint, Judge, type Verdict } from "./judge.ts";
import type { TranscodingRequest } from "./peers/transcoding/serving.ts";
import type { RuntimeName } from "./runtimes.ts";
import { type PeerTurns, takeTurns, type TimeReport } from "./turns.ts";

/** What it is called where cases are chosen. */
export const transcodingName = "transcoding";

/** The settings of the encoder, by their names in the cases. */
const settingNames: readonly string[] = ["x264-ultrafast", "x264-veryfast", "x264-medium"];

/** The peers' programs in `bench/peers/transcoding/`, and what the report says of them. */
export const transcodingPeers = {
  ffmpeg: "one ffmpeg process, from file to file",
  avwriter: "avwriter, a file reader with a file writer attached, both in threads of their own, crash-safe",
} as const;

/** A peer that transcodes. */
export type TranscodingPeer = keyof typeof transcodingPeers;

/** The peers on one runtime, with one setting. */
export interface TranscodingResult {
  readonly runtime: RuntimeName;
  readonly setting: Setting;
  readonly frames: number;
  readonly peers: readonly PeerTurns<TranscodingPeer, TimeReport>[];
}

async function measureSetting(
  { runtime, program, folder, sources, rounds, hasWarmUp, log }: VideoRun,
  benchCase: BenchCase,
  input: string,
): Promise<TranscodingResult> {
  const { setting, frames } = benchCase;
  const output = join(folder, `transcoded.${setting.extension}`);
  const judge = new Judge(benchCase, sources);
  let limit: Verdict | null = null;
  const peers = await takeTurns<TranscodingPeer, TimeReport>({
    ...{ name: `${transcodingName} ${setting.name}`, runtime, program, rounds, hasWarmUp, log },
    peers: Object.keys(transcodingPeers) as TranscodingPeer[],
    turnOf: (peer) => ({
      script: `transcoding/${peer}.ts`,
      request: { input, output, setting } satisfies TranscodingRequest,
    }),
    judge(_, __) {
      const verdict = judge.judge(output);
      rmSync(output);
      // The first one is the ffmpeg program's.
      limit ??= verdict;
      return complaint(benchCase, false, verdict, limit);
    },
  });
  return { runtime, setting, frames, peers };
}

/** Measures all peers with each setting on one runtime. */
export async function measureTranscoding(run: VideoRun): Promise<TranscodingResult[]> {
  const [input, frames] = makeVideo(run);
  const results: TranscodingResult[] = [];
  for (const name of settingNames) {
    const found = cases.find(({ setting, size }) => setting.name === name && size.height === 1080)!;
    results.push(await measureSetting(run, { ...found, frames }, input));
  }
  return results;
}
