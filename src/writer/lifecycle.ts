/**
 * A writer's life: open, then closed, failed or aborted, once and for all.
 *
 * @module
 */
import { WriterClosedError } from "../errors.ts";

type State<Summary> =
  | { readonly name: "open" }
  | { readonly name: "closing"; readonly summary: Promise<Summary> }
  | { readonly name: "closed"; readonly summary: Summary }
  | { readonly name: "failed"; readonly error: unknown; readonly salvaged: Promise<void> }
  | {
    readonly name: "aborted";
    readonly reason: unknown;
    /** Whether a signal did it, whose reason calls reject with, as those of `fetch` do. */
    readonly bySignal: boolean;
    readonly gone: Promise<void>;
  };

/** The ways in which a writer ends. */
export interface Endings<Summary> {
  /** Waits for the calls that were made before, and finishes the file. */
  finish(): Promise<Summary>;
  /** Called once the writer is closed. */
  closed(): void;
  /** Removes the file. A stream is told the reason. */
  abort(reason: unknown): void | Promise<void>;
  /** Makes the file as playable as possible. */
  salvage(): void | Promise<void>;
}

/** The state machine of a writer. */
export class Lifecycle<Summary> {
  readonly #endings: Endings<Summary>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #state: State<Summary> = { name: "open" };
  /** Whether a call has thrown the error of a failed writer. */
  #isTold = false;

  /** An open writer, with an optional signal to abort it, which may be aborted already. */
  constructor(endings: Endings<Summary>, signal: AbortSignal | undefined) {
    this.#endings = endings;
    this.#signal = signal;
    // No call is waiting for an error of an abort by signal: a file that cannot be removed then stays.
    this.#onAbort = () => void this.#abort(signal?.reason, true).catch(() => {});
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  /** Whether calls are taken. */
  get isOpen(): boolean {
    return this.#state.name === "open";
  }

  /** Whether calls that were taken are carried out: also while it is closing. */
  get isAlive(): boolean {
    return this.#state.name === "open" || this.#state.name === "closing";
  }

  /** Throws where it takes no calls any more, with the reason. */
  requireOpen(action: string): void {
    const state = this.#state;
    if (state.name === "open") return;
    if (state.name === "failed") {
      this.#isTold = true;
      throw state.error;
    }
    if (state.name === "aborted" && state.bySignal) throw state.reason;
    throw new WriterClosedError(
      `Cannot ${action}: the writer was ${state.name === "aborted" ? "aborted" : "closed"}`,
      {
        code: state.name === "aborted" ? "ABORTED" : "CLOSED",
        operation: action,
        hint: "Make a new writer for another file",
        cause: state.name === "aborted" ? state.reason : undefined,
      },
    );
  }

  /** Throws where it no longer carries out a call that was taken, with the reason. */
  requireAlive(action: string): void {
    if (!this.isAlive) this.requireOpen(action);
  }

  /** Finishes the file; called again, returns the same summary. No call is taken from then on. */
  async close(): Promise<Summary> {
    const state = this.#state;
    if (state.name === "closed" || state.name === "closing") return await state.summary;
    // An abort by signal may still be under way: its file is gone once this rejects.
    if (state.name === "aborted") await state.gone.catch(() => {});
    this.requireOpen("close");
    const summary = this.#finish();
    this.#state = { name: "closing", summary };
    return await summary;
  }

  async #finish(): Promise<Summary> {
    // Sets the state to closing before anything can fail.
    await null;
    try {
      this.requireAlive("close");
      const summary = await this.#endings.finish();
      this.requireAlive("close");
      this.#end({ name: "closed", summary });
    } catch (error) {
      return await this.fail("close", error);
    }
    this.#endings.closed();
    return (this.#state as Extract<State<Summary>, { readonly name: "closed" }>).summary;
  }

  /** Throws where it was aborted, which may happen during a call. */
  requireNotAborted(action: string): void {
    if (this.#state.name === "aborted") this.requireOpen(action);
  }

  /** Removes the file. Does nothing after the end. */
  abort(reason: unknown): Promise<void> {
    return this.#abort(reason, false);
  }

  async #abort(reason: unknown, bySignal: boolean): Promise<void> {
    if (this.isAlive) {
      const gone = Promise.try(() => this.#endings.abort(reason));
      this.#end({ name: "aborted", reason, bySignal, gone });
    }
    if (this.#state.name === "aborted") await this.#state.gone;
  }

  /**
   * The end of a program's block, which may have thrown an error that nobody tells: finishes what was
   * written. Throws only what no call has thrown, as an error here hides that of the block.
   */
  async dispose(close: () => Promise<void>): Promise<void> {
    const state = this.#state;
    if (state.name === "open") await close();
    // Whoever closes the writer gets its error.
    if (state.name === "closing") await state.summary.catch(() => {});
    // An abort by signal may still be under way.
    if (this.#state.name === "aborted") await this.#state.gone.catch(() => {});
    if (this.#state.name !== "failed") return;
    await this.#state.salvaged;
    if (!this.#isTold) this.requireOpen("close");
  }

  /** Ends the writer with its first error, and throws that; of an aborted writer, the reason. */
  async fail(action: string, error: unknown): Promise<never> {
    this.#isTold = true;
    const state = this.#state;
    if (state.name === "aborted") await state.gone.catch(() => {});
    await this.failLater(error);
    if (state.name === "aborted" || this.#state.name === "failed") this.requireOpen(action);
    throw error;
  }

  /** Ends the writer with its first error, which no call throws yet: the next one does. */
  async failLater(error: unknown): Promise<void> {
    if (this.isAlive) {
      const salvaged = Promise.try(() => this.#endings.salvage()).catch(() => {});
      this.#end({ name: "failed", error, salvaged });
    }
    if (this.#state.name === "failed") await this.#state.salvaged;
  }

  #end(state: State<Summary>): void {
    this.#state = state;
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
