/**
 * The command line of the matrix.
 *
 * @module
 */
import { type RuntimeName, runtimeTitles } from "../test_run.ts";
import { allTests, smokeTests, type Suite, suites } from "./suites.ts";

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
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--smoke") isSmoke = true;
    else if (argument === "--suite") names.push(args[++index] ?? "");
    else if (argument === "--runtime") runtimes.push(args[++index] ?? "");
    else if (argument.startsWith("-")) {
      throw new Error(
        `Cannot understand ${argument}: only --smoke, --suite NAME and --runtime NAME are known`,
      );
    } else paths.push(argument);
  }
  for (const name of names) requireKnown("suite", name, suites.map((suite) => suite.name));
  for (const name of runtimes) requireKnown("runtime", name, allRuntimes);
  return {
    suites: names.length === 0 ? suites : suites.filter(({ name }) => names.includes(name)),
    runtimes: runtimes.length === 0 ? allRuntimes : allRuntimes.filter((name) => runtimes.includes(name)),
    tests: paths.length > 0 ? paths : isSmoke ? smokeTests : allTests,
    withHeaders: paths.length === 0,
  };
}
