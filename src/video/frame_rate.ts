/**
 * Frame rates: exact fractions from what users write.
 *
 * @module
 */
import type { Rational } from "../libav/rational.ts";
import { shown } from "../shown.ts";

/**
 * Frames per second: a number, an exact fraction as text, or as two integers.
 *
 * Numbers that stand for an NTSC rate (23.976, 29.97, 59.94, 119.88) become the exact fraction (30000/1001);
 * other numbers become the simplest fraction that is that number (12.5 is 25/2, 1 / 3600 is 1/3600).
 */
export type FrameRate = number | `${number}/${number}` | { num: number; den: number };

/** The most that a C `int` holds. */
const maxInt = 2 ** 31 - 1;
/** How far a number may be from an NTSC rate that it stands for: 23.98 for 24000/1001. */
const ntscTolerance = 0.005;
/**
 * How far a fraction may be from the number that it stands for, as a share of it: a few roundings of a
 * double.
 */
const tolerance = 1e-14;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** A fraction in lowest terms. */
export function reducedFraction(num: number, den: number): Rational {
  const divisor = greatestCommonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

function refuse(rate: unknown, why: string): never {
  throw new RangeError(
    `Cannot use the frame rate ${
      shown(rate)
    }: ${why}; give frames per second as 30, 29.97, "30000/1001" or { num: 30000, den: 1001 }`,
  );
}

function fromNumber(rate: number): Rational {
  const ntscBase = Math.round(rate * 1.001);
  const isNtsc = !Number.isInteger(rate) && ntscBase >= 1 &&
    Math.abs(rate - ntscBase / 1.001) < ntscTolerance && Math.abs(rate - ntscBase) > ntscTolerance;
  if (isNtsc) return { num: ntscBase * 1000, den: 1001 };
  return simplestFraction(rate);
}

/**
 * The fraction with the least parts that is as good as a number: the first convergent of its continued
 * fraction that is.
 */
function simplestFraction(value: number): Rational {
  let [before, fraction] = [{ num: 1, den: 0 }, { num: Math.floor(value), den: 1 }];
  for (let rest = value; rest !== Math.floor(rest);) {
    if (Math.abs(fraction.num / fraction.den - value) <= value * tolerance) break;
    rest = 1 / (rest - Math.floor(rest));
    const whole = Math.floor(rest);
    const next = { num: whole * fraction.num + before.num, den: whole * fraction.den + before.den };
    // What is left is no part of the number, but of its rounding.
    if (next.num > maxInt || next.den > maxInt) break;
    [before, fraction] = [fraction, next];
  }
  return fraction;
}

/**
 * The exact fraction of a frame rate, in lowest terms. Throws a `RangeError` or `TypeError` where it is not
 * valid.
 */
export function parseFrameRate(rate: FrameRate): Rational {
  let fraction: Rational;
  if (typeof rate === "number") {
    if (!Number.isFinite(rate)) refuse(rate, "it is not a finite number");
    if (rate <= 0) refuse(rate, "it must be above 0");
    if (rate < 1 / maxInt) refuse(rate, "it is too small to count");
    fraction = fromNumber(rate);
  } else if (typeof rate === "string") {
    const parts = /^(\d+)\/(\d+)$/.exec(rate);
    if (parts === null) refuse(rate, "it is not a fraction of two whole numbers");
    fraction = { num: Number(parts[1]), den: Number(parts[2]) };
  } else if (typeof rate === "object" && rate !== null) {
    fraction = { num: rate.num, den: rate.den };
  } else {
    throw new TypeError(
      `Cannot use a frame rate of type ${
        rate === null ? "null" : typeof rate
      }: give a number, "num/den" or { num, den }`,
    );
  }
  const { num, den } = fraction;
  if (!Number.isInteger(num) || !Number.isInteger(den)) refuse(rate, "both parts must be whole numbers");
  if (num <= 0 || den <= 0) refuse(rate, "it must be above 0");
  const reduced = reducedFraction(num, den);
  if (reduced.num > maxInt || reduced.den > maxInt) refuse(rate, `its parts must not exceed ${maxInt}`);
  return reduced;
}
