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
  | { readonly name: "failed"; readonly error: unknown }
  | {
    readonly name: "aborted";
    readonly reason: unknown;
    /** Whether a signal did it, whose reason calls reject with, as those of `fetch` do. */
    readonly bySignal: boolean;
    readonly gone: Promise<void>;
  };

/** The ways in which a writer ends. */
export interface Endings<Summary> {
  /** Finishes the file. */
  finish(): Promise<Summary>;
  /** Called once the writer is closed. */
  closed(): void;
  /** Removes the file. */
  abort(): void | Promise<void>;
  /** Makes the file as playable as possible. */
  salvage(): void | Promise<void>;
}

/** The state machine of a writer. */
export class Lifecycle<Summary> {
  readonly #endings: Endings<Summary>;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  #state: State<Summary> = { name: "open" };

  /** An open writer, with an optional signal to abort it. */
  constructor(endings: Endings<Summary>, signal: AbortSignal | undefined) {
    this.#endings = endings;
    this.#signal = signal;
    // No call is waiting for an error of an abort by signal: a file that cannot be removed then stays.
    this.#onAbort = () => void this.#abort(signal?.reason, true).catch(() => {});
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Whether it can be written to. */
  get isOpen(): boolean {
    return this.#state.name === "open";
  }

  /** Throws where it is no longer open, with the reason. */
  requireOpen(action: string): void {
    const state = this.#state;
    if (state.name === "open") return;
    if (state.name === "failed") throw state.error;
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

  /** Finishes the file; called again, returns the same summary. */
  async close(): Promise<Summary> {
    const state = this.#state;
    if (state.name === "closed" || state.name === "closing") return await state.summary;
    this.requireOpen("close");
    const summary = this.#finish();
    this.#state = { name: "closing", summary };
    return await summary;
  }

  async #finish(): Promise<Summary> {
    // Sets the state to closing before anything can fail.
    await null;
    this.requireNotAborted("close");
    try {
      const summary = await this.#endings.finish();
      this.requireNotAborted("close");
      this.#end({ name: "closed", summary });
      this.#endings.closed();
      return summary;
    } catch (error) {
      return await this.fail(error, "close");
    }
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
    if (this.#state.name === "open" || this.#state.name === "closing") {
      const gone = Promise.try(() => this.#endings.abort());
      this.#end({ name: "aborted", reason, bySignal, gone });
    }
    if (this.#state.name === "aborted") await this.#state.gone;
  }

  /** Closes the writer unless it has ended. Its error was thrown already. */
  async dispose(close: () => Promise<Summary>): Promise<void> {
    if (this.#state.name === "open") await close();
    // An abort by signal may still be under way.
    if (this.#state.name === "aborted") await this.#state.gone.catch(() => {});
  }

  /** Ends the writer with its first error, and throws that. What an abort interrupts has its error. */
  async fail(error: unknown, action: string): Promise<never> {
    this.requireNotAborted(action);
    if (this.#state.name === "open" || this.#state.name === "closing") {
      this.#end({ name: "failed", error });
      await this.#endings.salvage();
    }
    if (this.#state.name === "failed") throw this.#state.error;
    throw error;
  }

  #end(state: State<Summary>): void {
    this.#state = state;
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
