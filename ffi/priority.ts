/**
 * The priority of threads, which a library may change behind a program's back.
 *
 * @module
 */
import type { Native } from "./native.ts";

const thisThread = 0;

/** Runs an action, and then restores this thread's priority where that is possible. */
export function keepPriority<T>(native: Native, action: () => T): T {
  const functions = native.scheduling();
  if (functions === null) return action();
  const policy = functions.sched_getscheduler(thisThread);
  // struct sched_param is one int; a few more bytes do no harm.
  const parameters = new Int32Array(16);
  functions.sched_getparam(thisThread, parameters);
  try {
    return action();
  } finally {
    functions.sched_setscheduler(thisThread, policy, parameters);
  }
}
