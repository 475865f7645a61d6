/**
 * Runs the tests on Deno and then on Bun, and ends with one line that sums both: `N passed, N failed`.
 *
 *     deno task test              all tests
 *     deno task test PATH...      those files
 *
 * @module
 */
import { markSkipped, readJUnit, type TestResult, uncaughtErrors } from "./matrix/report.ts";
import { bunProgram } from "./setup.ts";

/** How long all tests may take on one runtime. */
const runTimeoutMs = 30 * 60_000;
/** How long one test may take on Bun, which else gives it five seconds. */
const bunTestTimeoutMs = 120_000;

interface TestRun {
  readonly runtime: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Where the runner puts its JUnit report. */
  readonly report: string;
}

function testRuns(folder: string, paths: readonly string[]): TestRun[] {
  const denoReport = `${folder}/deno.xml`;
  const bunReport = `${folder}/bun.xml`;
  return [
    {
      runtime: "Deno",
      program: Deno.execPath(),
      args: ["test", "-A", "--no-check", `--junit-path=${denoReport}`, ...paths],
      report: denoReport,
    },
    {
      runtime: "Bun",
      program: bunProgram,
      args: [
        ...["test", `--timeout=${bunTestTimeoutMs}`, "--reporter=junit", `--reporter-outfile=${bunReport}`],
        // Without the dot, Bun takes a path for a pattern.
        ...paths.map((path) => path.startsWith(".") || path.startsWith("/") ? path : `./${path}`),
      ],
      report: bunReport,
    },
  ];
}

/** Passes a program's output on, and keeps it. */
async function passOn(from: ReadableStream<Uint8Array>, to: typeof Deno.stdout): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of from) {
    text += decoder.decode(chunk, { stream: true });
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await to.write(rest));
  }
  return text;
}

/** Runs the tests on one runtime. A crash, a hang or an empty run counts as a failed test. */
async function runTests({ runtime, program, args, report }: TestRun): Promise<TestResult[]> {
  const from = performance.now();
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(runTimeoutMs),
  }).spawn();
  const [output, complaints, { code }] = await Promise.all([
    passOn(child.stdout, Deno.stdout),
    passOn(child.stderr, Deno.stderr),
    child.status,
  ]);
  const xml = await Deno.readTextFile(report).catch(() => "");
  const tests = markSkipped(readJUnit(xml), output);
  tests.push(...uncaughtErrors(`${output}\n${complaints}`));
  const hasFailed = tests.some(({ status }) => status === "failed");
  if (code !== 0 && !hasFailed) {
    tests.push({ name: "the test run", status: "failed", reason: `ended with code ${code}` });
  } else if (tests.length === 0) {
    tests.push({ name: "the test run", status: "failed", reason: "no test was run" });
  }
  const seconds = ((performance.now() - from) / 1000).toFixed(0);
  console.log(`\n${runtime}: ${counts(tests)} (${seconds} s)`);
  for (const { name, status, reason } of tests) {
    if (status === "failed") console.log(`  failed: ${name}: ${reason}`);
  }
  return tests;
}

/** The numbers in words: what was skipped is named only where there is any. */
function counts(tests: readonly TestResult[]): string {
  const count = (wanted: TestResult["status"]): number =>
    tests.filter(({ status }) => status === wanted).length;
  const skipped = count("skipped");
  return `${count("passed")} passed, ${count("failed")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}

async function main(paths: readonly string[]): Promise<number> {
  Deno.chdir(new URL("..", import.meta.url));
  const folder = await Deno.makeTempDir({ prefix: "avwriter-tests-" });
  const tests: TestResult[] = [];
  try {
    for (const run of testRuns(folder, paths.length > 0 ? paths : ["tests/"])) {
      tests.push(...await runTests(run));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`\n${counts(tests)}`);
  return tests.some(({ status }) => status === "failed") ? 1 : 0;
}

Deno.exit(await main(Deno.args));
