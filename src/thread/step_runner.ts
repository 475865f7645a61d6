/**
 * Long work of a session, with turns of the event loop between its steps.
 *
 * @module
 */
import { nextTurn } from "../next_turn.ts";
import type { Steps } from "../steps.ts";

/** Does work in steps, until it is done or given up. */
export class StepRunner {
  readonly #isAborted: () => boolean;
  readonly #nextTurn: () => Promise<void>;
  #steps: Steps<unknown> | null = null;
  #share = 0;
  #isGivenUp = false;

  /**
   * For work that is given up between two steps once that is so: while a thread works, messages to it may be
   * late. Each step waits for its turn.
   */
  constructor(isAborted: () => boolean = () => false, next: () => Promise<void> = nextTurn) {
    this.#isAborted = isAborted;
    this.#nextTurn = next;
  }

  /** How much of the work is done, from 0 to 1. */
  get share(): number {
    return this.#share;
  }

  /** Whether the work was given up. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Does the work; calls `onStep` after each step. Rejects where it is given up. */
  async run<Result>(steps: Steps<Result>, onStep: () => void): Promise<Result> {
    this.#steps = steps;
    try {
      for (;;) {
        if (this.#isAborted()) this.giveUp();
        if (this.#isGivenUp) throw new Error("The work was given up");
        const step = steps.next();
        this.#share = step.done === true ? 1 : step.value;
        if (step.done === true) return step.value;
        onStep();
        await this.#nextTurn();
      }
    } finally {
      this.#steps = null;
    }
  }

  /** Gives the work up, also before it begins: it leaves nothing behind. */
  giveUp(): void {
    this.#isGivenUp = true;
    const steps = this.#steps;
    this.#steps = null;
    steps?.return(undefined);
  }
}
