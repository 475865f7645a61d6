/**
 * The command line of the matrix.
 *
 * @module
 */
import { testFiles } from "../test_run.ts";
import { allTests, smokeTests, type Suite, suites } from "./suites.ts";

/** What to run, and where. */
export interface Plan {
  readonly suites: readonly Suite[];
  readonly tests: readonly string[];
  /** Whether the tables are compared with the headers too. */
  readonly withHeaders: boolean;
}

/** Reads the command line; throws for what is not known. */
export function readArguments(args: readonly string[]): Plan {
  const names: string[] = [];
  const paths: string[] = [];
  let isSmoke = false;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--smoke") isSmoke = true;
    else if (argument === "--suite") names.push(args[++index] ?? "");
    else if (argument.startsWith("-")) {
      throw new Error(`Cannot understand ${argument}: only --smoke and --suite NAME are known`);
    } else paths.push(argument);
  }
  for (const name of names) {
    if (suites.some((suite) => suite.name === name)) continue;
    throw new Error(
      `Cannot run the suite ${name}: use one of ${suites.map((suite) => suite.name).join(", ")}`,
    );
  }
  return {
    suites: names.length === 0 ? suites : suites.filter(({ name }) => names.includes(name)),
    tests: testFiles(paths.length > 0 ? paths : isSmoke ? smokeTests : allTests),
    withHeaders: paths.length === 0,
  };
}
