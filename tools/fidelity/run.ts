/**
 * Measures whether the videos that avwriter writes are right, judged by programs that are not ours, and
 * prints a table of it.
 *
 *     deno task test:fidelity            all cases, on Deno and on Bun
 *     deno task test:fidelity WORD...    the cases whose names contain one of the words
 *
 * Each case is written by both runtimes. Where the two files are the same, byte for byte, one judgement holds
 * for both.
 *
 * Errors of stored samples are in code values of the stored depth, against an exact conversion of what was
 * given; errors of patches in 255ths. The column "browser" has the worst error of patches as Chromium decodes
 * and as it draws them.
 *
 * A second table has ten minutes of flashes and beeps in three containers: how far a beep is from the flash
 * of its time, at most.
 *
 * @module
 */
import { allowances, withoutAllowed } from "./allowances.ts";
import type { Case, Complaints } from "./case_types.ts";
import { cases } from "./cases.ts";
import { containerFacts } from "./containers.ts";
import { judgeInChromium } from "./judge_chromium.ts";
import { judgeMatroska, judgeMediaInfo, judgeMp4 } from "./judge_containers.ts";
import { judgeProbe } from "./judge_ffprobe.ts";
import { judgePictures } from "./judge_pictures.ts";
import { measureSync, syncLines, type SyncRow } from "./sync.ts";
import { syncCases } from "./sync_cases.ts";
import { complaintsOf, type Row, tableLines, type Verdict } from "./table.ts";
import { inParallel, type Runtime, runtimes, writeAll } from "./written.ts";

/** All judges but the browser, which is started once for all files. */
async function judge(path: string, test: Case): Promise<Verdict> {
  const { judges: asked, noMediaInfo } = containerFacts(test.extension);
  const judges: Record<string, Complaints> = {};
  const pictures = await judgePictures(path, test);
  const probe = await judgeProbe(path, test);
  if (asked.includes("mp4box")) judges["mp4box"] = withoutAllowed(test, await judgeMp4(path, test));
  if (asked.includes("matroska")) judges["matroska"] = withoutAllowed(test, await judgeMatroska(path, test));
  if (!noMediaInfo) judges["mediainfo"] = withoutAllowed(test, await judgeMediaInfo(path, test));
  return { pictures, probe, judges };
}

/** A verdict over a file that could not be judged. */
function unjudged(error: unknown): Verdict {
  return { judges: { judge: [error instanceof Error ? error.message : String(error)] } };
}

/** Writes and judges cases; one row for each runtime and case. */
async function measure(folder: string, chosen: readonly Case[], by: readonly Runtime[]): Promise<Row[]> {
  const written = (await inParallel(chosen, (test) => writeAll(folder, "write_case.ts", test, by))).flat();
  const unique = written.filter(({ isWritten, sameAs }) => isWritten && sameAs === null);
  const verdicts = new Map<string, Verdict>();
  await inParallel(unique, async ({ name, test }) => {
    verdicts.set(name, await judge(`${folder}/${name}`, test).catch(unjudged));
  });
  const shown = new Map(
    unique.filter(({ test }) => test.browser !== undefined).map(({ name, test }) => [name, test]),
  );
  const browsed = shown.size === 0 ? new Map() : await judgeInChromium(folder, shown);
  return written.map(({ runtime, test, name, sameAs, complaints }) => {
    const file = sameAs?.name ?? name;
    const verdict = verdicts.get(file) ?? { judges: {} };
    const writer: Verdict["judges"] = complaints.length === 0 ? {} : { writer: complaints };
    return {
      runtime,
      test,
      sameAs: sameAs?.runtime ?? null,
      verdict: { ...verdict, browser: browsed.get(file), judges: { ...writer, ...verdict.judges } },
    };
  });
}

/** What is let pass: what judges say, and greater errors and other tags of cases; each with its reason. */
function reasonLines(chosen: readonly Case[]): string[] {
  const said = allowances.map(({ extensions = [], codecs = [], pattern, why }) =>
    `${[...codecs, ...extensions].join(" ")}: /${pattern.source}/: ${why}`
  );
  const byReason = new Map<string, Set<string>>();
  for (const { codec, extension, input, tolerance, whyTags } of chosen) {
    const container = containerFacts(extension);
    const reasons = [
      ...[[`${codec} ${extension} from ${input}`, tolerance.why], [`${codec} ${extension}`, whyTags]],
      ...[[extension, container.startsLater], [extension, container.why]],
    ] as const;
    for (const [name, why] of reasons) {
      if (why !== undefined) byReason.set(why, (byReason.get(why) ?? new Set()).add(name!));
    }
  }
  return [...said, ...[...byReason].map(([why, names]) => `${[...names].join(", ")}: ${why}`)];
}

async function main(words: readonly string[]): Promise<number> {
  Deno.chdir(new URL("../..", import.meta.url));
  const from = performance.now();
  const isChosen = ({ name }: { readonly name: string }): boolean =>
    words.length === 0 || words.some((word) => name.includes(word));
  const chosen = cases.filter(isChosen);
  const folder = await Deno.makeTempDir({ prefix: "avwriter-fidelity-" });
  let rows: Row[];
  let syncRows: SyncRow[];
  try {
    const by = await runtimes();
    rows = await measure(folder, chosen, by);
    syncRows = await measureSync(folder, syncCases.filter(isChosen), by);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  if (rows.length > 0) { for (const line of tableLines(rows)) console.log(line); }
  console.log("\nLet pass, and why:");
  for (const line of reasonLines(chosen)) console.log(`  ${line}`);
  if (syncRows.length > 0) {
    console.log("\nTen minutes of flashes and beeps:");
    for (const line of syncLines(syncRows)) console.log(line);
  }
  const complaints = [...rows.map(complaintsOf), ...syncRows.map((row) => row.complaints)];
  const failed = complaints.filter(({ length }) => length > 0).length;
  console.log(`\n${complaints.length} files in ${((performance.now() - from) / 1000).toFixed(0)} s`);
  console.log(`${complaints.length - failed} passed, ${failed} failed`);
  return failed > 0 || complaints.length === 0 ? 1 : 0;
}

Deno.exit(await main(Deno.args));
