/**
 * The priority of threads, which a library may change behind a program's back.
 *
 * @module
 */
import type { Functions, Runtime, SymbolTable } from "./contract.ts";
import { runtime } from "./runtime.ts";

/** The C library's functions for it. A thread is 0: the one that asks. */
const scheduling = {
  // int sched_getscheduler(pid_t pid)
  sched_getscheduler: { parameters: ["i32"], result: "i32" },
  // int sched_getparam(pid_t pid, struct sched_param *param)
  sched_getparam: { parameters: ["i32", "buffer"], result: "i32" },
  // int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
  sched_setscheduler: { parameters: ["i32", "i32", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

const cLibrary = "libc.so.6";
const thisThread = 0;

let opened: Functions<typeof scheduling> | null | undefined;

/** `null` where the C library has another name, or may not be opened. */
function open(host: Runtime): Functions<typeof scheduling> | null {
  if (host.system !== "linux" || !host.mayOpen(cLibrary)) return null;
  try {
    return host.open(cLibrary, scheduling);
  } catch {
    return null;
  }
}

/** Runs an action, and then restores this thread's priority where that is possible. */
export function keepPriority<T>(action: () => T): T {
  if (opened === undefined) opened = open(runtime());
  const functions = opened;
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
