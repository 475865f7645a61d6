/**
 * The rate of frames, found from their times.
 *
 * @module
 */
import type { Rational } from "../../libav/rational.ts";
import { reducedFraction } from "../frame_rate.ts";

/** What the times of frames tell. */
export interface FrameIntervals {
  /** Frames per second; `null` where they have no common step. */
  readonly rate: Rational | null;
  /** The shortest time from one frame to the next, in seconds. */
  readonly least: number;
  /** The longest, likewise. */
  readonly greatest: number;
}

/** NTSC rates are these, divided by 1.001. */
const ntscBases = [12, 15, 24, 30, 48, 60, 90, 120, 240] as const;
/** The highest rate that is looked for though nothing suggests it. */
const highestRate = 240;

/** The rates that cameras and programs use. */
const usualRates: readonly Rational[] = [
  ...Array.from({ length: highestRate }, (_, index) => ({ num: index + 1, den: 1 })),
  ...[5, 15, 25].map((num) => ({ num, den: 2 })),
  ...ntscBases.map((base) => ({ num: base * 1000, den: 1001 })),
];

/** How many of the frames may be missing in a rate. */
const maxMissing = 0.1;
/** How far a usual rate may be from one that is suggested, as a share of it, to be meant by it. */
const sameRate = 1e-4;

/** Frames per second as a number. */
function perSecond({ num, den }: Rational): number {
  return num / den;
}

/** Whether times are those of a rate, each rounded to a tick, with few frames missing. */
function fits(ticks: readonly number[], step: number): boolean {
  const tolerance = Math.min(1, step * 0.3) + 1e-6;
  let before = 0;
  for (let index = 1; index < ticks.length; index++) {
    const elapsed = ticks[index]! - ticks[0]!;
    const frames = Math.round(elapsed / step);
    if (frames <= before || Math.abs(elapsed - frames * step) > tolerance) return false;
    before = frames;
  }
  return before - (ticks.length - 1) <= maxMissing * before;
}

/**
 * Finds the rate of frames from their times in ticks, in increasing order; `null` where there are less than
 * two. Where several rates fit, because the ticks are long or the times few, the one suggested first counts.
 */
export function findIntervals(
  times: readonly bigint[],
  timeBase: Rational,
  suggested: readonly Rational[],
): FrameIntervals | null {
  if (times.length < 2) return null;
  const ticks = times.map((time) => Number(time - times[0]!));
  const intervals = ticks.slice(1).map((tick, index) => tick - ticks[index]!);
  const seconds = (interval: number): number => interval * timeBase.num / timeBase.den;
  const [least, greatest] = [Math.min(...intervals), Math.max(...intervals)];
  const ticksOf = ({ num, den }: Rational): number => timeBase.den * den / (timeBase.num * num);
  const isFitting = (rate: Rational): boolean => fits(ticks, ticksOf(rate));
  const exact = least === greatest ? reducedFraction(timeBase.den, timeBase.num * least) : null;
  const usual = usualRates.filter(isFitting);
  const others = [...suggested, ...exact === null ? [] : [exact]].filter(isFitting);
  const mean = { num: timeBase.den * intervals.length, den: timeBase.num * ticks.at(-1)! };
  const reference = perSecond(others[0] ?? mean);
  const distance = (rate: Rational): number => Math.abs(perSecond(rate) / reference - 1);
  const nearest = (rates: readonly Rational[]): Rational | null =>
    rates.length === 0 ? null : rates.reduce((one, other) => distance(other) < distance(one) ? other : one);
  const near = nearest(usual);
  const rate = near !== null && (others.length === 0 || distance(near) < sameRate)
    ? near
    : nearest(others) ?? near;
  return {
    rate: rate === null ? null : reducedFraction(rate.num, rate.den),
    least: seconds(least),
    greatest: seconds(greatest),
  };
}
