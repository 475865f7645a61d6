/**
 * From reports to the figures of the tables, and to what became of the targets.
 *
 * @module
 */
import type { Measure } from "./cases.ts";
import { type KernelResult, kernelsName } from "./kernels.ts";
import type { LoopDelay, WatchedDelay } from "./peers/loop_delay.ts";
import type { PeerReport } from "./peers/protocol.ts";
import type { PeerName } from "./peers.ts";
import type { CaseResult } from "./rounds.ts";
import type { RuntimeName } from "./runtimes.ts";
import { median, type Spread, spread } from "./statistics.ts";
import type { CaseTarget, KernelTarget, Metric, Target, WayTarget } from "./targets.ts";
import { ratioOf } from "./turns.ts";
import { framesPerSecond, pixelsOf, resultOf, wayName, type WayResult } from "./way.ts";

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
 * One peer's figure divided by another's, round by round, so that what slows down both in one round does not
 * count.
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

/**
 * The median of a delay over the rounds where the event loop was watched, in milliseconds; `null` where it
 * was not.
 */
export function loopDelay(
  { peers }: CaseResult,
  name: PeerName,
  span: keyof WatchedDelay,
  which: keyof LoopDelay,
): number | null {
  const delays = (peers.get(name)?.watched ?? []).flatMap(({ loop }) =>
    loop === null ? [] : [loop[span][which]]
  );
  return delays.length === 0 ? null : median(delays);
}

function measured(metric: Metric, result: CaseResult, results: readonly CaseResult[]): number | null {
  if ("ratio" in metric) return ratio(result, ...metric.ratio)?.median ?? null;
  if ("writeMs" in metric) return figure(result, metric.writeMs, "writeMs");
  if ("callerMs" in metric) return figure(result, metric.callerMs, "callerMs");
  if ("growthMegabytes" in metric) return figure(result, metric.growthMegabytes, "growthMegabytes");
  if ("loopMs" in metric) return loopDelay(result, metric.loopMs, "writing", "p99");
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
  /** The case, or the conversion. */
  readonly name: string;
  readonly runtime: RuntimeName;
  readonly value: number;
  /** How far the value is on the wrong side of the target; 0 where the target is met. */
  readonly miss: number;
}

function outcome(target: Target, name: string, runtime: RuntimeName, value: number): Outcome {
  const { atMost = Infinity, atLeast = -Infinity } = target;
  return { target, name, runtime, value, miss: Math.max(0, value - atMost, atLeast - value) };
}

function caseOutcomes(target: CaseTarget, results: readonly CaseResult[]): Outcome[] {
  return results.flatMap((result) => {
    const { benchCase: { name }, runtime } = result;
    if (!target.cases.test(name) || (target.runtime ?? runtime) !== runtime) return [];
    const value = measured(target.metric, result, results);
    return value === null ? [] : [outcome(target, name, runtime, value)];
  });
}

/** The conversion that gains least: where it reaches the target, all do. */
function kernelOutcomes(target: KernelTarget, kernels: readonly KernelResult[]): Outcome[] {
  return kernels.map(({ runtime, times }) => {
    const gains = times.map(({ source, target, scaler, kernel }) => ({
      name: `${kernelsName}: ${source} to ${target}`,
      value: scaler / kernel,
    }));
    const { name, value } = gains.reduce((least, each) => each.value < least.value ? each : least);
    return outcome(target, name, runtime, value);
  });
}

function wayOutcomes(target: WayTarget, ways: readonly WayResult[]): Outcome[] {
  const { metric } = target;
  return ways.flatMap((way) => {
    const row = "pixelOnWay" in metric ? metric.pixelOnWay : metric.framesPerSecond;
    const result = resultOf(way, row);
    let value = framesPerSecond(way, row);
    if ("pixelOnWay" in metric) {
      const ratio = ratioOf("cpuSeconds", result, resultOf(way, metric.comparedWith));
      value = ratio === null ? null : ratio * pixelsOf(way, metric.comparedWith) / pixelsOf(way, row);
    }
    return value === null ? [] : [outcome(target, `${wayName}: ${row}`, way.runtime, value)];
  });
}

/** What became of a target: empty where nothing was measured for it. */
export function outcomesOf(
  target: Target,
  results: readonly CaseResult[],
  kernels: readonly KernelResult[],
  ways: readonly WayResult[],
): Outcome[] {
  if (target.metric === "kernelGain") return kernelOutcomes(target, kernels);
  return "cases" in target ? caseOutcomes(target, results) : wayOutcomes(target, ways);
}
