/**
 * `test` of `node:test`, for tests that may be skipped.
 *
 * Both runtimes take `{ skip: reason }` and count the test as skipped, but neither prints the reason nor has it in its report. So
 * it is printed here, in a line that `tools/test.ts` and the matrix read.
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

/** Registers a test, or skips it with a reason. */
export function test(name: string, body: () => void | Promise<void>): void;
export function test(name: string, options: TestOptions, body: () => void | Promise<void>): void;
export function test(
  name: string,
  ...[first, second]: [() => void | Promise<void>] | [TestOptions, () => void | Promise<void>]
): void {
  if (typeof first === "function") return void nodeTest(name, first);
  if (first.skip !== false) console.log(`SKIPPED ${name}: ${first.skip}`);
  nodeTest(name, { skip: first.skip }, second);
}
