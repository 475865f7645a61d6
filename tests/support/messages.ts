/**
 * Errors as the tests want them: of a class, with a code, and readable.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AvError } from "../../mod.ts";

/** What an error is to say. */
export interface Expected<E extends Error> {
  /** Its class, exactly. */
  // deno-lint-ignore no-explicit-any
  readonly type: new (...parameters: any[]) => E;
  /** Its code; for an `AvError`. */
  readonly code?: string;
  /** Its operation; for an `AvError`. */
  readonly operation?: string;
  /** Parts of its message. */
  readonly says: readonly string[];
}

/** Runs what must fail, and checks the error's class, code, operation and message. */
export async function assertFails<E extends Error>(
  action: () => Promise<unknown>,
  { type, code, operation, says }: Expected<E>,
): Promise<E> {
  const error = await assertRejects(action, type);
  assertEquals(error.constructor.name, type.name);
  assertEquals(error.name, type.name);
  if (code !== undefined) assertEquals((error as Error & { code?: string }).code, code);
  if (operation !== undefined) {
    assertEquals((error as Error & { operation?: string }).operation, operation);
  }
  for (const part of says) assertStringIncludes(error.message, part);
  assertReadable(error);
  return error;
}

/** What no sentence holds. */
const flaws: readonly RegExp[] = [
  /\[object/,
  /\ba (?:undefined|null|Object|Array|object|array)\b/,
  /\b1 (?:planes|buffers|strides|bytes)\b/,
  /\.\. | {2}|: \.|: $/,
  /\0/,
];

/** Checks what every message has to be: a sentence of avwriter's, whole, with its hint once. */
export function assertReadable(error: Error): void {
  const { message } = error;
  assert(message.startsWith("Cannot "), `not a sentence of avwriter's: ${message}`);
  const flaw = flaws.find((pattern) => pattern.test(message));
  assert(flaw === undefined, `reads badly (${flaw}): ${message}`);
  if (!(error instanceof AvError)) return;
  assert(error.code !== "" && error.operation !== "", `no code or operation: ${message}`);
  if (error.hint !== null) {
    assertEquals(message.split(error.hint).length, 2, `its hint is not in it once: ${message}`);
  }
}

/** Checks that two values are the same one, not only alike. */
export function assertSame(actual: unknown, expected: unknown): void {
  assert(Object.is(actual, expected), `${actual} is not the same as ${expected}`);
}

/** What a call rejects with; fails where it does not reject. */
export async function rejection(action: () => Promise<unknown>, what = "the call"): Promise<unknown> {
  try {
    await action();
  } catch (reason) {
    return reason;
  }
  throw new Error(`${what} did not reject`);
}
