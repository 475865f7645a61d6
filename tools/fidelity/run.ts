/**
 * Measures whether the videos that avwriter writes are right, judged by programs that are not ours, and prints a table of it.
 *
 *     deno task test:fidelity            all cases, on Deno and on Bun
 *     deno task test:fidelity WORD...    the cases whose names contain one of the words
 *
 * Each case is written by both runtimes. Where the two files are the same, byte for byte, one judgement holds for both.
 *
 * Errors of stored samples are in code values of the stored depth, against an exact conversion of what was given; errors of patches
 * in 255ths. The column "browser" has the worst error of patches as Chromium decodes and as it draws them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { bunProgram } from "../setup.ts";
import { allowances, withoutAllowed } from "./allowances.ts";
import type { Case, Complaints } from "./case_types.ts";
import { cases } from "./cases.ts";
import { lines, run } from "./commands.ts";
import { containerFacts } from "./containers.ts";
import { judgeInChromium } from "./judge_chromium.ts";
import { judgeMatroska, judgeMediaInfo, judgeMp4 } from "./judge_containers.ts";
import { judgeProbe } from "./judge_ffprobe.ts";
import { judgePictures } from "./judge_pictures.ts";
import { complaintsOf, type Row, tableLines, type Verdict } from "./table.ts";

/** A runtime that writes files. */
interface Runtime {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** A file that was written, and what was said while it was. */
interface Written {
  readonly runtime: string;
  readonly test: Case;
  /** Its name in the folder. */
  readonly name: string;
  readonly isWritten: boolean;
  /** An earlier file with the same bytes. */
  readonly sameAs: Pick<Written, "runtime" | "name"> | null;
  readonly complaints: Complaints;
}

async function runtimes(): Promise<readonly Runtime[]> {
  const script = fileURLToPath(new URL("write_case.ts", import.meta.url));
  const hasOwnBun = await Deno.stat(bunProgram).then(() => true, () => false);
  return [
    { name: "Deno", program: Deno.execPath(), args: ["run", "-A", "--no-check", script] },
    { name: "Bun", program: hasOwnBun ? bunProgram : "bun", args: [script] },
  ];
}

async function sameBytes(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map((path) => Deno.readFile(path).catch(() => null)),
  );
  if (!first || !second || first.length !== second.length) return false;
  return first.every((byte, index) => byte === second[index]);
}

/** Writes a case's file with a runtime, which must say nothing. */
async function write(
  folder: string,
  test: Case,
  { name: runtime, program, args }: Runtime,
): Promise<Written> {
  const name = `${runtime.toLowerCase()}-${test.name}.${test.extension}`;
  const ended = await run(program, [...args, JSON.stringify(test), `${folder}/${name}`]);
  const said = lines(ended.stderr);
  const error = said.find((line) => /Error: /.test(line));
  const isWritten = ended.code === 0;
  const complaints = isWritten ? said : [error ?? said.at(-1) ?? "", `it ended with ${ended.code}`];
  if (ended.stdout.length > 0) complaints.push("it printed on stdout");
  const named = complaints.map((complaint) => `writer: ${complaint}`);
  return { runtime, test, name, isWritten, sameAs: null, complaints: named };
}

/** Writes a case's file with each runtime. */
async function writeAll(folder: string, test: Case, by: readonly Runtime[]): Promise<Written[]> {
  const written: Written[] = [];
  for (const runtime of by) {
    const file = await write(folder, test, runtime);
    const [first] = written;
    const isSame = first !== undefined &&
      await sameBytes(`${folder}/${first.name}`, `${folder}/${file.name}`);
    written.push({ ...file, sameAs: isSame ? first : null });
  }
  return written;
}

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

/** Does all, a few at a time. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  return results;
}

/** Writes and judges cases; one row for each runtime and case. */
async function measure(folder: string, chosen: readonly Case[]): Promise<Row[]> {
  const by = await runtimes();
  const written = (await inParallel(chosen, (test) => writeAll(folder, test, by))).flat();
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
  const chosen = cases.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const folder = await Deno.makeTempDir({ prefix: "avwriter-fidelity-" });
  let rows: Row[];
  try {
    rows = await measure(folder, chosen);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  for (const line of tableLines(rows)) console.log(line);
  console.log("\nLet pass, and why:");
  for (const line of reasonLines(chosen)) console.log(`  ${line}`);
  const failed = rows.filter((row) => complaintsOf(row).length > 0).length;
  console.log(`\n${rows.length} files in ${((performance.now() - from) / 1000).toFixed(0)} s`);
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  return failed > 0 || rows.length === 0 ? 1 : 0;
}

Deno.exit(await main(Deno.args));
