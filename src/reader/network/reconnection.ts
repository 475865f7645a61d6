/**
 * Which errors a lost connection comes back from.
 *
 * @module
 */
import { AvError, ReadError } from "../../errors.ts";

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
