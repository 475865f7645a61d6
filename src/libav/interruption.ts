/**
 * Ends work from outside: whatever goes on for long calls libav again and again, and each call looks here
 * first.
 *
 * @module
 */
import type { Address, Native } from "../../ffi/mod.ts";
import type { Steps } from "../steps.ts";

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

/** Does something that ends once `isAborted` returns `true`, whatever ends other work of this thread. */
export function interruptible<Result>(
  native: Native,
  isAborted: () => boolean,
  action: () => Result,
): Result {
  const before = questions.get(native) ?? null;
  interruptWhen(native, isAborted);
  try {
    return action();
  } finally {
    interruptWhen(native, before);
  }
}

/** The same for work in steps, between which other work may be done. */
export function* interruptibleSteps<Result>(
  native: Native,
  isAborted: () => boolean,
  steps: Steps<Result>,
): Steps<Result> {
  try {
    for (;;) {
      const step = interruptible(native, isAborted, () => steps.next());
      if (step.done === true) return step.value;
      yield step.value;
    }
  } finally {
    interruptible(native, isAborted, () => steps.return(undefined as never));
  }
}

/** Throws an {@linkcode InterruptedError} once the work of this thread was aborted. */
export function requireNotInterrupted(native: Native): void {
  if (questions.get(native)?.() === true) throw new InterruptedError();
}

/** Memory by which another thread ends a call that waits: as soon as its first 32 bits are not 0. */
const memories = new WeakMap<Native, SharedArrayBuffer>();

/** Has inputs that this thread opens from now on stop to wait once the first word is not 0; `null`: never. */
export function interruptBy(native: Native, memory: SharedArrayBuffer | null): void {
  if (memory === null) memories.delete(native);
  else memories.set(native, memory);
}

/** The memory that ends what waits in this thread. */
export function interruptionMemory(native: Native): SharedArrayBuffer {
  return memories.get(native) ?? new SharedArrayBuffer(4);
}

/** Waits for some time, or until the inputs of this thread are to stop. */
export function pause(native: Native, seconds: number): void {
  Atomics.wait(new Int32Array(interruptionMemory(native), 0, 1), 0, 0, seconds * 1000);
}

/**
 * Fills an AVIOInterruptCB: a function that libavformat calls while it waits, and its parameter. It is
 * av_dict_count, which returns the number that its parameter begins with: no call comes back into JavaScript.
 */
export function setInterruption(native: Native, callback: Address): void {
  const memory = memories.get(native);
  if (memory === undefined) return;
  const fields = new BigUint64Array([native.countFunction(), native.addressOf(memory)]);
  native.memory.write(callback, fields);
}
