/**
 * The pool of threads that encode: which thread a session gets, and when threads start and end.
 *
 * @module
 */
import type { Thread, ThreadListener } from "../../../ffi/mod.ts";
import type { FromWorker, InSession, Leave, Posted, ToWorker } from "../messages.ts";
import { startThread } from "../thread_task.ts";
import { maxUnusedBytes, noteUnused } from "../unused_memory.ts";

/**
 * How long a thread may be silent that has something to do until no further session is put into it, in
 * milliseconds.
 */
const silentMs = 500;

/** How many threads sessions share: so many can work at a time, and one that is held up is not the only one. */
function sharedThreads(): number {
  return Math.max(2, navigator.hardwareConcurrency);
}

/** A thread, and the sessions in it. */
export class PooledThread {
  /** Threads with sessions, in the order of their start. */
  static readonly #used = new Set<PooledThread>();
  /** A thread without sessions: a new one takes tens of milliseconds to start. */
  static #idle: PooledThread | null = null;
  readonly #thread: Thread;
  readonly #module: string;
  readonly #sessions = new Map<number, ThreadListener>();
  /** Sessions that something is awaited from. */
  readonly #awaited = new Set<number>();
  #lastSession = 0;
  /** When it was last heard of, or had nothing to do; `null` while it starts. */
  #heardMs: number | null = null;
  /** Whether further sessions may be put into it. */
  #isShared = true;
  /** Whether it may be kept for later sessions. */
  #isReusable = true;
  #isOver = false;
  /** Bytes of shared memory that its sessions used, and that may not be collected yet. */
  #usedBytes = 0;

  private constructor(module: URL) {
    this.#module = module.href;
    this.#thread = startThread(module, "encode", {
      message: (posted) => this.#receive(posted as InSession<FromWorker>),
      ended: (error) => this.#handleEnd(error),
    });
  }

  /**
   * A thread that runs the module, for a session. One that may share a thread gets one of its own as long as
   * there are few.
   */
  static take(module: URL, mayShare: boolean): PooledThread {
    const idle = PooledThread.#idle;
    const isFit = idle !== null && idle.#module === module.href;
    const shared = mayShare && !isFit ? PooledThread.#leastUsed(module) : null;
    const thread = isFit ? idle : shared ?? new PooledThread(module);
    if (thread === idle) PooledThread.#idle = null;
    thread.#isShared &&= mayShare;
    PooledThread.#used.add(thread);
    return thread;
  }

  /** Starts a thread for the session to come, unless one is idle. Throws where that is not allowed. */
  static prepare(module: URL): void {
    PooledThread.#idle ??= new PooledThread(module);
  }

  /** The thread with the fewest sessions; `null` where there are too few threads to share one. */
  static #leastUsed(module: URL): PooledThread | null {
    const threads = [...PooledThread.#used].filter((thread) => thread.#takesMore(module));
    if (threads.length < sharedThreads()) return null;
    return threads.reduce((least, each) => each.#sessions.size < least.#sessions.size ? each : least);
  }

  #takesMore(module: URL): boolean {
    const isSilent = this.#awaited.size > 0 && this.#heardMs !== null &&
      performance.now() - this.#heardMs > silentMs;
    return this.#module === module.href && this.#isShared && !isSilent;
  }

  /** Puts a session into it; returns its number. */
  add(listener: ThreadListener): number {
    this.#sessions.set(++this.#lastSession, listener);
    return this.#lastSession;
  }

  post(session: number, posted: Posted<ToWorker>, transferred: ArrayBuffer[]): void {
    this.#thread.post({ ...posted, session } satisfies InSession<ToWorker>, transferred);
  }

  /** Whether something is awaited from a session. */
  keepAlive(session: number, isNeeded: boolean): void {
    const wasNeeded = this.#awaited.size > 0;
    if (isNeeded) this.#awaited.add(session);
    else this.#awaited.delete(session);
    const isNeededNow = this.#awaited.size > 0;
    if (isNeededNow === wasNeeded) return;
    if (this.#heardMs !== null) this.#heardMs = performance.now();
    this.#thread.keepAlive(isNeededNow);
  }

  /** No further session is put into it. */
  shareNoMore(): void {
    this.#isShared = this.#isReusable = false;
  }

  #tellLeft(session: number): void {
    this.#thread.post({ session, question: null, message: { type: "leave" } } satisfies InSession<Leave>);
  }

  /** Takes a session out, and ends the thread or keeps it for others where that was the last. */
  remove(session: number, isReusable: boolean, usedBytes: number): void {
    this.keepAlive(session, false);
    this.#sessions.delete(session);
    this.#usedBytes += usedBytes;
    if (!isReusable || this.#usedBytes > maxUnusedBytes) this.shareNoMore();
    if (this.#isOver) return;
    if (this.#sessions.size > 0) return this.#tellLeft(session);
    PooledThread.#used.delete(this);
    if (!this.#isReusable || PooledThread.#idle !== null) return this.#thread.end();
    this.#tellLeft(session);
    this.#isShared = true;
    PooledThread.#idle = this;
  }

  #receive({ session, ...posted }: InSession<FromWorker>): void {
    this.#heardMs = performance.now();
    this.#sessions.get(session)?.message(posted);
  }

  #handleEnd(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    PooledThread.#used.delete(this);
    if (PooledThread.#idle === this) PooledThread.#idle = null;
    noteUnused(this.#usedBytes);
    for (const listener of this.#sessions.values()) listener.ended(error);
  }
}
