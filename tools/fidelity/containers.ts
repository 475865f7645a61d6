/**
 * What each container can hold of time, and which judges know it.
 *
 * @module
 */

import type { Case } from "./case_types.ts";

/** Facts of a container. */
export interface ContainerFacts {
  /** How far a frame's time may be off, in seconds: half a tick of the container's clock. */
  readonly timeError: number;
  /** How far the duration may be off, in seconds. */
  readonly durationError: number;
  /** Why the first frame is not at 0, where it is not. */
  readonly startsLater?: string;
  /** Why the errors are more than arithmetic. */
  readonly why?: string;
  /** mediainfo does not know it. */
  readonly noMediaInfo?: true;
  /** Judges beside ffmpeg, ffprobe and mediainfo. */
  readonly judges: readonly ("mp4box" | "matroska")[];
}

/** ffprobe prints six decimals. */
const printed = 1e-6;
const exact = { timeError: printed, durationError: printed } as const;
const milliseconds = {
  timeError: 0.0005 + printed,
  durationError: 0.001,
  why: "its clock counts milliseconds",
} as const;

const facts: Readonly<Record<string, ContainerFacts>> = {
  mp4: { ...exact, judges: ["mp4box"] },
  mov: { ...exact, judges: ["mp4box"] },
  mkv: { ...milliseconds, judges: ["matroska"] },
  webm: { ...milliseconds, judges: ["matroska"] },
  avi: { ...exact, judges: [] },
  nut: {
    ...exact,
    durationError: 0.04 + printed,
    why: "it has no place for the length of the last frame",
    noMediaInfo: true,
    judges: [],
  },
  y4m: { ...exact, judges: [] },
  mxf: { ...exact, judges: [] },
  gif: { timeError: 0.005, durationError: 0.01, why: "its clock counts hundredths of a second", judges: [] },
  webp: { ...milliseconds, judges: [] },
  apng: { ...exact, judges: [] },
  flv: {
    ...milliseconds,
    durationError: 0.081,
    startsLater:
      "FLV has no times before 0 for B-frames to be decoded at: libavformat moves all by two frames",
    judges: [],
  },
  ts: {
    timeError: 1 / 180_000 + printed,
    durationError: printed,
    startsLater: "MPEG-TS leaves its decoder time to fill: libavformat starts at 1.4 s",
    judges: [],
  },
};

/** Half a tick of the clock that avwriter promises for timestamps. */
const promised = 1 / 180_000 + printed;

/** How far a frame's time may be off, in seconds. */
export function timeError({ extension, times }: Pick<Case, "extension" | "times">): number {
  const error = containerFacts(extension).timeError;
  return times === undefined ? error : Math.max(error, promised);
}

/** The facts of a file's container. */
export function containerFacts(extension: string): ContainerFacts {
  const found = facts[extension];
  if (found === undefined) {
    throw new RangeError(`the container .${extension} is not in the table of this tool`);
  }
  return found;
}
