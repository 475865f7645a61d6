/**
 * The priority of threads, which a library may change behind a program's back.
 *
 * @module
 */
import type { Native } from "./native.ts";

/** _LINUX_CAPABILITY_VERSION_3 and CAP_SYS_NICE, linux/capability.h. */
const capabilityVersion = 0x20080522;
const mayRaisePriority = 1 << 23;
const thisThread = 0;

/**
 * Runs an action in which neither this thread nor those that it starts can get real-time priority, where the
 * system is Linux.
 */
export function withoutRealTime<T>(native: Native, action: () => T): T {
  const functions = native.capabilities();
  if (functions === null) return action();
  const header = Uint32Array.of(capabilityVersion, thisThread);
  // Effective, permitted and inheritable ones, 32 of each, then 32 more of each.
  const had = new Uint32Array(6);
  functions.capget(header, had);
  const reduced = had.slice();
  reduced[0]! &= ~mayRaisePriority;
  functions.capset(header, reduced);
  try {
    return action();
  } finally {
    functions.capset(header, had);
  }
}
