/**
 * Frames of a source that makes them at once, at the pace at which they are shown.
 *
 * @module
 */
import type { ReadFrame } from "../../engine/reading/reading_types.ts";
import type { ReadCallName, ReadCalls, Reading } from "../../thread/reading/reading_calls.ts";
import type { SentPacket } from "../../thread/sending/sent_bytes.ts";

/** Holds answers back until it is their time. */
export class PacedReading implements Reading {
  readonly #reading: Reading;
  /** Ends of the waits at hand. */
  readonly #waits = new Set<() => void>();
  #isClosed = false;
  /** When time 0 of the source was, by `performance.now()`. */
  #beginMs: number | null = null;

  /** Paces what reads. */
  constructor(reading: Reading) {
    this.#reading = reading;
  }

  async ask<Name extends ReadCallName>(
    type: Name,
    details: ReadCalls[Name]["ask"],
  ): Promise<ReadCalls[Name]["answer"]> {
    const answer = await this.#reading.ask(type, details);
    if (type === "frame" && answer !== null) await this.#wait((answer as ReadFrame).timestamp);
    if (type === "packets") await this.#wait((answer as readonly SentPacket[])[0]?.decodeTimestamp ?? null);
    return answer;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#waits) end();
    await this.#reading.close();
  }

  async #wait(seconds: number | null): Promise<void> {
    if (seconds === null || this.#isClosed) return;
    const nowMs = performance.now();
    this.#beginMs ??= nowMs - seconds * 1000;
    const leftMs = this.#beginMs + seconds * 1000 - nowMs;
    if (leftMs <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, leftMs);
    this.#waits.add(resolve);
    await promise;
    this.#waits.delete(resolve);
    clearTimeout(timer);
  }
}
