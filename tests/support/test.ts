/**
 * `test` of `node:test`, for tests that may be skipped, and for those that go through more in the long run.
 *
 * Both runtimes take `{ skip: reason }` and count the test as skipped, but neither prints the reason nor has
 * it in its report. So it is printed here, in a line that `tools/test.ts` and the matrix read.
 *
 * @module
 */
import { test as nodeTest } from "node:test";
import type { SkipReason } from "./features.ts";

/** What a test may be told. */
export interface TestOptions {
  /** Why the test can't run here; `false` where it can. */
  readonly skip: SkipReason;
}

type Body = () => void | Promise<void>;

/** Registers a test. */
export interface RegisterTest {
  (name: string, body: Body): void;
  (name: string, options: TestOptions, body: Body): void;
}

/** Registers a test, or skips it with a reason. */
export const test: RegisterTest = (name: string, ...[first, second]: [Body] | [TestOptions, Body]): void => {
  if (typeof first === "function") return void nodeTest(name, first);
  if (first.skip !== false) console.log(`SKIPPED ${name}: ${first.skip}`);
  nodeTest(name, { skip: first.skip }, second);
};

/** The tests of a file that has long ones. */
export interface TestFile {
  /**
   * Whether this is the long run: the file of the same name in `tests/long/` imports this one with `?long`,
   * or that in `tests/all/` with `?all`.
   */
  readonly isLong: boolean;
  /** Whether it is the run of everything, for which nobody waits: it takes minutes a file. */
  readonly isAll: boolean;
  /** All cases of a table in the long run, and the first of each so many in the quick one. */
  some<Case>(cases: readonly Case[], every: number): readonly Case[];
  /** Registers a test of the quick run. */
  readonly test: RegisterTest;
  /** Registers a test of both runs, which goes through more where {@linkcode TestFile.isLong} is set. */
  readonly testBoth: RegisterTest;
  /** Registers a test of the long run. */
  readonly testLong: RegisterTest;
  /** Registers a test of the run of everything. */
  readonly testAll: RegisterTest;
}

/** The ways to register tests in a file that has long ones, by the file's `import.meta.url`. */
export function testsOf(url: string): TestFile {
  const { search } = new URL(url);
  const isAll = search === "?all", isLong = isAll || search === "?long";
  const nothing = (): void => {};
  const some = <Case>(cases: readonly Case[], every: number): readonly Case[] =>
    isLong ? cases : cases.filter((_, index) => index % every === 0);
  return {
    ...{ isLong, isAll, some },
    test: isLong ? nothing : test,
    testBoth: test,
    testLong: isLong ? test : nothing,
    testAll: isAll ? test : nothing,
  };
}
