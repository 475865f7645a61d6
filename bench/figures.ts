/**
 * From reports to the figures of the tables, and to what became of the targets.
 *
 * @module
 */
import type { Measure } from "./cases.ts";
import type { PeerReport } from "./peers/protocol.ts";
import type { PeerName } from "./peers.ts";
import type { CaseResult } from "./rounds.ts";
import { median, type Spread, spread } from "./statistics.ts";
import { type Metric, type Target, targets } from "./targets.ts";

/** Numbers of a report that may be missing. */
type Figure = { [Name in keyof PeerReport]: PeerReport[Name] extends number | null ? Name : never }[
  keyof PeerReport
];

function reportsOf({ peers }: CaseResult, name: PeerName): readonly PeerReport[] {
  return peers.get(name)?.reports ?? [];
}

/** The median of a figure over a peer's rounds; `null` where it has none. */
export function figure(result: CaseResult, name: PeerName, which: Figure): number | null {
  const numbers = reportsOf(result, name).map((report) => report[which]).filter((each) => each !== null);
  return numbers.length === 0 ? null : median(numbers);
}

/**
 * One peer's figure divided by another's, round by round, so that what slows down both in one round does not count.
 *
 * @param measure The figure; default: what the case is about.
 */
export function ratio(
  result: CaseResult,
  one: PeerName,
  other: PeerName,
  measure: Measure | "cpuSeconds" = result.benchCase.measure,
): Spread | null {
  const others = reportsOf(result, other);
  const ratios = reportsOf(result, one).flatMap((report, round) => {
    const above = report[measure], below = others[round]?.[measure] ?? null;
    return above === null || below === null ? [] : [above / below];
  });
  return ratios.length === 0 ? null : spread(ratios);
}

/** Nanoseconds of a pixel. */
function pixelTime(result: CaseResult, name: PeerName): number | null {
  const { size, frames, writers } = result.benchCase;
  const wallMs = figure(result, name, "wallMs");
  return wallMs === null ? null : wallMs * 1e6 / (size.width * size.height * frames * writers);
}

function measured(metric: Metric, result: CaseResult, results: readonly CaseResult[]): number | null {
  if ("ratio" in metric) return ratio(result, ...metric.ratio)?.median ?? null;
  if ("writeMs" in metric) return figure(result, metric.writeMs, "writeMs");
  if ("growthMegabytes" in metric) return figure(result, metric.growthMegabytes, "growthMegabytes");
  if ("loopMs" in metric) return result.peers.get(metric.loopMs)?.watched?.loop?.busy.p99 ?? null;
  const other = results.find(({ benchCase, runtime }) =>
    benchCase.name === metric.comparedWith && runtime === result.runtime
  );
  const here = pixelTime(result, metric.perPixel);
  const there = other === undefined ? null : pixelTime(other, metric.perPixel);
  return here === null || there === null ? null : here / there;
}

/** What became of a target in one case. */
export interface Outcome {
  readonly target: Target;
  readonly result: CaseResult;
  readonly value: number;
  readonly isMet: boolean;
}

/** What became of all targets that something was measured for. */
export function outcomes(results: readonly CaseResult[]): Outcome[] {
  return results.flatMap((result) =>
    targets.flatMap((target): Outcome[] => {
      if (!target.cases.test(result.benchCase.name)) return [];
      if (target.runtime !== undefined && target.runtime !== result.runtime) return [];
      const value = measured(target.metric, result, results);
      if (value === null) return [];
      const { atMost = Infinity, atLeast = -Infinity } = target;
      return [{ target, result, value, isMet: value <= atMost && value >= atLeast }];
    })
  );
}
