/**
 * The queue of calls that wait.
 *
 * @module
 */

/** What a call waits for before it may have room; `null` where there is room. */
export type AskRoom = () => Promise<void> | null;

/**
 * Runs calls in the order in which they are made, each once there is room for it. Calls aside wait for those
 * before them, and none of the others waits for them.
 */
export class TurnQueue {
  /** Settles once the last call in the queue has; `null` where none waits. */
  #last: Promise<void> | null = null;
  /** The same for calls aside. */
  #lastAside: Promise<void> | null = null;
  #waiting = 0;

  /**
   * Runs an action when its turn comes and, where `room` is not `null`, when there is room: `room` returns a
   * promise that resolves when there may be some. What it throws, the call throws. Where no call waits and
   * there is room, the action runs before this returns.
   */
  async run<Result>(room: AskRoom | null, action: () => Result | Promise<Result>): Promise<Result> {
    if (this.#last === null && (room === null || room() === null)) return await action();
    return await this.hold(this.#wait([this.#last], room, action, 1));
  }

  /** Runs an action aside, likewise, once there is room as this function tells. */
  async runAside<Result>(room: AskRoom, action: () => Result | Promise<Result>): Promise<Result> {
    if (this.isIdle && room() === null) return await action();
    const call = this.#wait([this.#last, this.#lastAside], room, action, 0);
    const settled = (): void => {
      if (this.#lastAside === last) this.#lastAside = null;
    };
    const last: Promise<void> = call.then(settled, settled);
    this.#lastAside = last;
    return await call;
  }

  /** Makes later calls wait until a call has settled, and those that wait already. */
  async hold<Result>(call: Promise<Result>): Promise<Result> {
    const settled = (): void => {
      if (this.#last === last) this.#last = null;
    };
    const last: Promise<void> = Promise.all([this.#last, call.catch(() => {})]).then(settled);
    this.#last = last;
    return await call;
  }

  /** Whether the next call would not wait for another one; calls aside do not count. */
  get isFree(): boolean {
    return this.#last === null;
  }

  /** How many calls wait for their turn or for room; calls aside do not count. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether no call waits. */
  get isIdle(): boolean {
    return this.#last === null && this.#lastAside === null;
  }

  /** Resolves once no call waits. */
  async drain(): Promise<void> {
    while (!this.isIdle) await Promise.all([this.#last, this.#lastAside]);
  }

  /** `counted`: how many calls it is counted as while it waits. */
  async #wait<Result>(
    before: readonly (Promise<void> | null)[],
    ask: AskRoom | null,
    action: () => Result | Promise<Result>,
    counted: number,
  ): Promise<Result> {
    this.#waiting += counted;
    try {
      await Promise.all(before);
      for (let room = ask?.() ?? null; room !== null; room = ask!()) await room;
    } finally {
      this.#waiting -= counted;
    }
    // At once: room that was found may be taken by others later.
    return await action();
  }
}
