/**
 * The queue of calls that wait.
 *
 * @module
 */

/** Runs calls in the order in which they are made, each once there is room for it. */
export class TurnQueue {
  readonly #room: () => Promise<void> | null;
  /** Settles once the last call in the queue has; `null` where none waits. */
  #last: Promise<void> | null = null;

  /**
   * `room` returns a promise that resolves when there may be room, or `null` where there is. What it throws,
   * the call throws.
   */
  constructor(room: () => Promise<void> | null) {
    this.#room = room;
  }

  /**
   * Runs an action when its turn comes and, with `needsRoom`, when there is room. Where no call waits and
   * there is room, the action runs before this returns.
   */
  async run<Result>(needsRoom: boolean, action: () => Result | Promise<Result>): Promise<Result> {
    if (this.#last === null && (!needsRoom || this.#room() === null)) return await action();
    return await this.hold(this.#wait(this.#last, needsRoom, action));
  }

  /** Makes later calls wait until a call has settled. */
  async hold<Result>(call: Promise<Result>): Promise<Result> {
    const settled = (): void => {
      if (this.#last === last) this.#last = null;
    };
    const last: Promise<void> = call.then(settled, settled);
    this.#last = last;
    return await call;
  }

  /** Whether no call waits. */
  get isIdle(): boolean {
    return this.#last === null;
  }

  /** Resolves once no call waits. */
  async drain(): Promise<void> {
    while (this.#last !== null) await this.#last;
  }

  async #wait<Result>(
    before: Promise<void> | null,
    needsRoom: boolean,
    action: () => Result | Promise<Result>,
  ): Promise<Result> {
    await before;
    for (let room = needsRoom ? this.#room() : null; room !== null; room = this.#room()) await room;
    return await action();
  }
}
