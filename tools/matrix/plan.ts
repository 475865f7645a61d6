/**
 * The command line of the matrix.
 *
 * @module
 */
import { type RuntimeName, runtimeTitles, testFiles } from "../test_run.ts";
import { allTests, arm64Suite, smokeTests, type Suite, suites } from "./suites.ts";

/** What to run, and where. */
export interface Plan {
  readonly suites: readonly Suite[];
  readonly runtimes: readonly RuntimeName[];
  readonly tests: readonly string[];
  /** Whether the tables are compared with the headers too. */
  readonly withHeaders: boolean;
}

const allRuntimes = Object.keys(runtimeTitles) as readonly RuntimeName[];

/** Fails where a name is none of those that are known. */
function requireKnown(what: string, name: string, known: readonly string[]): void {
  if (!known.includes(name)) {
    throw new Error(`Cannot run the ${what} ${name}: use one of ${known.join(", ")}`);
  }
}

/** Reads the command line; throws for what is not known. */
export function readArguments(args: readonly string[]): Plan {
  const names: string[] = [];
  const runtimes: string[] = [];
  const paths: string[] = [];
  let isSmoke = false;
  let isArm64 = false;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--smoke") isSmoke = true;
    else if (argument === "--arm64") isArm64 = true;
    else if (argument === "--suite") names.push(args[++index] ?? "");
    else if (argument === "--runtime") runtimes.push(args[++index] ?? "");
    else if (argument.startsWith("-")) {
      throw new Error(
        `Cannot understand ${argument}: only --smoke, --arm64, --suite NAME and --runtime NAME are known`,
      );
    } else paths.push(argument);
  }
  for (const name of names) requireKnown("suite", name, suites.map((suite) => suite.name));
  for (const name of runtimes) requireKnown("runtime", name, allRuntimes);
  return {
    suites: isArm64 ? [arm64Suite] : suites.filter(({ name }) => names.length === 0 || names.includes(name)),
    runtimes: allRuntimes.filter((name) => runtimes.length === 0 || runtimes.includes(name)),
    tests: testFiles(paths.length > 0 ? paths : isSmoke || isArm64 ? smokeTests : allTests),
    withHeaders: paths.length === 0 && !isArm64,
  };
}
