/**
 * CPU time and memory of processes, as Linux tells them in /proc; `null` on systems that have no such files.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

/** USER_HZ: the same on every Linux that programs see. */
const ticksPerSecond = 100;

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** CPU seconds of all child processes that have ended, and of theirs. */
export function childrenCpuSeconds(): number | null {
  // The name in brackets may hold anything: fields are counted behind it. 16 and 17 are cutime and cstime
  // (proc(5)).
  const fields = read("/proc/self/stat")?.replace(/^.*\) /s, "").split(" ");
  return fields === undefined ? null : (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** CPU seconds of this process with all its threads, and of its children that have ended. */
export function cpuSeconds(): number | null {
  const { user, system } = process.cpuUsage();
  const children = childrenCpuSeconds();
  return children === null ? null : (user + system) / 1e6 + children;
}

/** CPU milliseconds of the thread that JavaScript started in. */
export function callerCpuMs(): number | null {
  const text = read(`/proc/self/task/${process.pid}/schedstat`);
  return text === null ? null : Number(text.split(" ")[0]) / 1e6;
}

/**
 * Megabytes that a process has in memory now (`VmRSS`; `RssFile`: of files, such as code) or had at most
 * (`VmHWM`).
 */
export function memoryOf(pid: number | "self", field: "VmRSS" | "RssFile" | "VmHWM"): number | null {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(read(`/proc/${pid}/status`) ?? "");
  return line === null ? null : Number(line[1]) / 1024;
}

/** Makes this process forget how much memory it had at most. */
export function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Another system: there is no peak to tell either.
  }
}

/** CPU seconds that all processors of the machine were busy, since it started. */
export function machineBusySeconds(): number | null {
  const line = /^cpu +(.*)$/m.exec(read("/proc/stat") ?? "");
  if (line === null) return null;
  // user, nice, system, idle, iowait, irq, softirq, steal (proc(5)).
  const [user, nice, system, , , irq, softirq, steal] = line[1]!.split(" ").map(Number);
  return (user! + nice! + system! + irq! + softirq! + (steal ?? 0)) / ticksPerSecond;
}
