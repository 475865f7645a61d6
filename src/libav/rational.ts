/**
 * AVRational: an exact fraction, and its packed form at the border.
 *
 * @module
 */

/** An exact fraction, numerator and denominator each up to 2^31 - 1. */
export interface Rational {
  /** Numerator. */
  readonly num: number;
  /** Denominator. */
  readonly den: number;
}

/** Packs a fraction as the C calling convention passes `AVRational`: the numerator in the low 32 bits. */
export function packRational({ num, den }: Rational): bigint {
  return (BigInt(den) << 32n) | BigInt.asUintN(32, BigInt(num));
}

/** Unpacks an `AVRational` that was passed by value or read from a field. */
export function unpackRational(packed: bigint): Rational {
  return { num: Number(BigInt.asIntN(32, packed)), den: Number(BigInt.asIntN(32, packed >> 32n)) };
}

/** The reciprocal: turns a frame rate into a time base. */
export function invert({ num, den }: Rational): Rational {
  return { num: den, den: num };
}

/** The fraction as text: `"30000/1001"`. */
export function rationalText({ num, den }: Rational): string {
  return `${num}/${den}`;
}

/** The same time in another unit, to the nearest tick, halves away from zero: as AV_ROUND_NEAR_INF does. */
export function rescale(ticks: bigint, from: Rational, to: Rational): bigint {
  const divisor = BigInt(from.den) * BigInt(to.num);
  const product = ticks * BigInt(from.num) * BigInt(to.den);
  const half = product < 0n ? -divisor / 2n : divisor / 2n;
  return (product + half) / divisor;
}
