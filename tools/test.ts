/**
 * Runs test files on Deno and on Bun, several at a time, and ends with one line that sums all:
 * `N passed, N failed`.
 *
 *     deno task test              the quick tests: tests/*_test.ts
 *     deno task test:long         those that take minutes: tests/long/*_test.ts
 *     deno task test PATH...      these files or folders
 *     deno task test:coverage     the quick tests on Deno, and which share of the branches they take
 *
 * Options: `--runtime deno`, `bun` or `node` for one of them, `--jobs N` for the number of files at a time,
 * `--coverage` to measure which branches are taken on Deno, and to fail below the floor in `deno.json`,
 * `--minutes N` for the time that each file and each of its tests may take, instead of ten and two,
 * `--within S` to begin with no more files once so many seconds have passed, and `--turn N` to begin with
 * another file at each N. Node is run only where it is named.
 *
 * Each file runs in a process of its own: a crash or a hang is one failed test, which names the file. A file
 * has one line of output, and all that it said where it failed.
 *
 * In CI (`CI=true`), a file that fails runs once more, alone, after all others have ended. The counts are
 * those of its second run; where that passes, the summary lists the file as unsteady, with what failed first.
 *
 * @module
 */
import { checkBranches, coverageArguments } from "./coverage.ts";
import { nodeProgram, nodeVariables } from "./node_program.ts";
import { judgeVariables } from "./judge.ts";
import { bunProgram } from "./setup.ts";
import { counts, inTurn, type Job, type JobRun, runJobs, summaryOf } from "./test_jobs.ts";
import { type EndedRun, readTests, type RuntimeName, testArguments, testFiles } from "./test_run.ts";

/** How long one file may take, in minutes, unless `--minutes` says so. */
const defaultMinutes = 10;
/** How long the output of a program that has ended may still come: one that it started may hold on to it. */
const outputTimeoutMs = 2000;

/** The files that take longest are started first: one of them alone at the end would keep all waiting. */
const slowestFirst: readonly string[] = [
  ...["paced_kill", "audio_device", "deadline", "kill", "cycles", "resize", "audio", "subtitles", "tags"],
  ...["recover", "real_footage", "samples", "writegear"],
  ...["audio_source", "worker", "time_options", "time_table", "encoded_image", "closing", "pixels"],
];

/** What to run, and how. */
interface Plan {
  readonly paths: readonly string[];
  readonly runtimes: readonly RuntimeName[];
  /** How many files run at a time. */
  readonly jobs: number;
  /** The minutes that each file and each of its tests may take; `null` where it was not said. */
  readonly minutes: number | null;
  /** The seconds after which no more files begin. */
  readonly within: number;
  /** Which of the files is the first one; `null` for those that take longest. */
  readonly turn: number | null;
  /** Whether the branches taken on Deno are measured; it costs about a tenth of the time. */
  readonly withCoverage: boolean;
}

function positive(option: string, value: string | undefined): number {
  const number = Number(value);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`Usage: ${option} N, with N from 1`);
  return number;
}

/** Reads the command line; throws for what is not known. */
function readArguments(args: readonly string[]): Plan {
  const paths: string[] = [];
  let runtimes: readonly RuntimeName[] = ["deno", "bun"];
  let jobs = navigator.hardwareConcurrency + 1;
  let minutes: number | null = null;
  let within = Infinity;
  let turn: number | null = null;
  let withCoverage = false;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--runtime") {
      const runtime = args[++index];
      if (runtime !== "deno" && runtime !== "bun" && runtime !== "node") {
        throw new Error("Usage: --runtime deno|bun|node");
      }
      runtimes = [runtime];
    } else if (argument === "--jobs") {
      jobs = positive(argument, args[++index]);
    } else if (argument === "--minutes") {
      minutes = positive(argument, args[++index]);
    } else if (argument === "--within") {
      within = positive(argument, args[++index]);
    } else if (argument === "--turn") {
      turn = positive(argument, args[++index]);
    } else if (argument === "--coverage") {
      withCoverage = true;
    } else if (argument.startsWith("-")) {
      throw new Error(
        `Unknown option ${argument}: use --runtime, --jobs, --minutes, --within, --turn or --coverage`,
      );
    } else paths.push(argument);
  }
  if (paths.length === 0) paths.push("tests");
  return { paths, runtimes, jobs, minutes, within, turn, withCoverage };
}

function makeJobs({ paths, runtimes, turn }: Plan): Job[] {
  const rank = (file: string): number => {
    const place = slowestFirst.findIndex((name) => file.endsWith(`/${name}_test.ts`));
    return place < 0 ? slowestFirst.length : place;
  };
  const jobs = testFiles(paths).flatMap((file) => runtimes.map((runtime) => ({ runtime, file })));
  if (turn !== null) return inTurn(jobs, turn);
  return jobs.sort((one, other) => rank(one.file) - rank(other.file));
}

/** Collects what a program says until it has ended and said all, or a while after. */
async function readOutput(from: ReadableStream<Uint8Array>, ended: Promise<unknown>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const reader = from.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  ended.then(() => timer = setTimeout(() => reader.cancel(), outputTimeoutMs));
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  await ended;
  clearTimeout(timer);
  return text;
}

/** Runs a program to its end, or kills it. */
async function run(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  variables: Readonly<Record<string, string>>,
): Promise<EndedRun> {
  const child = new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1", ...nodeVariables, ...variables },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  const [stdout, stderr, { code }] = await Promise.all([
    readOutput(child.stdout, child.status),
    readOutput(child.stderr, child.status),
    child.status,
  ]);
  clearTimeout(timer);
  return { code, timedOut, stdout, stderr };
}

/** Runs one file, with variables of its environment. */
async function runJob(
  { runtime, file }: Job,
  folder: string,
  { minutes, withCoverage }: Plan,
  variables: Readonly<Record<string, string>>,
): Promise<JobRun> {
  const from = performance.now();
  const report = `${folder}/${runtime}-${file.replaceAll("/", "-")}.xml`;
  // That of a run before would be taken for this one's, where it breaks off.
  await Deno.remove(report).catch(() => {});
  const program = { deno: Deno.execPath(), bun: bunProgram, node: nodeProgram }[runtime];
  const timeoutMs = (minutes ?? defaultMinutes) * 60_000;
  const args = testArguments(runtime, [file], report, minutes === null ? undefined : timeoutMs);
  if (withCoverage && runtime === "deno") args.push(...coverageArguments(coverageFolder(folder)));
  const ended = await run(program, args, timeoutMs, variables);
  const xml = await Deno.readTextFile(report).catch(() => "");
  const tests = readTests("the whole file", ended, xml, timeoutMs);
  const said = `${ended.stdout}\n${ended.stderr}`.trimEnd();
  return { tests, said, seconds: (performance.now() - from) / 1000 };
}

function coverageFolder(folder: string): string {
  return `${folder}/coverage`;
}

async function main(args: readonly string[]): Promise<number> {
  Deno.chdir(new URL("..", import.meta.url));
  const plan = readArguments(args);
  const from = performance.now();
  const folder = await Deno.makeTempDir({ prefix: "avwriter-tests-" });
  try {
    const variables = await judgeVariables();
    const ended = await runJobs(makeJobs(plan), {
      atOnce: plan.jobs,
      runsAgain: Deno.env.get("CI") === "true",
      mayBegin: () => performance.now() - from < plan.within * 1000,
      run: (job) => runJob(job, folder, plan, variables),
      print: console.log,
    });
    for (const line of summaryOf(ended, plan.runtimes)) console.log(line);
    console.log(`\n${((performance.now() - from) / 1000).toFixed(0)} s`);
    const tests = ended.done.flatMap((job) => job.tests);
    if (plan.withCoverage) tests.push(await checkBranches(coverageFolder(folder)));
    console.log(counts(tests));
    return tests.some(({ status }) => status === "failed") ? 1 : 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.exit(await main(Deno.args));
