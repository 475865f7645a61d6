/**
 * A simple model of a writer: what each call may come to, and what is in the file at the end.
 *
 * @module
 */

/** What a call came to: a result, or an error of this kind. */
export type Outcome =
  | "ok"
  /** The argument is refused, and the writer goes on. */
  | "refused"
  | "closed"
  | "aborted"
  /** There is audio or a subtitle, but no frame: such a file is not made. */
  | "noFrame";

/** A call under way, and what it may come to as far as is known. */
export interface Call {
  readonly name: string;
  readonly allowed: Set<Outcome>;
  /** Whether it needs memory for a frame, of which the program may hold all. */
  readonly needsSlot: boolean;
}

/** A model of a writer. */
export class WriterModel {
  readonly #queueSize: number;
  readonly #pending = new Set<Call>();
  state: "open" | "closed" | "aborted" | "failed" = "open";
  /** Whether the abort came while it was closing. */
  wasClosing = false;
  /** Frames that the program may hold: those acquired, and those that it asked for. */
  held = 0;
  /** How many frames were taken for certain. */
  written = 0;
  /** Whether audio or a subtitle was written. */
  hasOther = false;

  /** For a queue of so many frames. */
  constructor(queueSize: number) {
    this.#queueSize = queueSize;
  }

  /** A call is made: what it may come to if it is right (`expected`) and nothing interferes. */
  begin(name: string, expected: readonly Outcome[], { needsSlot = false } = {}): Call {
    const ended = { open: expected, closed: ["closed"], aborted: ["aborted"], failed: ["noFrame"] } as const;
    const call = { name, allowed: new Set<Outcome>(ended[this.state]), needsSlot };
    // The abort may have come after the end of a close under way.
    if (this.state === "aborted" && this.wasClosing) call.allowed.add("closed");
    // Closing may have failed: disposing does not tell.
    if (this.state === "closed" && this.hasOther && this.written === 0) call.allowed.add("noFrame");
    this.#pending.add(call);
    this.noteHeld();
    return call;
  }

  /** Where the program holds all memory, calls that need some may be refused. */
  noteHeld(): void {
    if (this.held < this.#queueSize) return;
    for (const { needsSlot, allowed } of this.#pending) {
      if (needsSlot && allowed.has("ok")) allowed.add("refused");
    }
  }

  /** A call has settled. */
  end(call: Call): void {
    this.#pending.delete(call);
  }

  /** No call is taken from now on; the calls before are carried out. An `acquire` is of no use then. */
  close(): void {
    if (this.state !== "open") return;
    this.state = "closed";
    for (const { name, allowed } of this.#pending) if (name === "acquire") allowed.add("closed");
  }

  /** There is no file: the calls from now on tell so, and maybe some of those under way. */
  fail(): void {
    this.state = "failed";
    for (const { allowed } of this.#pending) allowed.add("noFrame");
  }

  /** Calls under way may end with the abort from now on; a file that is finished already stays. */
  abort(isFinished: boolean): void {
    if (this.state === "aborted" || this.state === "failed" || isFinished) return;
    this.wasClosing = this.state === "closed";
    this.state = "aborted";
    for (const { allowed } of this.#pending) allowed.add("aborted");
  }
}
