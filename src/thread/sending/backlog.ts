/**
 * Audio, subtitles and packets on their way to the thread that encodes.
 *
 * @module
 */
import { bytesOf } from "../../audio/samples.ts";
import { Gate } from "../../gate.ts";
import type { Samples } from "../../libav/audio_frame.ts";
import type { Message } from "../messages.ts";
import { SampleBatch } from "./sample_batch.ts";

/** The most bytes that may be on their way: several seconds of audio. */
export const maxBacklogBytes: number = 4 * 2 ** 20;

/** What was written, and the thread has not taken yet. */
export class Backlog {
  readonly #sent = { audio: 0, subtitle: 0, packet: 0 };
  #bytes = 0;
  readonly #room = new Gate();
  /** Samples that are not sent yet. */
  readonly #batch = new SampleBatch();
  readonly #post: (message: Message<"audio">, planes: ArrayBuffer[]) => void;

  /** Takes what posts samples that are held. */
  constructor(post: (message: Message<"audio">, planes: ArrayBuffer[]) => void) {
    this.#post = post;
  }

  /** Notes bytes that are sent; returns how many were sent of that type so far. */
  add(type: "audio" | "subtitle" | "packet", bytes: number): number {
    this.#bytes += bytes;
    this.#sent[type] += bytes;
    return this.#sent[type];
  }

  /**
   * Holds samples that were added, while others are on their way, to send them together; `false` where they
   * are to be sent at once.
   */
  hold(track: number, samples: Samples): boolean {
    if (this.#bytes === bytesOf(samples)) return false;
    if (this.#batch.add(track, samples)) return true;
    this.send();
    return this.#batch.add(track, samples);
  }

  /** Sends what is held, as it is before anything else. */
  send(): void {
    const batch = this.#batch.take();
    if (batch === null) return;
    this.#post({ type: "audio", ...batch, seconds: null }, [...batch.samples.planes]);
  }

  /**
   * Notes bytes that the thread has taken, and the memory that they were in. Where it has no more to take,
   * what is held is sent.
   */
  take(bytes: number, spare: readonly ArrayBuffer[] = []): void {
    this.#batch.reuse(spare);
    this.#bytes -= bytes;
    if (this.#bytes === this.#batch.bytes) this.send();
    if (this.#bytes <= maxBacklogBytes) this.#room.open();
  }

  /** Nothing is on its way any more. */
  clear(): void {
    this.#batch.take();
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
