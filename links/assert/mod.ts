/**
 * The functions of `@std/assert` in use, typed, from the `deno-std` package on npm: the same code, reachable where JSR is not.
 * Only this repository's tests use it.
 *
 * @module
 */
import { assert as stdAssert } from "deno-std/assert/assert.js";
import { assertAlmostEquals as stdAssertAlmostEquals } from "deno-std/assert/almost_equals.js";
import { assertEquals as stdAssertEquals } from "deno-std/assert/equals.js";
import { assertInstanceOf as stdAssertInstanceOf } from "deno-std/assert/instance_of.js";
import { assertMatch as stdAssertMatch } from "deno-std/assert/match.js";
import { assertNotEquals as stdAssertNotEquals } from "deno-std/assert/not_equals.js";
import { assertRejects as stdAssertRejects } from "deno-std/assert/rejects.js";
import { assertStringIncludes as stdAssertStringIncludes } from "deno-std/assert/string_includes.js";
import { assertThrows as stdAssertThrows } from "deno-std/assert/throws.js";

// deno-lint-ignore no-explicit-any
type Class<T> = abstract new (...parameters: any[]) => T;

/** Fails unless the value is truthy. */
export const assert: (value: unknown, message?: string) => asserts value = stdAssert;
/** Fails unless two numbers differ by no more than the tolerance. */
export const assertAlmostEquals: (
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
) => void = stdAssertAlmostEquals;
/** Fails unless two values are deeply equal. */
export const assertEquals: <T>(actual: T, expected: T, message?: string) => void = stdAssertEquals;
/** Fails unless the value is an instance of the class. */
export const assertInstanceOf: <T>(
  actual: unknown,
  expected: Class<T>,
  message?: string,
) => asserts actual is T = stdAssertInstanceOf;
/** Fails unless the text matches. */
export const assertMatch: (actual: string, expected: RegExp, message?: string) => void = stdAssertMatch;
/** Fails if two values are deeply equal. */
export const assertNotEquals: <T>(actual: T, expected: T, message?: string) => void = stdAssertNotEquals;
/** Fails unless the promise rejects with that class and text; returns the error. */
export const assertRejects: <E extends Error>(
  body: () => Promise<unknown>,
  errorClass: Class<E>,
  includes?: string,
  message?: string,
) => Promise<E> = stdAssertRejects;
/** Fails unless the text holds another. */
export const assertStringIncludes: (actual: string, expected: string, message?: string) => void =
  stdAssertStringIncludes;
/** Fails unless the function throws that class and text; returns the error. */
export const assertThrows: <E extends Error>(
  body: () => unknown,
  errorClass: Class<E>,
  includes?: string,
  message?: string,
) => E = stdAssertThrows;
