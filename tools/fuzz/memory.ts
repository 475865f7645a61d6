/**
 * Judges the memory of the process that plays cases.
 *
 * @module
 */
import type { Complaint } from "./allowances.ts";

/** The memory of a process after a case. */
export interface MemorySample {
  /** How many processes died before this one. */
  readonly process: number;
  readonly residentBytes: number;
}

/**
 * Cases after which the memory is looked at: up to some 1800, a process is still growing to what it needs
 * (400 MB on Bun).
 */
const fewestCases = 3000;
/** Bytes that a process may grow for each case in the second half. */
const mostBytesPerCase = 100_000;

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`;
}

/** Compares the third quarter of a long run with the fourth. */
export function judgeMemory(samples: readonly MemorySample[]): { text: string; complaint: Complaint | null } {
  const longest = [...Map.groupBy(samples, ({ process }) => process).values()]
    .sort((one, other) => other.length - one.length)[0] ?? [];
  const bytes = longest.map(({ residentBytes }) => residentBytes);
  const quarter = Math.floor(bytes.length / 4);
  const third = median(bytes.slice(2 * quarter, 3 * quarter));
  const fourth = median(bytes.slice(3 * quarter));
  const text = `${megabytes(third)} in the third quarter, ${
    megabytes(fourth)
  } in the last, of ${bytes.length} cases`;
  const isGrowing = bytes.length >= fewestCases && fourth - third > quarter * mostBytesPerCase;
  return { text, complaint: isGrowing ? { kind: "play", text: `the memory grows: ${text}` } : null };
}
