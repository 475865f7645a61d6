/**
 * What is added to the times of the parts of an HLS stream between its discontinuities.
 *
 * @module
 */

/** How many parts are remembered. */
const maxParts = 16;

/** The parts of the video, whose times those of audio follow that has a playlist of its own. */
export class PartTimes {
  readonly #shifts = new Map<number, number>();
  #part: number;

  /** Begins with a part by its number. */
  constructor(part: number) {
    this.#part = part;
  }

  /** Whether the video has not come to a part. */
  isAhead(part: number): boolean {
    return part > this.#part;
  }

  /** What is added to the times of a part, in seconds; `undefined` where that is not known. */
  shiftOf(part: number): number | undefined {
    return this.#shifts.get(part);
  }

  /** Begins another part. */
  begin(part: number, shift: number): void {
    // The server has begun anew.
    if (part <= this.#part) this.#shifts.clear();
    this.#shifts.set(part, shift);
    this.#shifts.delete(part - maxParts);
    this.#part = part;
  }
}
