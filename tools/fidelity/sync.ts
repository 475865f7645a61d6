/**
 * Measures how far a beep is from the flash of the same time, all along ten minutes at a rate that no clock
 * counts evenly.
 *
 * @module
 */
import { flashesToBeeps } from "../../tests/support/audio.ts";
import type { Complaints } from "./case_types.ts";
import { type SyncCase, syncRate, syncSeconds } from "./sync_cases.ts";
import { aligned } from "./table.ts";
import { inParallel, type Runtime, writeAll } from "./written.ts";

/** What was measured of one file. */
export interface SyncRow {
  readonly runtime: string;
  readonly test: SyncCase;
  /** The runtime whose file has the same bytes. */
  readonly sameAs: string | null;
  /** By how many seconds each beep comes later than its flash. */
  readonly apart: readonly number[];
  readonly complaints: Complaints;
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(2)} ms`;

function farthest(apart: readonly number[]): number {
  return apart.reduce((most, seconds) => Math.max(most, Math.abs(seconds)), 0);
}

function judge(path: string, { packetSamples }: SyncCase): Pick<SyncRow, "apart" | "complaints"> {
  try {
    const apart = flashesToBeeps(path, syncRate);
    const most = packetSamples / 48000;
    const complaints = apart.length === syncSeconds
      ? []
      : [`${apart.length} flashes instead of ${syncSeconds}`];
    for (const [index, seconds] of apart.entries()) {
      if (Math.abs(seconds) <= most) continue;
      complaints.push(`beep ${index} comes ${milliseconds(seconds)} after its flash`);
    }
    return { apart, complaints };
  } catch (error) {
    return { apart: [], complaints: [error instanceof Error ? error.message : String(error)] };
  }
}

/** Writes and judges cases; one row for each runtime and case. */
export async function measureSync(
  folder: string,
  chosen: readonly SyncCase[],
  by: readonly Runtime[],
): Promise<SyncRow[]> {
  const written = (await inParallel(chosen, (test) => writeAll(folder, "write_sync.ts", test, by))).flat();
  const rows: SyncRow[] = [];
  for (const { runtime, test, name, isWritten, sameAs, complaints: said } of written) {
    const same = rows.find((row) => row.test === test && row.runtime === sameAs?.runtime);
    const judged = same ?? (isWritten ? judge(`${folder}/${name}`, test) : { apart: [], complaints: [] });
    rows.push({
      runtime,
      test,
      sameAs: same?.runtime ?? null,
      apart: judged.apart,
      complaints: [...said, ...judged.complaints],
    });
  }
  return rows;
}

/** The rows as lines of text, with headings, and below what is wrong with those that fail. */
export function syncLines(rows: readonly SyncRow[]): string[] {
  const headings = ["runtime", "file", "flashes", "farthest", "allowed", "verdict"];
  const cells = rows.map(({ runtime, test, sameAs, apart, complaints }) => [
    runtime,
    `${test.codec} ${test.extension}`,
    `${apart.length}/${syncSeconds}`,
    milliseconds(farthest(apart)),
    milliseconds(test.packetSamples / 48000),
    `${complaints.length === 0 ? "pass" : "FAIL"}${sameAs === null ? "" : `, as ${sameAs}`}`,
  ]);
  const failed = rows.flatMap(({ runtime, test, complaints }) =>
    complaints.map((complaint) => `FAIL ${runtime} ${test.name}: ${complaint}`)
  );
  return [...aligned([headings, ...cells]), ...(failed.length > 0 ? ["", ...failed] : [])];
}
