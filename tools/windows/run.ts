/**
 * Runs tests on Windows' Deno and Bun, by Wine, with an FFmpeg for Windows that it builds from Debian's
 * sources; then judges files that were written there with the FFmpeg of this system.
 *
 *     deno task test:windows             the tests that it is known to run
 *     deno task test:windows PATH...     these test files
 *
 * Needs root, a Debian system on x86-64 and the `unshare` program. What it prepares (minutes, the first time)
 * is kept beside what the matrix keeps.
 *
 * @module
 */
import { type Ended, exists, mustRun, removeFolder, stopAll } from "../matrix/commands.ts";
import { count, report, type Row, type TestResult } from "../matrix/report.ts";
import { copyProject } from "../matrix/room.ts";
import {
  cacheFolder,
  debianMirror,
  makeRoot,
  markOf,
  removeLeftovers,
  requireTools,
} from "../matrix/roots.ts";
import { installFromNpm, npmPackages } from "../setup.ts";
import { errorLine, readTests, runtimeTitles, testArguments } from "../test_run.ts";
import { buildFfmpeg } from "./ffmpeg.ts";
import { judgeSamples } from "./judge.ts";
import { makeDrive, runInside, type Windows, wineRoot } from "./wine.ts";

const project = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
/** How long the tests of one runtime may take. */
const timeoutMs = 15 * 60_000;

/** The tests that run on both by default: of files, their one writer, their ends, kills and repair. */
const sharedTests: readonly string[] = [
  "tests/same_path_test.ts",
  "tests/closing_test.ts",
  "tests/recover_test.ts",
  "tests/kill_test.ts",
  "tests/writer_test.ts",
  "tests/kept_fragments_test.ts",
];

/**
 * The tests that run by default. By Wine, ffmpeg fails to write more into Bun's pipes than they hold, and Bun
 * fails to remove a folder with a folder in it: the other files need that.
 */
const defaultTests: Readonly<Record<"deno" | "bun", readonly string[]>> = {
  deno: ["tests/smoke_test.ts", "tests/path_errors_test.ts", ...sharedTests],
  bun: sharedTests,
};

const packages: Readonly<Record<string, string>> = {
  "@deno/win32-x64": Deno.version.deno,
  // Without AVX2, which not every machine has.
  "@oven/bun-windows-x64-baseline": npmPackages["bun"]!,
};

const programs: Readonly<Record<"deno" | "bun", string>> = {
  deno: "Z:\\srv\\programs\\node_modules\\@deno\\win32-x64\\deno.exe",
  bun: "Z:\\srv\\programs\\node_modules\\@oven\\bun-windows-x64-baseline\\bin\\bun.exe",
};

function say(text: string): void {
  console.log(text);
}

/** Says how long a step took that is done once. */
async function timed<T>(what: string, step: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await step();
  const seconds = (performance.now() - from) / 1000;
  if (seconds > 1) say(`${what}: ${seconds.toFixed(0)} s`);
  return result;
}

async function installPrograms(cache: string): Promise<string> {
  const folder = `${cache}/programs-windows-${await markOf(Object.entries(packages).flat())}`;
  if (exists(folder)) return folder;
  const building = `${cache}/building-programs_windows-${Deno.pid}`;
  try {
    Deno.mkdirSync(building);
    await installFromNpm(packages, building, ["--force"]);
    if (!exists(folder)) Deno.renameSync(building, folder);
  } finally {
    await removeFolder(building);
  }
  return folder;
}

/** Has tests import by paths what tsconfig.json gives a name: by Wine, Bun fails to read that file. */
function importByPaths(folder: string, toProject: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) importByPaths(path, `../${toProject}`);
    if (!name.endsWith(".ts")) continue;
    const code = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, code.replaceAll('"@std/assert"', `"${toProject}links/assert/mod.ts"`));
  }
}

/** Prepares everything, as far as it is not kept from a run before. */
async function prepare(cache: string, folder: string, tests: readonly string[]): Promise<Windows> {
  await requireTools([wineRoot]);
  const mirror = debianMirror();
  const root = await timed("root of Wine", () => makeRoot(cache, wineRoot, mirror));
  const ffmpeg = await timed("FFmpeg for Windows", () => buildFfmpeg(cache, root, wineRoot.suite, mirror));
  const windows = {
    ...{ root, ffmpeg },
    programs: await timed("Deno and Bun for Windows", () => installPrograms(cache)),
    project: `${folder}/project`,
    denoFolder: `${cache}/deno`,
    results: `${folder}/results`,
  };
  for (const path of [windows.denoFolder, windows.results]) Deno.mkdirSync(path, { recursive: true });
  await copyProject(project, windows.project);
  importByPaths(`${windows.project}/tests`, "../");
  // So that nothing is downloaded inside.
  await mustRun(Deno.execPath(), ["test", "--no-run", "--no-check", ...tests.map((path) => `./${path}`)], {
    folder: windows.project,
    variables: { DENO_DIR: windows.denoFolder, NO_COLOR: "1" },
  });
  return { ...windows, drive: await timed("Wine's drive", () => makeDrive(cache, windows)) };
}

/** Runs test files on a runtime. */
async function runTests(
  windows: Windows,
  runtime: "deno" | "bun",
  tests: readonly string[],
): Promise<TestResult[]> {
  const command = testArguments(runtime, tests, `Z:\\srv\\results\\${runtime}.xml`);
  const ended = await runInside(windows, ["wine", programs[runtime], ...command], timeoutMs);
  const path = `${windows.results}/${runtime}.xml`;
  const results = readTests(
    "the test run",
    ended,
    exists(path) ? Deno.readTextFileSync(path) : "",
    timeoutMs,
  );
  if (results.some(({ status }) => status === "failed")) {
    say(`${ended.stdout}\n${ended.stderr}`.trim().split("\n").slice(-200).join("\n"));
  }
  return results;
}

/** Runs a program of the project. */
function runScript(
  windows: Windows,
  runtime: "deno" | "bun",
  script: string,
  ...parameters: string[]
): Promise<Ended> {
  const run = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
  return runInside(windows, ["wine", programs[runtime], ...run, script, ...parameters], timeoutMs);
}

/** Has a runtime write the samples, and judges them. */
async function runSamples(windows: Windows, runtime: "deno" | "bun"): Promise<TestResult[]> {
  const folder = `samples-${runtime}`;
  const target = `Z:\\srv\\results\\${folder}`;
  const ended = await runScript(windows, runtime, "tools/windows/record.ts", target);
  if (ended.code !== 0) return [{ name: "write the samples", status: "failed", reason: errorLine(ended) }];
  return judgeSamples(`${windows.results}/${folder}`);
}

/** The FFmpeg that a runtime finds there, by PATH. Throws where it finds none. */
async function loadedRelease(
  windows: Windows,
  runtime: "deno" | "bun",
): Promise<Pick<Row, "release" | "major">> {
  const ended = await runScript(windows, runtime, "tools/matrix/probe.ts");
  if (ended.code !== 0) throw new Error(`${runtimeTitles[runtime]} loads no FFmpeg: ${errorLine(ended)}`);
  const { version, avcodecMajor } = JSON.parse(ended.stdout) as { version: string; avcodecMajor: number };
  return { release: `FFmpeg ${version}`, major: avcodecMajor };
}

async function runAll(windows: Windows, named: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const runtime of ["deno", "bun"] as const) {
    const from = performance.now();
    const place = {
      ...await loadedRelease(windows, runtime),
      ...{ suite: `Wine of ${wineRoot.suite}`, runtime: runtimeTitles[runtime] },
    };
    const results = [
      ...await runTests(windows, runtime, named.length > 0 ? named : defaultTests[runtime]),
      ...await runSamples(windows, runtime),
    ];
    const row = { ...place, tests: results };
    const counts = `${count([row], "passed")} passed, ${count([row], "failed")} failed`;
    say(`${place.runtime}: ${counts} (${((performance.now() - from) / 1000).toFixed(0)} s)`);
    rows.push(row);
  }
  return rows;
}

async function main(args: readonly string[]): Promise<number> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, stopAll);
  const cache = cacheFolder();
  await removeLeftovers(cache);
  const folder = `${cache}/run-${Deno.pid}`;
  let rows: Row[] = [];
  try {
    rows = await runAll(await prepare(cache, folder, args.length > 0 ? args : defaultTests.deno), args);
    say(`\n${report(rows)}\n`);
  } finally {
    await removeFolder(folder);
  }
  const failures = count(rows, "failed");
  say(`${count(rows, "passed")} passed, ${failures} failed, ${count(rows, "skipped")} skipped`);
  return failures === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args));
