/**
 * Ends work from outside: whatever goes on for long calls libav again and again, and each call looks here
 * first.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";

/** Thrown in the middle of work that was aborted. Whoever aborted it knows, so that programs never see it. */
export class InterruptedError extends Error {
  /** The class's name. */
  override name = "InterruptedError";

  /** An error without details. */
  constructor() {
    super("The work was aborted");
  }
}

const questions = new WeakMap<Native, () => boolean>();

/** Has all work with these libraries, in this thread, end once `isAborted` returns `true`; `null`: never. */
export function interruptWhen(native: Native, isAborted: (() => boolean) | null): void {
  if (isAborted === null) questions.delete(native);
  else questions.set(native, isAborted);
}

/** Throws an {@linkcode InterruptedError} once the work of this thread was aborted. */
export function requireNotInterrupted(native: Native): void {
  if (questions.get(native)?.() === true) throw new InterruptedError();
}
