/**
 * Cues as programs give them.
 *
 * @module
 */
import { shown } from "../shown.ts";
import type { CheckedSubtitleOptions } from "./subtitle_options.ts";

/**
 * A text that is shown for a while.
 *
 * @example
 * ```ts
 * import type { SubtitleCue } from "@avwriter/avwriter";
 *
 * const cue: SubtitleCue = { text: "– Who is there?\n– <i>Nobody.</i>", start: 1.5, end: 3.25 };
 * ```
 */
export interface SubtitleCue {
  /**
   * The text, in lines. `<b>`, `<i>` and `<u>` make it bold, italic and underlined. Other SubRip markup
   * (`<s>`, `<font>`, `{\an8}`) is kept in a track of `"subrip"` and left out of others. At most 16384
   * characters.
   */
  text: string;
  /** Start time in seconds on the clock of the video. */
  start: number;
  /** End time in seconds. */
  end: number;
  /** The track, in the order of the option `subtitles`. Default: 0. */
  track?: number;
}

/** The longest text of a cue in UTF-16 units, which every codec takes. */
const maxTextLength = 16384;

/** The most bytes of subtitles that may wait for their frames. */
export const maxWaitingCueBytes: number = 64 * 2 ** 20;

/** The approximate memory of a cue besides its text, in bytes. */
export const cueOverhead = 200;

/** The approximate memory of a cue, in bytes. */
export function cueBytes({ text }: Required<SubtitleCue>): number {
  return cueOverhead + 2 * text.length;
}

const fields: readonly string[] = ["text", "start", "end", "track"];

/** Checks the cues of a writer, which come in order. */
export class CueChecker {
  readonly #tracks: readonly CheckedSubtitleOptions[];
  readonly #maxSeconds: number;
  /** The start of the last cue of each track. */
  readonly #starts: number[];

  /** For the tracks of a writer and the largest time of its clock. */
  constructor(tracks: readonly CheckedSubtitleOptions[], maxSeconds: number) {
    this.#tracks = tracks;
    this.#maxSeconds = maxSeconds;
    this.#starts = tracks.map(() => 0);
  }

  /**
   * Checks a cue and reads each of its fields once. Throws a `TypeError` or `RangeError`; the cue then does
   * not count.
   */
  check(cue: SubtitleCue): Required<SubtitleCue> {
    const other = typeof cue === "object" && cue !== null
      ? Object.keys(cue).find((name) => !fields.includes(name))
      : undefined;
    if (typeof cue !== "object" || cue === null || other !== undefined) {
      throw new TypeError(
        `Cannot write the subtitle: it is ${shown(cue)}, but must be { text, start, end, track? }`,
      );
    }
    const { text, start, end, track = 0 } = cue;
    this.#checkTrack(track);
    checkText(text);
    this.#checkTime("start", start);
    this.#checkTime("end", end);
    if (end <= start) {
      throw new RangeError(
        `Cannot write the subtitle: it ends at ${end} s, but must end later than it starts (${start} s)`,
      );
    }
    const before = this.#starts[track]!;
    if (start < before) {
      throw new RangeError(
        `Cannot write the subtitle: it starts at ${start} s, but must not start before the last one of its track (${before} s)`,
      );
    }
    this.#starts[track] = start;
    return { text, start, end, track };
  }

  #checkTrack(track: unknown): void {
    if (this.#tracks.length === 0) {
      throw new TypeError(
        "Cannot write the subtitle: this writer has no track of subtitles; make it with the option subtitles, such as { subtitles: {} }",
      );
    }
    const options = typeof track === "number" ? this.#tracks[track] : undefined;
    if (options === undefined) {
      throw new RangeError(
        `Cannot write the subtitle: its track is ${shown(track)}, but must be a whole number from 0 to ${
          this.#tracks.length - 1
        }`,
      );
    }
    if (options.from !== null) {
      throw new TypeError(`Cannot write the subtitle: track ${track} is the file ${shown(options.from)}`);
    }
  }

  #checkTime(name: string, value: unknown): void {
    const expected = `a number of seconds from 0 to ${this.#maxSeconds}`;
    const problem = `Cannot write the subtitle: its ${name} is ${shown(value)}, but must be ${expected}`;
    if (typeof value !== "number") throw new TypeError(problem);
    if (!(value >= 0 && value <= this.#maxSeconds)) throw new RangeError(problem);
  }
}

function checkText(text: unknown): void {
  if (typeof text !== "string" || text === "" || text.includes("\0") || !text.isWellFormed()) {
    throw new TypeError(
      `Cannot write the subtitle: its text is ${
        shown(text)
      }, but must be a non-empty string of whole characters, without NUL characters`,
    );
  }
  if (text.length > maxTextLength) {
    throw new RangeError(
      `Cannot write the subtitle: its text has ${text.length} characters, but may have ${maxTextLength}`,
    );
  }
}
