/**
 * Samples that wait to be sent together.
 *
 * @module
 */
import type { Samples } from "../../libav/audio_frame.ts";
import type { SentSamples } from "./sent_bytes.ts";

/** The most bytes that are sent together: a third of a second of stereo. */
const maxBytes = 2 ** 17;
/** The most planes that are kept to be used again: 4 MB at most, as much as is on its way. */
const maxSpare = 32;

/** The bytes of each of these planes. */
function roomIn({ length }: readonly unknown[]): number {
  return Math.floor(maxBytes / length);
}

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
  #waiting: Waiting | null = null;
  /** Memory that came back: new one is cleared first, which takes longer than to fill it. */
  readonly #spare: ArrayBuffer[] = [];

  /** Bytes that wait. */
  get bytes(): number {
    return this.#waiting === null ? 0 : this.#waiting.planeBytes * this.#waiting.planes.length;
  }

  /** Copies a piece to those that wait; `false` where it does not fit. */
  add(track: number, samples: Samples): boolean {
    const { planes, count } = samples;
    const planeBytes = planes[0]!.length;
    const room = roomIn(planes);
    if (this.#waiting === null) {
      if (planeBytes > room) return false;
      const empty = planes.map(() => new Uint8Array(this.#memory(room)));
      this.#waiting = { track, first: samples, planes: empty, count: 0, planeBytes: 0 };
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

  #memory(bytes: number): ArrayBuffer {
    const last = this.#spare.at(-1);
    return last?.byteLength === bytes ? this.#spare.pop()! : new ArrayBuffer(bytes);
  }

  /** Takes back the memory of planes that were sent. */
  reuse(planes: readonly ArrayBuffer[]): void {
    const room = roomIn(planes);
    for (const plane of planes) {
      if (plane.byteLength !== room || this.#spare.length >= maxSpare) continue;
      if (this.#spare.at(-1)?.byteLength !== room) this.#spare.length = 0;
      this.#spare.push(plane);
    }
  }

  /** Takes out what waits; `null` where nothing does. */
  take(): { readonly track: number; readonly samples: SentSamples } | null {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return null;
    const { track, first, planes, count, planeBytes } = waiting;
    const own = planes.map(({ buffer }) => buffer);
    const sent = { ...first, count, planeBytes };
    if (planeBytes * 2 > roomIn(planes)) return { track, samples: { ...sent, planes: own } };
    // Memory on its way is no more than twice that of its samples: tracks may take turns.
    this.reuse(own);
    return { track, samples: { ...sent, planes: own.map((buffer) => buffer.slice(0, planeBytes)) } };
  }
}
