/**
 * When a lost connection is tried again.
 *
 * @module
 */
import { type Check, checkOptionTable } from "./option_checks.ts";
import { fieldsOf } from "./plain_copy.ts";

/** How a lost connection comes back. */
export interface ReconnectOptions {
  /**
   * How often it is tried before that is given up. What goes through counts as success; of an output, a
   * connection of five seconds. Default: without end.
   */
  attempts?: number;
  /** Seconds before the first try; each one after it waits 1.5 times as long. Default: 2. */
  delaySeconds?: number;
  /** The longest wait between two tries, in seconds. Default: 60. */
  maxDelaySeconds?: number;
}

/** A number of seconds. */
export const seconds: Check = (value) =>
  typeof value === "number" && value > 0 && value <= 86400
    ? null
    : "a number of seconds above 0, up to 86400";

const checks: { readonly [Name in keyof Required<ReconnectOptions>]: Check } = {
  attempts: (value) =>
    value === Infinity || Number.isInteger(value) && value as number >= 0 ? null : "a whole number from 0",
  delaySeconds: seconds,
  maxDelaySeconds: seconds,
};

/** Throws a `TypeError` where the option `reconnect` is not valid. Returns a copy of it. */
export function checkReconnect(given: ReconnectOptions, prefix = "reconnect."): ReconnectOptions {
  const fields = fieldsOf(given, Object.keys(checks)) as ReconnectOptions;
  return checkOptionTable(fields, checks, prefix);
}

/** How much longer each wait is than the one before. */
const growth = 1.5;

/** The waits between tries. */
export class Reconnection {
  readonly #first: number;
  readonly #longest: number;
  readonly #attempts: number;
  #tried = 0;

  /** As the options say. */
  constructor({ delaySeconds = 2, maxDelaySeconds = 60, attempts = Infinity }: ReconnectOptions) {
    this.#first = delaySeconds;
    this.#longest = maxDelaySeconds;
    this.#attempts = attempts;
  }

  /** Something went through: the next loss is a new one. */
  succeeded(): void {
    this.#tried = 0;
  }

  /** Seconds until the next try; `null` where there is none. */
  nextDelay(): number | null {
    if (this.#tried >= this.#attempts) return null;
    return Math.min(this.#first * growth ** this.#tried++, this.#longest);
  }
}
