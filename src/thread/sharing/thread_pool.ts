/**
 * The pool of threads that encode: which thread a session gets, and when threads start and end.
 *
 * @module
 */
import { librariesFor, noteLibraries, type Thread, type ThreadListener } from "../../../ffi/mod.ts";
import type { FromWorker, InSession, Leave, Posted, ToWorker } from "../messages.ts";
import { startThread, type ThreadPlaces } from "../thread_task.ts";
import { maxUnusedBytes, noteUnused } from "../unused_memory.ts";

/**
 * How long a thread may be silent that has something to do until no further session is put into it, in
 * milliseconds.
 */
const silentMs = 500;

/** How many threads sessions share: as many as work at a time, but never all in one. */
function sharedThreads(): number {
  return Math.max(2, navigator.hardwareConcurrency);
}

/** The number of what a thread does for no session. */
const noSession = 0;

/** A thread, and the sessions in it. */
export class PooledThread {
  /** Threads with sessions, in the order of their start. */
  static readonly #used = new Set<PooledThread>();
  /** A thread without sessions: a new one takes tens of milliseconds to start. */
  static #idle: PooledThread | null = null;
  readonly #thread: Thread;
  readonly #module: string;
  readonly #libraryPath: string | undefined;
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
  /** Resolves once it has tried to load the libraries; `null` where it was not asked to. */
  #loading: PromiseWithResolvers<void> | null = null;
  /** Bytes of shared memory that its sessions used, and that may not be collected yet. */
  #usedBytes = 0;

  private constructor(places: ThreadPlaces) {
    this.#module = places.workerModule.href;
    this.#libraryPath = places.libraryPath;
    this.#thread = startThread(places, "encode", {
      message: (posted) => this.#receive(posted as InSession<FromWorker>),
      ended: (error) => this.#handleEnd(error),
    });
  }

  /**
   * A thread that runs the module, for a session. One that may share a thread gets one of its own as long as
   * there are few.
   */
  static take(places: ThreadPlaces, mayShare: boolean): PooledThread {
    const { href } = places.workerModule;
    const idle = PooledThread.#idleWith(href);
    const shared = mayShare && idle === null ? PooledThread.#leastUsed(href) : null;
    const thread = idle ?? shared ?? new PooledThread(places);
    if (thread === idle) PooledThread.#idle = null;
    thread.#isShared &&= mayShare;
    PooledThread.#used.add(thread);
    return thread;
  }

  /**
   * Starts a thread for the session to come, unless one that runs the module is idle, and has it load the
   * libraries. Throws where that is not allowed.
   */
  static async prepare(places: ThreadPlaces): Promise<void> {
    let thread = PooledThread.#idleWith(places.workerModule.href);
    if (thread === null) {
      const other = PooledThread.#idle;
      thread = PooledThread.#idle = new PooledThread(places);
      if (other !== null) other.#thread.end();
    }
    await thread.#load(librariesFor(places.libraryPath));
  }

  /** The idle thread, where it runs the module. */
  static #idleWith(module: string): PooledThread | null {
    const idle = PooledThread.#idle;
    return idle !== null && idle.#module === module ? idle : null;
  }

  #load(libraryPath: string | undefined): Promise<void> {
    if (this.#loading === null) {
      this.#loading = Promise.withResolvers();
      this.post(noSession, { question: null, message: { type: "load", libraryPath } }, []);
      this.keepAlive(noSession, true);
    }
    return this.#loading.promise;
  }

  /** The thread with the fewest sessions; `null` where there are too few threads to share one. */
  static #leastUsed(module: string): PooledThread | null {
    const threads = [...PooledThread.#used].filter((thread) => thread.#takesMore(module));
    if (threads.length < sharedThreads()) return null;
    return threads.reduce((least, each) => each.#sessions.size < least.#sessions.size ? each : least);
  }

  #takesMore(module: string): boolean {
    const isSilent = this.#awaited.size > 0 && this.#heardMs !== null &&
      performance.now() - this.#heardMs > silentMs;
    return this.#module === module && this.#isShared && !isSilent;
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

  /** No further session is put into it: it hangs, or what it does was abandoned. */
  shareNoMore(): void {
    this.#isShared = this.#isReusable = false;
  }

  #tellLeft(session: number): void {
    this.#thread.post({ session, question: null, message: { type: "leave" } } satisfies InSession<Leave>);
  }

  /** Whether it was ever heard of: otherwise it could not start. */
  get wasHeard(): boolean {
    return this.#heardMs !== null;
  }

  /**
   * Takes a session out. Where that was the last, the thread is kept for others, unless its sessions used
   * much memory.
   */
  remove(session: number, usedBytes: number): void {
    this.keepAlive(session, false);
    this.#sessions.delete(session);
    this.#usedBytes += usedBytes;
    if (this.#isOver) return;
    if (this.#sessions.size > 0) return this.#tellLeft(session);
    PooledThread.#used.delete(this);
    const isKept = this.#isReusable && this.#usedBytes <= maxUnusedBytes && PooledThread.#idle === null;
    if (!isKept) return this.#thread.end();
    this.#tellLeft(session);
    this.#isShared = true;
    PooledThread.#idle = this;
  }

  #receive({ session, ...posted }: InSession<FromWorker>): void {
    this.#heardMs = performance.now();
    const { message } = posted;
    if (message.type !== "loaded") return this.#sessions.get(session)?.message(posted);
    if (message.folder !== null) noteLibraries(message.folder, this.#libraryPath);
    this.keepAlive(noSession, false);
    this.#loading?.resolve();
  }

  #handleEnd(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    PooledThread.#used.delete(this);
    if (PooledThread.#idle === this) PooledThread.#idle = null;
    this.#loading?.resolve();
    noteUnused(this.#usedBytes);
    for (const listener of this.#sessions.values()) listener.ended(error);
  }
}
