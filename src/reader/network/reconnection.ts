/**
 * When a lost connection is tried again.
 *
 * @module
 */
import { AvError, ReadError } from "../../errors.ts";
import type { ReconnectOptions } from "./network_options.ts";

/** How much longer each wait is than the one before. */
const growth = 1.5;

/** What a server says for good: another try would get the same answer. */
const refusals: readonly string[] = [
  ...["HTTP_400", "HTTP_401", "HTTP_403", "HTTP_404", "REFUSED", "REDIRECT", "ENCRYPTED"],
];

/** Whether a connection may come back after an error. */
export function isPassing(error: unknown): error is AvError {
  return error instanceof AvError && !refusals.includes(error.code);
}

/** Whether frames were asked for of what gives packets, or packets of what gives frames: it goes on. */
export function isLiveError(error: unknown): boolean {
  return error instanceof ReadError && error.code === "LIVE";
}

/** Waits, or until it is aborted. */
export function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    signal.addEventListener("abort", end, { once: true });
  });
}

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

  /** A frame has come: the next loss is a new one. */
  succeeded(): void {
    this.#tried = 0;
  }

  /** Seconds until the next try; `null` where there is none. */
  nextDelay(): number | null {
    if (this.#tried >= this.#attempts) return null;
    return Math.min(this.#first * growth ** this.#tried++, this.#longest);
  }
}
