/**
 * When the frames of a case are shown, by chance: evenly, unevenly, with pauses, sparse or dense, from any
 * start.
 *
 * @module
 */
import type { Value } from "./case_types.ts";
import type { Random } from "./random.ts";

/** What times are chosen for. */
export interface TimelineContext {
  readonly random: Random;
  /** How many frames there are. */
  readonly count: number;
  /** Whether audio lies beside: what is silent for hours would be encoded all the same. */
  readonly hasAudio: boolean;
  /** The options of the writer. */
  readonly options: Readonly<Record<string, Value>>;
}

/** Where audio lies beside, no pause begins later than this, in seconds from the first frame. */
const longestWithAudio = 120;

/** Between two bounds, small numbers as often as large ones. */
function spread(random: Random, least: number, most: number): number {
  return least * (most / least) ** random.fraction();
}

/** How long each frame is shown, in seconds. */
function steps({ random, hasAudio }: TimelineContext): () => number {
  const even = random.pick([1 / 24, 1 / 25, 1 / 30, 0.04, 1001 / 30000, 0.1, 1 / 60]);
  const evenly = (): number => even;
  const unevenly = (): number => 1 / (20 + 20 * random.fraction());
  const longestPause = hasAudio ? 60 : 1800;
  return random.weighted<() => number>([
    [15, evenly],
    [25, unevenly],
    [25, () => random.chance(0.2) ? spread(random, 1, longestPause) : even],
    [8, () => random.chance(0.15) ? spread(random, 1, longestPause) : unevenly()],
    [15, () => 1 + 9 * random.fraction()],
    [7, () => 0.001],
    [hasAudio ? 0 : 5, () => random.chance(0.1) ? spread(random, 3600, 100_000) : even],
  ]);
}

function start({ random, options }: TimelineContext): number {
  // What `Date.now() / 1000` is in these years.
  if (options["timestampOrigin"] === "first" && random.chance(0.8)) {
    return 1_750_000_000 + random.integer(0, 100_000_000_000) / 1000;
  }
  return random.weighted([
    [50, 0],
    [8, 0.5],
    [8, random.fraction() * 10],
    [8, 100],
    [8, 3600],
    [8, 90_000],
  ]);
}

/** When each frame is shown, in seconds. */
export function generateTimes(context: TimelineContext): number[] {
  const first = start(context);
  const next = steps(context);
  let since = 0;
  return Array.from({ length: context.count }, () => {
    const time = first + since;
    since += context.hasAudio && since > longestWithAudio ? 1 / 30 : next();
    return time;
  });
}
