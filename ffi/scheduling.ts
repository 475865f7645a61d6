/**
 * The C library's functions for the priority of threads.
 *
 * @module
 */
import type { SymbolTable } from "./contract.ts";

/** Linux has them. A thread is 0: the one that asks. */
export const scheduling = {
  // int sched_getscheduler(pid_t pid)
  sched_getscheduler: { parameters: ["i32"], result: "i32" },
  // int sched_getparam(pid_t pid, struct sched_param *param)
  sched_getparam: { parameters: ["i32", "buffer"], result: "i32" },
  // int sched_setscheduler(pid_t pid, int policy, const struct sched_param *param)
  sched_setscheduler: { parameters: ["i32", "i32", "buffer"], result: "i32" },
} as const satisfies SymbolTable;
