/**
 * The way up to the encoder: how many frames a second come through, and what they cost. No case, as nothing
 * is encoded: the encoder `wrapped_avframe` passes pictures on, and the muxer `null` drops them.
 *
 * @module
 */
import { join } from "node:path";
import type { WayReport, WayRequest } from "./peers/way/serving.ts";
import { canPinTo, type RuntimeName } from "./runtimes.ts";
import { median } from "./statistics.ts";
import { type PeerTurns, takeTurns, type TurnSettings } from "./turns.ts";

/** What it is called where cases are chosen. */
export const wayName = "way";

/** How many frames come before those that count: code is compiled, and memory is written to at first. */
export const startFrames = 30;

/** The core of programs that are pinned. */
export const pinnedCore = 0;

interface WaySize {
  readonly width: number;
  readonly height: number;
}

interface WayRow {
  /** The program in `bench/peers/way/`. */
  readonly peer: "written" | "acquired";
  readonly size: WaySize;
  readonly format: WayRequest["format"];
  /** How many count. */
  readonly frames: number;
  readonly isPinned: boolean;
}

const size1080: WaySize = { width: 1920, height: 1080 };
const usual = { peer: "written", size: size1080, format: "rgba", frames: 600, isPinned: false } as const;

/** The rows of the table. */
export const wayRows = {
  "1080p RGBA": usual,
  "1080p RGBA, acquired": { ...usual, peer: "acquired" },
  "1080p yuv420p": { ...usual, format: "yuv420p", frames: 1500 },
  "360p RGBA": { ...usual, size: { width: 640, height: 360 }, frames: 3000 },
  "2160p RGBA": { ...usual, size: { width: 3840, height: 2160 }, frames: 160 },
  "4320p RGBA": { ...usual, size: { width: 7680, height: 4320 }, frames: 40 },
  "1080p RGBA, pinned": { ...usual, frames: 400, isPinned: true },
  "1080p RGBA, acquired, pinned": { ...usual, peer: "acquired", frames: 400, isPinned: true },
} as const satisfies Record<string, WayRow>;

/** A row's name. */
export type WayRowName = keyof typeof wayRows;

/** The rows on one runtime. */
export interface WayResult {
  readonly runtime: RuntimeName;
  readonly rounds: number;
  /** Whether programs can be pinned here. */
  readonly isPinned: boolean;
  readonly mostFrames: number;
  readonly peers: readonly PeerTurns<WayRowName, WayReport>[];
}

/** How the way is measured. */
export interface WayRun extends TurnSettings {
  /** A folder for what is no file in the end. */
  readonly folder: string;
  readonly mostFrames: number;
}

/** The frames of a row that count. */
function framesOf({ mostFrames }: { readonly mostFrames: number }, row: WayRowName): number {
  return Math.min(wayRows[row].frames, mostFrames);
}

function requestOf(run: WayRun, row: WayRowName): WayRequest {
  const { size, format } = wayRows[row], frames = framesOf(run, row);
  return {
    ...size,
    format,
    frames,
    startFrames: Math.min(startFrames, frames),
    path: join(run.folder, "way"),
  };
}

/** Measures all rows on one runtime; no large ones without a warm-up: that looks only whether all works. */
export async function measureWay(run: WayRun): Promise<WayResult> {
  const { runtime, program, rounds, hasWarmUp, mostFrames, log } = run;
  const isPinned = canPinTo(pinnedCore);
  const peers = await takeTurns<WayRowName, WayReport>({
    ...{ name: wayName, runtime, program, rounds, hasWarmUp, log },
    peers: (Object.keys(wayRows) as WayRowName[]).filter((row) =>
      (isPinned || !wayRows[row].isPinned) && (hasWarmUp || wayRows[row].size.height <= size1080.height)
    ),
    turnOf: (row) => ({
      script: `way/${wayRows[row].peer}.ts`,
      request: requestOf(run, row),
      core: wayRows[row].isPinned ? pinnedCore : undefined,
    }),
    judge(row, { framesMade, framesDropped }) {
      const request = requestOf(run, row), wanted = request.startFrames + request.frames;
      if (framesMade === wanted && framesDropped === 0) return null;
      return `${framesMade} frames came through instead of ${wanted}, and ${framesDropped} were dropped`;
    },
  });
  return { runtime, rounds, isPinned, mostFrames, peers };
}

/** What became of a row; no reports where it did not run. */
export function resultOf(way: WayResult, row: WayRowName): { readonly reports: readonly WayReport[] } {
  return way.peers.find(({ peer }) => peer === row) ?? { reports: [] };
}

/** The pixels of a row's frames that count. */
export function pixelsOf(way: WayResult, row: WayRowName): number {
  const { width, height } = wayRows[row].size;
  return width * height * framesOf(way, row);
}

/** How many frames a second came through: the median of the rounds; `null` without one. */
export function framesPerSecond(way: WayResult, row: WayRowName): number | null {
  const { reports } = resultOf(way, row);
  return reports.length === 0
    ? null
    : framesOf(way, row) * 1000 / median(reports.map(({ wallMs }) => wallMs));
}

/** Milliseconds of CPU time of a frame, likewise. */
export function cpuMs(way: WayResult, row: WayRowName): number | null {
  const seconds = resultOf(way, row).reports.map((report) => report.cpuSeconds).filter((each) =>
    each !== null
  );
  return seconds.length === 0 ? null : median(seconds) * 1000 / framesOf(way, row);
}

/** Nanoseconds of CPU time of a pixel, likewise. */
export function pixelNs(way: WayResult, row: WayRowName): number | null {
  const frameMs = cpuMs(way, row), { width, height } = wayRows[row].size;
  return frameMs === null ? null : frameMs * 1e6 / (width * height);
}
