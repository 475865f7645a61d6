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

/** Ends calls that wait for too long. */
export class WatchedReading implements Reading {
  readonly #reading: Reading;
  readonly #control: SessionControl;
  readonly #label: string;
  readonly #limits: WaitingLimits;
  /** Rejects where a thread does not come back that was told to: nobody can end what it waits for. */
  readonly #gone = Promise.withResolvers<never>();
  #isOpen = false;
  #asked = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #endedAt: number | null = null;
  #closing: Promise<void> | null = null;

  /** Watches what reads, whose control has that memory. */
  constructor(reading: Reading, control: SharedArrayBuffer, label: string, limits: WaitingLimits) {
    this.#reading = reading;
    this.#control = new SessionControl(control);
    this.#label = label;
    this.#limits = limits;
    this.#gone.promise.catch(() => {});
  }

  async ask<Name extends ReadCallName>(
    type: Name,
    details: ReadCalls[Name]["ask"],
  ): Promise<ReadCalls[Name]["answer"]> {
    this.#timer ??= setInterval(() => this.#look(), stepMs);
    this.#asked++;
    try {
      const answer = await Promise.race([this.#reading.ask(type, details), this.#gone.promise]);
      // Some protocols call an end what was ended.
      if (this.#control.isLate) throw this.#late();
      this.#isOpen = true;
      return answer;
    } catch (error) {
      throw this.#control.isLate ? this.#late() : error;
    } finally {
      if (--this.#asked === 0) this.#rest();
    }
  }

  close(): Promise<void> {
    this.#rest();
    // Afterwards, the thread may be another one's.
    return this.#closing ??= this.#reading.close();
  }

  #look(): void {
    const waited = this.#control.waitedSeconds;
    if (this.#endedAt !== null) {
      if (performance.now() - this.#endedAt > patienceMs) this.#gone.reject(this.#late());
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

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
