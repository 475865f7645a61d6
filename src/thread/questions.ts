/**
 * Messages to a thread whose answers are awaited.
 *
 * @module
 */
import type { FromWorker, ToWorker } from "./messages.ts";

/** Where the answer to a question goes. */
type Asker = PromiseWithResolvers<FromWorker>;

/** Questions without an answer yet. Each has a number, which its answer names. */
export class Questions {
  readonly #open = new Map<number, { readonly type: ToWorker["type"]; readonly asker: Asker }>();
  #last = 0;

  /** How many have no answer yet. */
  get size(): number {
    return this.#open.size;
  }

  /** Asks a question; resolves with its answer. Throws where it cannot be sent: no answer comes then. */
  ask(type: ToWorker["type"], post: (question: number) => void): Promise<FromWorker> {
    const question = ++this.#last;
    const asker = Promise.withResolvers<FromWorker>();
    post(question);
    this.#open.set(question, { type, asker });
    return asker.promise;
  }

  /**
   * Who asked a question that is answered now; `undefined` where nobody did (`null`), or the question has
   * failed meanwhile.
   */
  take(question: number | null): Asker | undefined {
    if (question === null) return undefined;
    const asked = this.#open.get(question);
    this.#open.delete(question);
    return asked?.asker;
  }

  /** Rejects all but those that end the session, which a failed one answers, too. */
  fail(error: unknown): void {
    for (const [question, { type, asker }] of this.#open) {
      if (type === "abort" || type === "salvage") continue;
      this.#open.delete(question);
      asker.reject(error);
    }
  }

  /** Resolves all: the session has ended. */
  end(): void {
    for (const { asker } of this.#open.values()) asker.resolve({ type: "ended", error: null });
    this.#open.clear();
  }
}
