/**
 * Audio, subtitles and packets on their way to the thread that encodes.
 *
 * @module
 */
import { Gate } from "../gate.ts";

/** The most bytes that may be on their way: several seconds of audio. */
export const maxBacklogBytes: number = 4 * 2 ** 20;

/** What was sent and is not taken yet. */
export class Backlog {
  readonly #sent = { audio: 0, subtitle: 0, packet: 0 };
  #bytes = 0;
  readonly #room = new Gate();

  /** Notes bytes that are sent; returns how many were sent of that type so far. */
  add(type: "audio" | "subtitle" | "packet", bytes: number): number {
    this.#bytes += bytes;
    this.#sent[type] += bytes;
    return this.#sent[type];
  }

  /** Notes bytes that the thread has taken. */
  take(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#bytes <= maxBacklogBytes) this.#room.open();
  }

  /** Nothing is on its way any more. */
  clear(): void {
    this.#bytes = 0;
    this.#room.open();
  }

  /** Whether nothing is on its way. */
  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Resolves once there is room for more; `undefined` where there is. */
  get room(): Promise<void> | undefined {
    return this.#bytes <= maxBacklogBytes ? undefined : this.#room.opened;
  }
}
