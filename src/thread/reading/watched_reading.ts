/**
 * A watchdog over a thread that reads from a network: no call waits for longer than it may.
 *
 * @module
 */
import { SessionControl } from "../../engine/ending/session_control.ts";
import { ReadError } from "../../errors.ts";
import { patienceMs } from "../encoding_thread.ts";
import type { ReadCallName, ReadCalls, Reading } from "./reading_calls.ts";

/** How long calls may wait, in seconds. */
export interface WaitingLimits {
  readonly openSeconds: number;
  readonly readSeconds: number;
  /** Is told now and then how long a call has waited. */
  waits(seconds: number): void;
}

/** How often the clock is looked at. libavformat looks as often whether it is to end. */
const stepMs = 50;

/** What a call throws whose source was closed. */
export function closedError(): ReadError {
  return new ReadError("Cannot read on: the source was closed", {
    code: "CLOSED",
    operation: "read from a network source",
    hint: "Open the address again",
  });
}

/** Ends calls that wait for too long. */
export class WatchedReading implements Reading {
  readonly #reading: Reading;
  readonly #control: SessionControl;
  readonly #label: string;
  readonly #limits: WaitingLimits;
  /** What is asked at the moment. */
  readonly #open = new Set<PromiseWithResolvers<unknown>>();
  #isOpen = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #endedAt: number | null = null;
  #closing: Promise<void> | null = null;

  /** Watches what reads, whose control has that memory. */
  constructor(reading: Reading, control: SharedArrayBuffer, label: string, limits: WaitingLimits) {
    this.#reading = reading;
    this.#control = new SessionControl(control);
    this.#label = label;
    this.#limits = limits;
  }

  async ask<Name extends ReadCallName>(
    type: Name,
    details: ReadCalls[Name]["ask"],
  ): Promise<ReadCalls[Name]["answer"]> {
    if (this.#closing !== null) throw closedError();
    this.#timer ??= setInterval(() => this.#look(), stepMs);
    const asker = Promise.withResolvers<ReadCalls[Name]["answer"]>();
    this.#open.add(asker as PromiseWithResolvers<unknown>);
    this.#reading.ask(type, details).then(asker.resolve, asker.reject);
    try {
      const answer = await asker.promise;
      // Some protocols call an end what was ended.
      if (this.#control.isLate) throw this.#late();
      if (type === "open") this.#isOpen = true;
      return answer;
    } catch (error) {
      throw this.#control.isLate ? this.#late() : error;
    } finally {
      this.#open.delete(asker as PromiseWithResolvers<unknown>);
      if (this.#open.size === 0) this.#rest();
    }
  }

  close(): Promise<void> {
    this.#rest();
    // Afterwards, the thread may be another one's.
    return this.#closing ??= this.#reading.close().finally(() => this.#rejectAll(closedError()));
  }

  #look(): void {
    const waited = this.#control.waitedSeconds;
    if (this.#endedAt !== null) {
      // Nobody can end what a thread waits for that does not come back when told to.
      if (performance.now() - this.#endedAt > patienceMs) this.#rejectAll(this.#late());
    } else if (waited > this.#limit) {
      this.#control.endLateCall();
      this.#endedAt = performance.now();
    } else this.#limits.waits(waited);
  }

  get #limit(): number {
    return this.#isOpen ? this.#limits.readSeconds : this.#limits.openSeconds;
  }

  #late(): ReadError {
    const what = this.#isOpen ? "no frame has come" : "it has not answered, or sent no video,";
    return new ReadError(
      `Cannot read ${this.#isOpen ? "on from " : ""}${this.#label}: ${what} for ${this.#limit} s`,
      {
        code: "ETIMEDOUT",
        operation: this.#isOpen ? "read from a network source" : "open a network source",
        hint: `Give ${this.#isOpen ? "readTimeoutSeconds" : "openTimeoutSeconds"} to wait longer`,
      },
    );
  }

  #rejectAll(error: ReadError): void {
    for (const asker of this.#open) asker.reject(error);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
