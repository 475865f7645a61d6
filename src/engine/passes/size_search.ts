/**
 * Looks for the bits per second that make a file of a size.
 *
 * @module
 */

/** How much smaller than the size a file may be, as a share of it. */
const tolerance = 0.02;
/** What is aimed at, as a share of the size. */
const aim = 1 - tolerance / 2;
/** The most runs of the second pass. */
const maxRuns = 10;
/** The least bits per second that are tried. */
const minBitrate = 1000;
/** The most that is changed at once: encoders answer steadily only to small changes. */
const maxStep = 4;

/** A run of the second pass. */
interface Run {
  readonly bitrate: number;
  readonly videoBytes: number;
  readonly bytes: number;
}

/** Chooses each run's bits per second by the runs before it. */
export class SizeSearch {
  readonly #targetBytes: number;
  readonly #runs: Run[] = [];
  #best: Run | null = null;
  /** The bits per second of the first run. */
  readonly bitrate: number;

  /** For a file of a size, with so many seconds of video and bytes of all else. */
  constructor(targetBytes: number, seconds: number, otherBytes: number) {
    this.#targetBytes = targetBytes;
    const videoBytes = Math.max(0, targetBytes * aim - otherBytes);
    this.bitrate = bounded(Math.max(minBitrate, videoBytes * 8 / Math.max(seconds, 1e-3)));
  }

  /** Whether there was a run at so many bits per second. */
  has(bitrate: number): boolean {
    return this.#runs.some((run) => run.bitrate === bitrate);
  }

  /** Takes a run's bytes of the video, and of the file. Returns whether it is the best so far. */
  add(bitrate: number, videoBytes: number, bytes: number): boolean {
    const run = { bitrate, videoBytes, bytes };
    this.#runs.push(run);
    if (this.#best !== null && !this.#isBetter(run, this.#best)) return false;
    this.#best = run;
    return true;
  }

  /** The bits per second to try next; `null` where the best run is good, or will not be better. */
  get next(): number | null {
    if (this.#isGood(this.#best!) || this.#runs.length >= maxRuns) return null;
    const below = nearest(this.#runs.filter(({ bytes }) => bytes < this.#aim), -1);
    const above = nearest(this.#runs.filter(({ bytes }) => bytes >= this.#aim), 1);
    const next = below === null || above === null ? this.#further() : this.#between(below, above);
    return next === null || this.has(next) ? null : next;
  }

  get #aim(): number {
    return this.#targetBytes * aim;
  }

  /** Between two runs: where a straight line meets the aim, or in the middle where that has not helped. */
  #between(below: Run, above: Run): number {
    const last = this.#runs.slice(-2);
    const isStuck = last.every((run) => run.bytes < this.#aim) || last.every((run) => run.bytes >= this.#aim);
    const share = Math.log(this.#aim / below.bytes) / Math.log(above.bytes / below.bytes);
    return bounded(below.bitrate * (above.bitrate / below.bitrate) ** (isStuck ? 0.5 : share));
  }

  /** Further on the way that all runs have gone; `null` where the encoder does not follow any more. */
  #further(): number | null {
    const [last, ...before] = this.#runs.toReversed() as [Run, ...Run[]];
    const wanted = this.#aim - (last.bytes - last.videoBytes);
    const ratio = Math.max(1 / maxStep, wanted / last.videoBytes);
    const answers = before.slice(0, 2).map((run) => answer(run, last));
    // Far above what they need, some encoders make the same of any number: further down, they do not.
    const isTooSmall = last.bytes < this.#aim;
    if (isTooSmall && answers.length === 2 && answers.every((power) => power < leastAnswer)) return null;
    const power = answers[0] ?? 1;
    const change = power < leastAnswer
      ? (isTooSmall ? maxStep : 1 / maxStep)
      : ratio ** Math.max(0.5, 1 / power);
    return bounded(last.bitrate * Math.min(maxStep, Math.max(1 / maxStep, change)));
  }

  #isGood({ bytes }: Run): boolean {
    return bytes <= this.#targetBytes && bytes >= this.#targetBytes * (1 - tolerance);
  }

  /** A file that is not too large is better; of two, the one that is nearer. */
  #isBetter(one: Run, other: Run): boolean {
    const fits = one.bytes <= this.#targetBytes;
    if (fits !== other.bytes <= this.#targetBytes) return fits;
    return fits ? one.bytes > other.bytes : one.bytes < other.bytes;
  }
}

/** An encoder whose bytes change by less than this power of its bits per second is at an end of its scale. */
const leastAnswer = 0.1;
/** The most bits per second that a C `int` holds. */
const maxBitrate = 2 ** 31 - 1;

function bounded(bitrate: number): number {
  return Math.round(Math.min(maxBitrate, Math.max(minBitrate, bitrate)));
}

/** The run of a list whose file is the smallest, or (-1) the largest. */
function nearest(runs: readonly Run[], sign: 1 | -1): Run | null {
  return runs.toSorted((one, other) => sign * (one.bytes - other.bytes))[0] ?? null;
}

/** The power of the bits per second by which the bytes of two runs differ. */
function answer(one: Run, other: Run): number {
  return Math.log(one.videoBytes / other.videoBytes) / Math.log(one.bitrate / other.bitrate);
}
