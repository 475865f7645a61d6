/**
 * Samples that wait to be sent together.
 *
 * @module
 */
import type { Samples } from "../../libav/audio_frame.ts";
import type { SentSamples } from "./sent_bytes.ts";

/** The most bytes that are sent together: a third of a second of stereo. */
const maxBytes = 2 ** 17;

/** Pieces of one track and format, one after another. */
interface Waiting {
  readonly track: number;
  readonly first: Samples;
  readonly planes: readonly Uint8Array<ArrayBuffer>[];
  count: number;
  planeBytes: number;
}

/**
 * What a program writes while the thread has other samples to take. A message has its price, in both threads:
 * that of a piece of 1024 samples is more than that of its samples.
 */
export class SampleBatch {
  /** Where samples wait. It stays here: what is sent is as long as the samples, which may be few. */
  #memory: ArrayBuffer | null = null;
  #waiting: Waiting | null = null;

  /** Bytes that wait. */
  get bytes(): number {
    return this.#waiting === null ? 0 : this.#waiting.planeBytes * this.#waiting.planes.length;
  }

  /** Copies a piece to those that wait; `false` where it does not fit. */
  add(track: number, samples: Samples): boolean {
    const { planes, count } = samples;
    const planeBytes = planes[0]!.length;
    const room = Math.floor(maxBytes / planes.length);
    if (this.#waiting === null) {
      if (planeBytes > room) return false;
      const memory = this.#memory ??= new ArrayBuffer(maxBytes);
      const places = planes.map((_, plane) => new Uint8Array(memory, plane * room, room));
      this.#waiting = { track, first: samples, planes: places, count: 0, planeBytes: 0 };
    }
    const waiting = this.#waiting;
    const { format, sampleRate, layout } = waiting.first;
    const isSame = waiting.track === track && samples.format === format &&
      samples.sampleRate === sampleRate && samples.layout.name === layout.name &&
      samples.layout.isAssumed === layout.isAssumed;
    if (!isSame || waiting.planeBytes + planeBytes > room) return false;
    for (const [plane, bytes] of planes.entries()) waiting.planes[plane]!.set(bytes, waiting.planeBytes);
    waiting.planeBytes += planeBytes;
    waiting.count += count;
    return true;
  }

  /** Takes out what waits; `null` where nothing does. */
  take(): { readonly track: number; readonly samples: SentSamples } | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return null;
    const { track, first, planes, count, planeBytes } = waiting;
    const sent = planes.map((plane) => plane.slice(0, planeBytes).buffer);
    return { track, samples: { ...first, count, planes: sent } };
  }
}
