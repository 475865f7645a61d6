/**
 * When samples were heard, by when they came.
 *
 * @module
 */

/** The time over which the earliest arrival counts, in seconds. */
const windowSeconds = 1;

/**
 * The clock of a device. Samples come without gaps, but late, some later than others: the earliest arrival
 * shows where all of them belong. Timestamps from devices are worse: PulseAudio's first ones are off by half
 * a second.
 */
export class ArrivalClock {
  readonly #sampleRate: number;
  #count = 0;
  /** When the first samples came. */
  #begin: number | null = null;
  /** How late pieces of late are on the device's own clock, and when they came. */
  readonly #arrivals: { readonly time: number; readonly offset: number }[] = [];

  /** For a device with so many samples a second. */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /**
   * How much more has come than can have been heard until `now`, in seconds: ALSA's null device has audio
   * without end at once.
   */
  ahead(now: number): number {
    return this.#begin === null ? 0 : this.#count / this.#sampleRate - (now - this.#begin);
  }

  /** When the first of so many samples was heard that have just come: in seconds, as `now` is. */
  place(count: number, now: number): number {
    const begin = this.#count / this.#sampleRate;
    this.#count += count;
    this.#begin ??= now;
    this.#arrivals.push({ time: now, offset: now - this.#count / this.#sampleRate });
    while (this.#arrivals[0]!.time < now - windowSeconds) this.#arrivals.shift();
    return begin + Math.min(...this.#arrivals.map(({ offset }) => offset));
  }
}
