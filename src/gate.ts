/**
 * Waiting for something to change.
 *
 * @module
 */

/** Has those that wait look again, whenever something has changed. */
export class Gate {
  #waiting: PromiseWithResolvers<void> | null = null;

  /** Resolves when something has changed. */
  get opened(): Promise<void> {
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** Something has changed. */
  open(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }
}
