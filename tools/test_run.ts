/**
 * One run of a test runner: its arguments on each runtime, and what its report and its output say. Also the
 * matrix' own.
 *
 * @module
 */
import { nodeFlags } from "./node_program.ts";
import { markSkipped, readJUnit, type TestResult, uncaughtErrors } from "./matrix/report.ts";

/** A runtime, by the name of its program. */
export type RuntimeName = "deno" | "bun" | "node";

/** The runtimes by the names that people know. */
export const runtimeTitles: Readonly<Record<RuntimeName, string>> = {
  deno: "Deno",
  bun: "Bun",
  node: "Node",
};

/** How long one test may take, unless something else is asked for. */
const testTimeoutMs = 120_000;

/**
 * The arguments that run test files and write a JUnit report. Deno has no limit for a test; Bun has five
 * seconds where nothing is said.
 */
export function testArguments(
  runtime: RuntimeName,
  paths: readonly string[],
  report: string,
  timeoutMs: number = testTimeoutMs,
): string[] {
  // Without the dot, Bun takes a path for a pattern.
  const files = paths.map((path) => path.startsWith(".") || path.startsWith("/") ? path : `./${path}`);
  switch (runtime) {
    case "deno":
      return ["test", "-A", "--no-check", `--junit-path=${report}`, ...files];
    case "bun":
      return [
        ...["test", `--timeout=${timeoutMs}`, "--reporter=junit", `--reporter-outfile=${report}`],
        ...files,
      ];
    case "node":
      return [
        ...[...nodeFlags, "--test", "--test-isolation=none"],
        ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
        ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
        ...files.map((file) => file.endsWith("/") ? `${file}*_test.ts` : file),
      ];
  }
}

/** How a test runner ended. */
export interface EndedRun {
  readonly code: number;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The tests of a run. What a crash, a hang or an empty run would hide is a failed test that is called
 * `runName`.
 */
export function readTests(runName: string, ended: EndedRun, xml: string, timeoutMs: number): TestResult[] {
  const { code, timedOut, stdout, stderr } = ended;
  const tests = markSkipped(readJUnit(xml), stdout);
  tests.push(...uncaughtErrors(`${stdout}\n${stderr}`));
  const fail = (reason: string): void => void tests.push({ name: runName, status: "failed", reason });
  const hasFailed = tests.some(({ status }) => status === "failed");
  if (timedOut) fail(`took longer than ${timeoutMs / 60_000} minutes`);
  else if (code !== 0 && !hasFailed) fail(`ended with code ${code}: ${errorLine(ended)}`);
  else if (tests.length === 0) fail("no test was run");
  return tests;
}

/** The line of a program's output that says what went wrong. */
export function errorLine({ stdout, stderr }: Pick<EndedRun, "stdout" | "stderr">): string {
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /^\w*error\b/i.test(line)) ?? lines.at(-1) ?? "it said nothing";
}
