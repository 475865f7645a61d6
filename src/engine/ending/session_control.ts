/**
 * What ends a session while it is at work.
 *
 * @module
 */

/**
 * The words of the memory, by index. `step` counts the beginnings and ends of calls that may take long: it is
 * odd in such a call.
 */
const words = { isAborted: 0, hasFile: 1, step: 4 } as const;
/** Values of the word `isAborted`, which libav looks at while it waits for a network: any but 0 ends that. */
const endings = { none: 0, aborted: 1, late: 2 } as const;

/** From how many microseconds before its deadline on a session works before others. */
const pressingMicroseconds = 5_000_000n;

/** The time by the system's clock, in microseconds: the same in all threads. */
function nowMicroseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
}

/**
 * Controls a session from another thread, which is at work and takes no messages: it looks here between two
 * calls of libav.
 */
export class SessionControl {
  /** The memory, to be shared with another thread. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  /** One time, in microseconds; 0 where there is none. */
  readonly #deadline: BigInt64Array;
  /** When that was set. */
  readonly #asked: BigInt64Array;
  /** The deadline that this thread knows of, and how long the session had waited for its turn by then. */
  #known = { deadline: 0n, waited: 0n };
  /** When the session's last turn ended; 0 before the first. */
  #turnEnd = 0n;
  /** The step that was seen last, and when, by this thread's clock: those of other threads differ. */
  #seen = { step: 0, ms: 0 };
  #beganMs = 0;

  /** Shares the memory of another one, if it is given. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(32)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, 6);
    this.#deadline = new BigInt64Array(memory, 8, 1);
    this.#asked = new BigInt64Array(memory, 24, 1);
  }

  /** Has the session stop what it does: an abort follows. */
  abort(): void {
    Atomics.store(this.#words, words.isAborted, endings.aborted);
    Atomics.notify(this.#words, words.isAborted);
  }

  /** Whether the session is to stop what it does. */
  get isAborted(): boolean {
    return Atomics.load(this.#words, words.isAborted) !== endings.none;
  }

  /** Ends the call that takes too long. */
  endLateCall(): void {
    Atomics.compareExchange(this.#words, words.isAborted, endings.none, endings.late);
    Atomics.notify(this.#words, words.isAborted);
  }

  /** Whether a call took too long, and was ended for that. */
  get isLate(): boolean {
    return Atomics.load(this.#words, words.isAborted) === endings.late;
  }

  /** Lets calls wait again, after one that took too long. An abort stays one. */
  goOn(): void {
    Atomics.compareExchange(this.#words, words.isAborted, endings.late, endings.none);
  }

  /** Does something that waits for others, at once or later. */
  async timedLater<T>(call: () => T | Promise<T>): Promise<T> {
    this.#beganMs = performance.now();
    this.#step();
    try {
      return await call();
    } finally {
      this.#step();
    }
  }

  /** Does something that waits for others. */
  timed<T>(call: () => T): T {
    this.#beganMs = performance.now();
    this.#step();
    try {
      return call();
    } finally {
      this.#step();
    }
  }

  /** When the last timed call of this thread began, by `performance.now()`. */
  get beganMs(): number {
    return this.#beganMs;
  }

  /** Waits in a timed call, and returns early once it is aborted. */
  wait(seconds: number): void {
    Atomics.wait(this.#words, words.isAborted, endings.none, seconds * 1000);
  }

  /** Waits in a timed call for what is not due yet: that is not counted. */
  untimedWait(seconds: number): void {
    this.#step();
    this.wait(seconds);
    this.#step();
  }

  #step(): void {
    Atomics.add(this.#words, words.step, 1);
  }

  /**
   * How long the session has waited for others by now, in seconds; 0 where it does not wait. It counts from
   * when it was first asked in that call: whoever watches asks again and again.
   */
  get waitedSeconds(): number {
    const step = Atomics.load(this.#words, words.step);
    if (step !== this.#seen.step) this.#seen = { step, ms: performance.now() };
    return step % 2 === 0 ? 0 : (performance.now() - this.#seen.ms) / 1000;
  }

  /** Throws where the session is to stop, which whoever aborted it does not wait to hear. */
  requireGoingOn(): void {
    if (this.isAborted) throw new Error("The session was aborted");
  }

  /** Has the session encode for at most so many seconds more. The earliest time counts. */
  endWithin(seconds: number): void {
    const now = nowMicroseconds();
    const end = now + BigInt(Math.ceil(seconds * 1e6));
    const before = Atomics.load(this.#deadline, 0);
    if (before !== 0n && end >= before) return;
    Atomics.store(this.#asked, 0, now);
    Atomics.store(this.#deadline, 0, end);
  }

  /**
   * A turn of the session begins, in a thread that it may share. While the deadline was set, another session
   * may have had its turn: that time does not count, as nothing could be encoded in it.
   */
  beginTurn(): void {
    const deadline = Atomics.load(this.#deadline, 0);
    if (deadline === this.#known.deadline) return;
    const asked = Atomics.load(this.#asked, 0);
    const since = asked > this.#turnEnd ? asked : this.#turnEnd;
    // Without any time, nothing more is encoded.
    this.#known = { deadline, waited: deadline > asked ? nowMicroseconds() - since : 0n };
  }

  /** That turn ends. */
  endTurn(): void {
    this.#turnEnd = nowMicroseconds();
  }

  /** Whether there is a time at which encoding ends. */
  get hasDeadline(): boolean {
    return Atomics.load(this.#deadline, 0) !== 0n;
  }

  /** Whether that time has come. */
  get isExpired(): boolean {
    return this.#isWithin(0n);
  }

  /** Whether that time is near, or has come. */
  get isPressing(): boolean {
    return this.#isWithin(pressingMicroseconds);
  }

  #isWithin(microseconds: bigint): boolean {
    const end = Atomics.load(this.#deadline, 0);
    if (end === 0n) return false;
    const { deadline, waited } = this.#known;
    return nowMicroseconds() + microseconds >= (deadline === end ? end + waited : end);
  }

  /** Notes that there is a file, and whether an abort must remove it. */
  noteFile(isRemoved: boolean): void {
    Atomics.store(this.#words, words.hasFile, isRemoved ? 1 : 0);
  }

  /**
   * Whether there is a file that an abort must remove: `true` for one of those who ask only, which does it.
   */
  takeFile(): boolean {
    return Atomics.exchange(this.#words, words.hasFile, 0) !== 0;
  }
}
