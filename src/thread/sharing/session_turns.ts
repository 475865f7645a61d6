/**
 * Turns of the sessions that share a thread.
 *
 * @module
 */
import type { SessionControl } from "../../engine/ending/session_control.ts";
import { nextTurn } from "../../next_turn.ts";

/**
 * For how long turns follow each other, in milliseconds. Deno receives messages only before a timer, which
 * takes a millisecond.
 */
const deafMs = 10;

/**
 * After work of so many milliseconds, a session that is alone in its thread waits for turns as well: messages
 * of a new one would be behind all of its own.
 */
const longMs = 5;

/** For how long a session that is alone in its thread works until its next messages come, in milliseconds. */
const aloneMs = 100;

/** A session's work that waits for its turn. */
export class SessionTurns {
  readonly #thread: ThreadTurns;
  readonly #control: () => SessionControl;
  readonly waiting: (() => void)[] = [];
  /** How long it has worked, in milliseconds. */
  usedMs = 0;

  /** For a session of a thread. */
  constructor(thread: ThreadTurns, control: () => SessionControl) {
    this.#thread = thread;
    this.#control = control;
  }

  /** What ends it. */
  get control(): SessionControl {
    return this.#control();
  }

  /** Whose work goes before that of others: of the highest number. */
  get urgency(): number {
    const { isAborted, isPressing } = this.control;
    return isAborted ? 2 : isPressing ? 1 : 0;
  }

  /**
   * For how long its short steps may follow each other in one turn, in milliseconds: where others share the
   * thread, one is a turn.
   */
  get stepMs(): number {
    return this.#thread.sessions === 1 ? aloneMs : 0;
  }

  /** Does something in the session's turn: at once where it has the thread alone, and is quick. */
  take(work: () => void): void {
    if (this.#thread.isFree) this.#thread.doNow(this, work);
    else this.#thread.add(this, work);
  }

  /** Resolves in the session's next turn, and not before events that are due. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#thread.add(this, resolve));
  }
}

/**
 * The turns in a thread. Whose session has worked least so far is next, as a system shares a processor among
 * threads: a small video is not held up for longer than one call of a large one's encoder.
 */
export class ThreadTurns {
  readonly #sessions = new Set<SessionTurns>();
  /** The work of a session that was idle counts from here: it does not catch up on the others. */
  #usedMs = 0;
  /** How long the last work took. */
  #lastMs = 0;
  #isScheduled = false;
  #receivedMs = performance.now();

  /** Adds a session. */
  join(control: () => SessionControl): SessionTurns {
    const session = new SessionTurns(this, control);
    this.#sessions.add(session);
    return session;
  }

  /** Removes a session. */
  leave(session: SessionTurns): void {
    this.#sessions.delete(session);
  }

  /** How many sessions there are. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Whether work needs no turn. */
  get isFree(): boolean {
    return this.#sessions.size === 1 && !this.#isScheduled && this.#lastMs < longMs;
  }

  /** Does a session's work that needs no turn. */
  doNow(session: SessionTurns, work: () => void): void {
    const end = this.#begin(session);
    work();
    end();
  }

  #begin(session: SessionTurns): () => void {
    const beganMs = performance.now();
    session.control.beginTurn();
    return () => {
      session.control.endTurn();
      this.#lastMs = performance.now() - beganMs;
      session.usedMs += this.#lastMs;
    };
  }

  /** Has work wait for a session's turn. */
  add(session: SessionTurns, work: () => void): void {
    if (session.waiting.length === 0) session.usedMs = Math.max(session.usedMs, this.#usedMs);
    session.waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (performance.now() - this.#receivedMs < deafMs) return void nextTurn().then(() => this.#turn());
    setTimeout(() => {
      this.#receivedMs = performance.now();
      this.#turn();
    }, 0);
  }

  #turn(): void {
    const session = this.#next();
    if (session === null) return void (this.#isScheduled = false);
    const end = this.#begin(session);
    this.#usedMs = session.usedMs;
    session.waiting.shift()!();
    // What awaited the turn goes on in between.
    queueMicrotask(() => {
      end();
      this.#isScheduled = false;
      if (this.#next() !== null) this.#schedule();
    });
  }

  #next(): SessionTurns | null {
    let next: SessionTurns | null = null;
    for (const session of this.#sessions) {
      if (session.waiting.length === 0) continue;
      const more = next === null ? 1 : session.urgency - next.urgency;
      if (more > 0 || (more === 0 && session.usedMs < next!.usedMs)) next = session;
    }
    return next;
  }
}
