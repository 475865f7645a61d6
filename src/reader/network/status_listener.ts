/**
 * Tells a program how its source is.
 *
 * @module
 */
import type { NetworkStatus } from "./network_options.ts";

/** Calls a program's `onStatus`. What that throws is printed, once: it changes nothing for the source. */
export function statusListener(
  onStatus: ((status: NetworkStatus) => void) | undefined,
): (status: NetworkStatus) => void {
  if (onStatus === undefined) return () => {};
  let hasFailed = false;
  return (status) => {
    // Also one that is asynchronous.
    Promise.try(onStatus, status).catch((error: unknown) => {
      if (hasFailed) return;
      hasFailed = true;
      console.error("avwriter: onStatus threw an error. The source goes on.", error);
    });
  };
}
