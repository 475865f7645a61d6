/**
 * Runs the tests against every FFmpeg at hand, on Deno, Bun and Node, in minimal Debian systems of its own.
 *
 *     deno task test:matrix             all quick tests
 *     deno task test:matrix --smoke     the smoke part
 *     deno task test:matrix --suite trixie tests/timing_test.ts
 *                                       these tests in this suite only
 *     deno task test:matrix --runtime node
 *                                       on this runtime only
 *     deno task test:arm64              the smoke part with a release's libraries for arm64, emulated
 *
 * Where no tests are named, it also compares the tables of structs and functions with each suite's headers.
 *
 * Needs root, a Debian system and the `unshare` program. The systems are kept between runs in
 * `AVWRITER_MATRIX_CACHE` (default: `avwriter/matrix` in the user's cache folder); remove that folder to have
 * them made anew.
 *
 * @module
 */
import { avcodecMajors, releases } from "../../ffi/layouts.ts";
import { exists, mustRun, removeFolder, run, stopAll } from "./commands.ts";
import { checkHeaders } from "./headers.ts";
import { type Plan, readArguments } from "./plan.ts";
import { nodeFlags } from "../node_program.ts";
import {
  errorLine,
  readTests,
  type RuntimeName,
  runtimeTitles,
  testArguments,
  testFiles,
} from "../test_run.ts";
import { count, report, type Row, type TestResult } from "./report.ts";
import { makeRoom, makeStage, resultsInside, type Room, runInside, type Stage } from "./room.ts";
import { cacheFolder, debianMirror, makeRoot, removeLeftovers, requireTools, suiteRoot } from "./roots.ts";
import { type Suite, suites as allSuites } from "./suites.ts";

/** How long something may take, in milliseconds. */
interface Limits {
  /** One run of the tests in one room. */
  readonly tests: number;
  /** One test. */
  readonly test: number;
  /** A look at what is there. */
  readonly probe: number;
}
const limits: Limits = { tests: 30 * 60_000, test: 2 * 60_000, probe: 60_000 };
const emulatedLimits: Limits = { tests: 90 * 60_000, test: 30 * 60_000, probe: 10 * 60_000 };

const limitsOf = ({ stage }: Room): Limits => (stage.isEmulated ? emulatedLimits : limits);

const probeFile = "tools/matrix/probe.ts";

/** What `probe.ts` prints. */
interface Probed {
  readonly version: string;
  readonly avcodecMajor: number;
}

function say(text: string): void {
  console.log(text);
}

function titleOf({ name, isEmulated }: Suite): string {
  return isEmulated ? `${name}-arm64` : name;
}

/** The FFmpeg release that a major was published as. */
function releaseOf(major: number): string {
  return releases[avcodecMajors.findIndex((known) => known === major)]!;
}

function failed(name: string, reason: string): TestResult {
  return { name, status: "failed", reason };
}

function probeCommand(runtime: RuntimeName): string[] {
  const flags = { deno: ["run", "-A", "--no-check"], bun: [], node: nodeFlags };
  return [...flags[runtime], probeFile];
}

/** Which FFmpeg is loaded in the room, or a sentence that says why none is. */
async function probe(room: Room, runtime: RuntimeName): Promise<Probed | string> {
  const ended = await runInside(room, runtime, probeCommand(runtime), limitsOf(room).probe);
  if (ended.code !== 0) return `ended with code ${ended.code}: ${errorLine(ended)}`;
  return JSON.parse(ended.stdout) as Probed;
}

/** Runs the tests on one runtime against one major in one root. */
async function runRow(
  place: Pick<Row, "major" | "suite">,
  room: Room,
  runtime: RuntimeName,
  tests: readonly string[],
  log: string,
): Promise<Row> {
  const row = { ...place, release: releaseOf(place.major), runtime: runtimeTitles[runtime], tests: [] };
  const limits = limitsOf(room);
  const started = await runInside(room, runtime, ["--version"], limits.probe);
  if (started.code !== 0) {
    return { ...row, note: `does not start here: ${errorLine(started)}` };
  }
  const named = {
    ...row,
    runtime: `${runtimeTitles[runtime]} ${/\d+\.\d+\.\d+/.exec(started.stdout)?.[0] ?? ""}`,
  };
  const probed = await probe(room, runtime);
  if (typeof probed === "string") {
    return { ...named, note: "does not load", tests: [failed("load the libraries", probed)] };
  }
  const release = `FFmpeg ${probed.version}`;
  if (probed.avcodecMajor !== place.major) {
    const found = failed("load the libraries", `libavcodec ${probed.avcodecMajor} was loaded`);
    return { ...named, release, note: "another major was loaded", tests: [found] };
  }
  const results: TestResult[] = [], said: string[] = [];
  // Files have a process of their own, as elsewhere; Deno keeps them apart in one.
  const runs = runtime === "deno" ? [tests] : testFiles(tests).map((file) => [file]);
  for (const [index, files] of runs.entries()) {
    const resultsFile = `${runtime}-${index}.xml`;
    const command = testArguments(runtime, files, `${resultsInside}/${resultsFile}`, limits.test);
    const ended = await runInside(room, runtime, command, limits.tests);
    const resultsPath = `${room.folder}/results/${resultsFile}`;
    const xml = exists(resultsPath) ? Deno.readTextFileSync(resultsPath) : "";
    results.push(...readTests(`the test run of ${files.join(", ")}`, ended, xml, limits.tests));
    said.push(`${ended.stdout}\n${ended.stderr}`);
  }
  Deno.writeTextFileSync(log, said.join("\n"));
  if (results.every(({ status }) => status === "skipped")) {
    results.push(failed("the test run", "every test was skipped"));
  }
  if (results.some(({ status }) => status === "failed")) {
    for (const { name, status, reason } of results) if (status === "failed") say(`${name}: ${reason}`);
    say(`All of it: ${log}`);
  }
  return { ...named, release, tests: results };
}

/** Runs the tests on the runtimes against each major of a suite. */
async function runSuite(suite: Suite, root: string, stage: Stage, paths: RunPaths): Promise<Row[]> {
  const rows: Row[] = [];
  for (const major of suite.majors) {
    // The newest one is what is found in the system's folders, with the others beside it.
    const alone = major === suite.majors.at(-1) ? undefined : major;
    for (const runtime of paths.runtimes) {
      const name = titleOf(suite);
      const key = `${name}-${major}-${runtime}`;
      const folder = `${paths.folder}/${key}`;
      const room = await makeRoom(folder, root, stage, alone);
      const log = `${paths.logs}/${key}.txt`;
      const from = performance.now();
      const row = await runRow({ major, suite: name }, room, runtime, paths.tests, log);
      const seconds = ((performance.now() - from) / 1000).toFixed(1);
      const counts = `${count([row], "passed")} passed, ${count([row], "failed")} failed`;
      say(`${name}: ${row.release}, ${row.runtime}: ${row.note ?? counts} (${seconds} s)`);
      rows.push(row);
      await removeFolder(folder);
    }
    // One runtime may be too new for an old system; a major that none ran against is not proved.
    const last = rows.slice(-paths.runtimes.length);
    if (last.every(({ tests }) => tests.length === 0)) {
      const reason = "no runtime starts here";
      rows.push({ ...last[0]!, runtime: "any", note: reason, tests: [failed(suite.name, reason)] });
    }
  }
  return rows;
}

/** Compares the project's tables with a suite's headers. */
async function headersRow(cache: string, suite: Suite, root: string): Promise<Row> {
  const place = { suite: suite.name, runtime: "headers" };
  try {
    const { version, major, note, failures } = await checkHeaders(cache, suite, root);
    return { ...place, release: `FFmpeg ${version}`, major, note, tests: failures };
  } catch (error) {
    const major = suite.majors.at(-1)!;
    const tests = [failed("check the headers", (error as Error).message)];
    return { ...place, release: releaseOf(major), major, note: "not checked", tests };
  }
}

/** Where one run of the matrix works, and what it runs. */
interface RunPaths {
  readonly folder: string;
  readonly logs: string;
  readonly tests: readonly string[];
  readonly runtimes: readonly RuntimeName[];
}

/** Makes what is missing of the roots, two at a time: half of the time goes into downloads. */
async function makeRoots(
  cache: string,
  suites: readonly Suite[],
): Promise<Map<Suite, string | Error>> {
  const roots = new Map<Suite, string | Error>();
  await requireTools(suites.map(suiteRoot));
  const mirror = debianMirror();
  const waiting = [...suites];
  const makeNext = async (): Promise<void> => {
    for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) {
      const from = performance.now();
      try {
        roots.set(suite, await makeRoot(cache, suiteRoot(suite), mirror));
      } catch (error) {
        roots.set(suite, error as Error);
      }
      say(`root of ${titleOf(suite)}: ${((performance.now() - from) / 1000).toFixed(0)} s`);
    }
  };
  await Promise.all([makeNext(), makeNext()]);
  return roots;
}

/** Fills a DENO_DIR with what the tests import, so that nothing is downloaded inside. */
async function fillDenoFolder(
  { project: folder, denoFolder }: Stage,
  tests: readonly string[],
): Promise<void> {
  const variables = { DENO_DIR: denoFolder, NO_COLOR: "1" };
  const options = { folder, variables };
  await mustRun(Deno.execPath(), ["cache", "--quiet", probeFile], options);
  const paths = tests.map((path) => `./${path}`);
  const ended = await run(Deno.execPath(), ["test", "--no-run", "--no-check", ...paths], options);
  if (ended.code !== 0) say(`Cannot fetch what the tests import: ${errorLine(ended)}`);
}

async function runMatrix({ suites, runtimes, tests, withHeaders }: Plan): Promise<Row[]> {
  if (Deno.uid() !== 0) throw new Error("Cannot make roots: the matrix needs to run as root");
  const project = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
  const cache = cacheFolder();
  await removeLeftovers(cache);
  const paths = { folder: `${cache}/run-${Deno.pid}`, logs: `${cache}/logs`, tests, runtimes };
  Deno.mkdirSync(paths.logs, { recursive: true });
  const rows: Row[] = [];
  try {
    const roots = await makeRoots(cache, suites);
    const stage = await makeStage(
      `${paths.folder}/stage`,
      project,
      cache,
      suites.some(({ isEmulated }) => isEmulated),
    );
    await fillDenoFolder(stage, tests);
    for (const suite of suites) {
      const root = roots.get(suite)!;
      if (typeof root === "string") {
        rows.push(...await runSuite(suite, root, stage, paths));
        if (withHeaders) rows.push(await headersRow(cache, suite, root));
        continue;
      }
      for (const major of suite.majors) {
        const place = { release: releaseOf(major), major, suite: suite.name, runtime: "any" };
        rows.push({
          ...place,
          note: "no root",
          tests: [failed(`make a root of ${suite.name}`, root.message)],
        });
      }
    }
  } finally {
    await removeFolder(paths.folder);
  }
  const withoutSuite = avcodecMajors.filter((major) =>
    !allSuites.some(({ majors }) => majors.includes(major))
  );
  for (const major of withoutSuite) {
    const place = { release: releaseOf(major), major, suite: "none", runtime: "none" };
    rows.push({ ...place, note: "checked by layout only", tests: [] });
  }
  return rows.sort((one, other) => one.major - other.major);
}

async function main(args: readonly string[]): Promise<number> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, stopAll);
  }
  let rows: Row[] = [];
  let trouble = 0;
  try {
    rows = await runMatrix(readArguments(args));
    say(`\n${report(rows)}\n`);
  } catch (error) {
    say((error as Error).message);
    trouble = 1;
  }
  const failures = count(rows, "failed") + trouble;
  say(`matrix: ${count(rows, "passed")} passed, ${failures} failed, ${count(rows, "skipped")} skipped`);
  return failures === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args));
