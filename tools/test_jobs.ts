/**
 * The jobs of the test runner: so many at a time, as long as there is time, and where asked for those that
 * fail once more, alone. And what is said of them.
 *
 * @module
 */
import type { TestResult } from "./matrix/report.ts";
import { type RuntimeName, runtimeTitles } from "./test_run.ts";

/** One file to run on one runtime. */
export interface Job {
  readonly runtime: RuntimeName;
  readonly file: string;
}

/** How one run of a job ended. */
export interface JobRun {
  readonly tests: readonly TestResult[];
  /** All that it printed. */
  readonly said: string;
  readonly seconds: number;
}

/** A job that has ended. */
export interface Done extends Job {
  /** The tests of its last run. */
  readonly tests: readonly TestResult[];
  /** What failed in the first run of a job that passed in the second; else nothing. */
  readonly unsteady: readonly TestResult[];
}

/** How jobs are run. */
export interface JobsPlan {
  /** How many run at a time. */
  readonly atOnce: number;
  /** Whether those that fail run once more, one by one, after all others have ended. */
  readonly runsAgain: boolean;
  /** Whether there is time for one more; those that wait when there is none are left out. */
  mayBegin(): boolean;
  run(job: Job): Promise<JobRun>;
  print(line: string): void;
}

/** All jobs, by what became of them. */
export interface EndedJobs {
  readonly done: readonly Done[];
  readonly leftOut: readonly Job[];
}

/**
 * Jobs in an order that begins with another file at each turn, and goes on with the first ones after the
 * last: where time is left for some of them only, each is among those at most turns.
 */
export function inTurn(jobs: readonly Job[], turn: number): Job[] {
  const files = [...new Set(jobs.map(({ file }) => file))];
  const first = jobs.findIndex(({ file }) => file === files[turn % files.length]);
  return [...jobs.slice(first), ...jobs.slice(0, first)];
}

function failuresOf(tests: readonly TestResult[]): TestResult[] {
  return tests.filter(({ status }) => status === "failed");
}

/** The numbers in words: what was skipped is named only where there is any. */
export function counts(tests: readonly TestResult[]): string {
  const count = (wanted: TestResult["status"]): number =>
    tests.filter(({ status }) => status === wanted).length;
  const skipped = count("skipped");
  return `${count("passed")} passed, ${count("failed")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

function lineOf(mark: string, { runtime, file }: Job, { tests, seconds }: JobRun): string {
  return `${mark.padEnd(6)} ${runtimeTitles[runtime].padEnd(4)} ${file}: ${counts(tests)} (${
    seconds.toFixed(1)
  } s)`;
}

/** What failed in a run, and all that it printed. */
function told({ tests, said }: JobRun): string {
  const failures = failuresOf(tests).map(({ name, reason }) => `  ${name}: ${reason}`);
  return [...failures, said].join("\n").trimEnd();
}

/** Runs a job that failed once more; its line has what it said the first time, too. */
async function runAgain(job: Job, first: JobRun, { run, print }: JobsPlan): Promise<Done> {
  const second = await run(job);
  const failed = failuresOf(second.tests).length > 0;
  if (failed) {
    print(
      `${lineOf("FAILED", job, second)}; it failed twice, first:\n${told(first)}\nthen:\n${told(second)}`,
    );
  } else {
    print(`${lineOf("ok", job, second)}; passed at its second run; it failed first:\n${told(first)}`);
  }
  return { ...job, tests: second.tests, unsteady: failed ? [] : failuresOf(first.tests) };
}

/**
 * Runs all jobs; prints a line for each, and where it failed all that it said. A job that crashes or hangs
 * has failed like any other.
 */
export async function runJobs(jobs: readonly Job[], plan: JobsPlan): Promise<EndedJobs> {
  const waiting = [...jobs];
  const done: Done[] = [];
  const failedFirst: (readonly [Job, JobRun])[] = [];
  const work = async (): Promise<void> => {
    while (waiting.length > 0 && plan.mayBegin()) {
      const job = waiting.shift()!;
      const ended = await plan.run(job);
      const failed = failuresOf(ended.tests).length > 0;
      if (failed && plan.runsAgain) {
        failedFirst.push([job, ended]);
        plan.print(`${lineOf("failed", job, ended)}; runs once more, alone, after all others`);
      } else {
        plan.print(lineOf(failed ? "FAILED" : "ok", job, ended) + (failed ? `\n${told(ended)}` : ""));
        done.push({ ...job, tests: ended.tests, unsteady: [] });
      }
    }
  };
  await Promise.all(Array.from({ length: plan.atOnce }, work));
  for (const [job, first] of failedFirst) done.push(await runAgain(job, first, plan));
  return { done, leftOut: waiting };
}

/**
 * The lines of the summary: each runtime's numbers, what was skipped, what failed, what was unsteady, and
 * what was left out.
 */
export function summaryOf({ done, leftOut }: EndedJobs, runtimes: readonly RuntimeName[]): string[] {
  const lines: string[] = [];
  for (const runtime of runtimes) {
    const ofRuntime = done.filter((job) => job.runtime === runtime);
    lines.push("", `${runtimeTitles[runtime]}: ${counts(ofRuntime.flatMap(({ tests }) => tests))}`);
    for (const wanted of ["skipped", "failed"] as const) {
      for (const { file, tests } of ofRuntime) {
        for (const { name, status, reason } of tests) {
          if (status === wanted) lines.push(`  ${status}: ${file}: ${name}: ${reason}`);
        }
      }
    }
  }
  const unsteady = done.flatMap(({ runtime, file, unsteady }) =>
    unsteady.map(({ name, reason }) => `  ${runtimeTitles[runtime]}: ${file}: ${name}: ${reason}`)
  );
  if (unsteady.length > 0) {
    lines.push("", "unsteady, passed at the second run after these failures:", ...unsteady);
  }
  if (leftOut.length > 0) {
    lines.push("", `files that no time was left for: ${leftOut.length}`);
    lines.push(...leftOut.map(({ runtime, file }) => `  ${runtimeTitles[runtime]}: ${file}`));
  }
  return lines;
}
