/**
 * Long work in steps.
 *
 * @module
 */

/**
 * Work that takes long, in steps: between two of them, other things may happen. `return` gives it up, and
 * leaves nothing behind. Each step tells how much is done, from 0 to 1.
 */
export type Steps<Result> = Generator<number, Result, undefined>;

/** Does all steps at once. */
export function completed<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does steps that are short together, until they have taken as many milliseconds as they may then. */
export function* stepsTogether<Result>(steps: Steps<Result>, mostMs: () => number): Steps<Result> {
  try {
    for (let beganMs = performance.now();;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (performance.now() - beganMs < mostMs()) continue;
      yield step.value;
      beganMs = performance.now();
    }
  } finally {
    steps.return(undefined as never);
  }
}

/** The time between two reports of work, in milliseconds. */
const reportMs = 100;

/** A function that calls another, unless it did so a moment ago. */
export function everySoOften(action: () => void): () => void {
  let lastMs = performance.now();
  return () => {
    const nowMs = performance.now();
    if (nowMs - lastMs < reportMs) return;
    lastMs = nowMs;
    action();
  };
}

/** The longest step, in milliseconds. */
const stepMs = 25;

/** Tells when a step is over, and how much is done. */
export class StepMeter {
  readonly #total: number;
  #done = 0;
  #beganMs: number = performance.now();

  /** For an amount of work. */
  constructor(total: number) {
    this.#total = total;
  }

  /** Counts work that is done; returns whether the step is over. */
  add(amount: number): boolean {
    this.#done += amount;
    if (performance.now() - this.#beganMs < stepMs) return false;
    this.#beganMs = performance.now();
    return true;
  }

  /** How much is done, from 0 to 1. */
  get share(): number {
    return this.#total > 0 ? Math.min(1, this.#done / this.#total) : 1;
  }
}
