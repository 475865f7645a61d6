import { setTimeout as sleep } from "node:timers/promises";
import { assertEquals } from "@std/assert";
import type { TestResult } from "../tools/matrix/report.ts";
import {
  counts,
  type EndedJobs,
  inTurn,
  type Job,
  type JobRun,
  runJobs,
  summaryOf,
} from "../tools/test_jobs.ts";
import { type EndedRun, readTests } from "../tools/test_run.ts";
import { test } from "./support/test.ts";

const passed: TestResult = { name: "works", status: "passed", reason: "" };
const failed: TestResult = { name: "is fast", status: "failed", reason: "took 3 s" };

/** How a program ended that crashed before it wrote a report. */
const crash: EndedRun = { code: 139, timedOut: false, stdout: "", stderr: "Segmentation fault" };
/** How a program ended that was killed because it took too long. */
const hang: EndedRun = { code: 137, timedOut: true, stdout: "", stderr: "" };

/** What the runs of a file tell, one after the other; the last of them again and again. */
type Runs = readonly (readonly TestResult[])[];

interface Played {
  readonly ended: EndedJobs;
  readonly lines: readonly string[];
  /** Each run that began, with the number of those that were under way. */
  readonly begun: readonly string[];
}

/** Runs files that end as told, two at a time, while fewer than `most` of them have begun. */
async function play(
  files: Readonly<Record<string, Runs>>,
  runsAgain: boolean,
  most = Infinity,
): Promise<Played> {
  const lines: string[] = [];
  const begun: string[] = [];
  const runsOf = new Map<string, number>();
  let underWay = 0;
  const run = async ({ file }: Job): Promise<JobRun> => {
    begun.push(`${file} beside ${underWay++}`);
    const index = runsOf.get(file) ?? 0;
    runsOf.set(file, index + 1);
    await sleep(1);
    underWay--;
    const tests = files[file]![index] ?? files[file]!.at(-1)!;
    return { tests, said: `run ${index + 1} of ${file} said this`, seconds: 1 };
  };
  const jobs = Object.keys(files).map((file): Job => ({ runtime: "deno", file }));
  const ended = await runJobs(jobs, {
    atOnce: 2,
    runsAgain,
    mayBegin: () => begun.length < most,
    run,
    print: (line) => lines.push(line),
  });
  return { ended, lines, begun };
}

function countsOf({ ended }: Played): string {
  return counts(ended.done.flatMap(({ tests }) => tests));
}

test("runJobs: a file that fails once runs again alone after all others, and counts as passed and unsteady", async () => {
  const played = await play({ a: [[passed, failed], [passed, passed]], b: [[passed]], c: [[passed]] }, true);
  assertEquals(played.begun.slice(0, 2), ["a beside 0", "b beside 1"]);
  assertEquals([played.begun.length, played.begun.at(-1)], [4, "a beside 0"]);
  assertEquals(countsOf(played), "4 passed, 0 failed");
  assertEquals(played.lines.filter((line) => line.includes(" a: ")), [
    "failed Deno a: 1 passed, 1 failed (1.0 s); runs once more, alone, after all others",
    "ok     Deno a: 2 passed, 0 failed (1.0 s); passed at its second run; it failed first:\n" +
    "  is fast: took 3 s\nrun 1 of a said this",
  ]);
  assertEquals(summaryOf(played.ended, ["deno"]), [
    "",
    "Deno: 4 passed, 0 failed",
    "",
    "unsteady, passed at the second run after these failures:",
    "  Deno: a: is fast: took 3 s",
  ]);
});

test("runJobs: a file that fails twice is failed, with what it said both times", async () => {
  const played = await play({ a: [[failed], [passed, failed], [passed]], b: [[passed]] }, true);
  assertEquals(played.begun, ["a beside 0", "b beside 1", "a beside 0"]);
  assertEquals(countsOf(played), "2 passed, 1 failed");
  assertEquals(
    played.lines.at(-1),
    "FAILED Deno a: 1 passed, 1 failed (1.0 s); it failed twice, first:\n" +
      "  is fast: took 3 s\nrun 1 of a said this\nthen:\n  is fast: took 3 s\nrun 2 of a said this",
  );
  assertEquals(summaryOf(played.ended, ["deno"]), [
    "",
    "Deno: 2 passed, 1 failed",
    "  failed: a: is fast: took 3 s",
  ]);
});

test("runJobs: files that crash or hang run again, one after the other", async () => {
  const [crashed, hung] = [crash, hang].map((ended) => readTests("the whole file", ended, "", 600_000));
  const played = await play({ a: [crashed!, [passed]], b: [hung!, [passed]], c: [crashed!] }, true);
  assertEquals(played.begun.slice(3), ["a beside 0", "b beside 0", "c beside 0"]);
  assertEquals(countsOf(played), "2 passed, 1 failed");
  assertEquals(summaryOf(played.ended, ["deno"]).slice(1), [
    "Deno: 2 passed, 1 failed",
    "  failed: c: the whole file: ended with code 139: Segmentation fault",
    "",
    "unsteady, passed at the second run after these failures:",
    "  Deno: a: the whole file: ended with code 139: Segmentation fault",
    "  Deno: b: the whole file: took longer than 10 minutes",
  ]);
});

test("runJobs: outside of CI no file runs again", async () => {
  const played = await play({ a: [[failed], [passed]], b: [[passed]] }, false);
  assertEquals(played.begun, ["a beside 0", "b beside 1"]);
  assertEquals(countsOf(played), "1 passed, 1 failed");
  assertEquals(
    played.lines[0],
    "FAILED Deno a: 0 passed, 1 failed (1.0 s)\n  is fast: took 3 s\nrun 1 of a said this",
  );
});

test("runJobs: files that no time is left for are named, and one that failed runs again all the same", async () => {
  const played = await play(
    { a: [[failed], [passed]], b: [[passed]], c: [[passed]], d: [[passed]] },
    true,
    2,
  );
  assertEquals(played.begun, ["a beside 0", "b beside 1", "a beside 0"]);
  assertEquals(countsOf(played), "2 passed, 0 failed");
  assertEquals(summaryOf(played.ended, ["deno"]).slice(-4), [
    "",
    "files that no time was left for: 2",
    "  Deno: c",
    "  Deno: d",
  ]);
});

test("inTurn: another file is first at each turn, and none is lost", () => {
  const jobs = ["a", "b", "c"].flatMap((
    file,
  ): Job[] => [{ runtime: "deno", file }, { runtime: "bun", file }]);
  const orders = [0, 1, 2, 3].map((turn) => inTurn(jobs, turn).map(({ file }) => file).join(""));
  assertEquals(orders, ["aabbcc", "bbccaa", "ccaabb", "aabbcc"]);
  assertEquals(inTurn(jobs, 4).slice(0, 2), jobs.slice(2, 4));
  assertEquals(inTurn([], 4), []);
});
