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
   * Runs an action when its turn comes and, for as long as it needs that, when there is room. Where no call
   * waits and there is room, the action runs before this returns.
   */
  async run<Result>(
    needsRoom: boolean | (() => boolean),
    action: () => Result | Promise<Result>,
  ): Promise<Result> {
    if (this.#last === null && this.#roomFor(needsRoom) === null) return await action();
    return await this.hold(this.#wait(this.#last, needsRoom, action));
  }

  #roomFor(needsRoom: boolean | (() => boolean)): Promise<void> | null {
    const isNeeded = typeof needsRoom === "boolean" ? needsRoom : needsRoom();
    return isNeeded ? this.#room() : null;
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
    needsRoom: boolean | (() => boolean),
    action: () => Result | Promise<Result>,
  ): Promise<Result> {
    await before;
    for (let room = this.#roomFor(needsRoom); room !== null; room = this.#roomFor(needsRoom)) await room;
    return await action();
  }
}
