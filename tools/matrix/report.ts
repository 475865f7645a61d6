/**
 * Reads what the test runners say, and makes the table.
 *
 * @module
 */

/** One test, and how it ended. */
export interface TestResult {
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  readonly reason: string;
}

/** One line of the table. */
export interface Row {
  /** The version that the libraries themselves tell, or the release of their major. */
  readonly release: string;
  readonly major: number;
  readonly suite: string;
  readonly runtime: string;
  readonly tests: readonly TestResult[];
  /** What stands in the place of numbers where no test was run. */
  readonly note?: string;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function plainText(xml: string): string {
  return xml.replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) => {
    return code === undefined ? entities[name] ?? all : String.fromCodePoint(Number(code));
  });
}

/** Reads the JUnit report that both runners write. */
export function readJUnit(xml: string): TestResult[] {
  const tests: TestResult[] = [];
  for (
    const [, attributes = "", body = ""] of xml.matchAll(/<testcase\s([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)
  ) {
    const name = plainText(/(?:^|\s)name="([^"]*)"/.exec(attributes)?.[1] ?? "");
    const failure = /<(?:failure|error)\b([^>]*)>/.exec(body);
    if (failure !== null) {
      const message = plainText(/message="([^"]*)"/.exec(failure[1]!)?.[1] ?? "").split("\n")[0]!;
      tests.push({ name, status: "failed", reason: message });
    } else {
      tests.push({ name, status: /<skipped\b/.test(body) ? "skipped" : "passed", reason: "" });
    }
  }
  return tests;
}

/**
 * Takes in the `SKIPPED <test name>: <reason>` lines of tests that found a feature missing and returned: the
 * runner counts them as passed.
 */
export function markSkipped(tests: readonly TestResult[], output: string): TestResult[] {
  const marked = [...tests];
  for (const [, said] of output.matchAll(/^\s*SKIPPED (.+?)\s*$/gm)) {
    const at = marked.findIndex(({ name, status, reason }) =>
      status !== "failed" && reason === "" && said!.startsWith(`${name.split(" > ").at(-1)}: `)
    );
    const found = marked[at];
    if (found === undefined) {
      const [name = "", ...reason] = said!.split(": ");
      const known = marked.some((test) => test.name === name);
      if (!known) marked.push({ name, status: "skipped", reason: reason.join(": ") });
    } else {
      const reason = said!.slice(found.name.split(" > ").at(-1)!.length + 2);
      marked[at] = { name: found.name, status: "skipped", reason };
    }
  }
  return marked;
}

/**
 * How Deno and Bun tell an error outside of any test: in no JUnit report, and so easily missed beside other
 * failures.
 */
const uncaughtPatterns: readonly RegExp[] = [
  /^(.+) \(uncaught error\)\nerror: (.*)/gm,
  /^# (Unhandled error between tests)\n(?:.*\n){1,20}?\w*error: (.*)/gim,
];

/** What failed outside of any test: a file that does not load, or a promise that nobody waits for. */
export function uncaughtErrors(output: string): TestResult[] {
  return uncaughtPatterns.flatMap((pattern) =>
    [...output.matchAll(pattern)].map(([, name = "", reason = ""]) => ({ name, status: "failed", reason }))
  );
}

/** How many tests ended that way. */
export function count(rows: readonly Row[], status: TestResult["status"]): number {
  return rows.reduce((sum, { tests }) => sum + tests.filter((test) => test.status === status).length, 0);
}

/** The Markdown table, and below it what failed and what was skipped, where and why. */
export function report(rows: readonly Row[]): string {
  const lines = [
    "| FFmpeg | libavcodec | suite | runtime | tests run | passed | failed | skipped |",
    "|---|---|---|---|---|---|---|---|",
  ];
  for (const row of rows) {
    const passed = count([row], "passed");
    const failed = count([row], "failed");
    const numbers = row.note === undefined
      ? [passed + failed, passed, failed, count([row], "skipped")]
      : [row.note, "", failed > 0 ? failed : "", ""];
    lines.push(`| ${[row.release, row.major, row.suite, row.runtime, ...numbers].join(" | ")} |`);
  }
  lines.push(...listed("Failed", rows, "failed"), ...listed("Skipped", rows, "skipped"));
  return lines.join("\n");
}

/** One line for each test and reason, with the places where it was so. */
function listed(title: string, rows: readonly Row[], status: TestResult["status"]): string[] {
  const places = new Map<string, string[]>();
  for (const row of rows) {
    for (const test of row.tests) {
      if (test.status !== status) continue;
      const what = `${test.name}: ${test.reason || "no reason given"}`;
      places.set(what, [...places.get(what) ?? [], `${row.major} ${row.runtime.split(" ")[0]}`]);
    }
  }
  if (places.size === 0) return [];
  return ["", `${title}:`, "", ...[...places].map(([what, where]) => `- ${what} (${where.join(", ")})`)];
}
