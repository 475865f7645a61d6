/**
 * Cues that overlap, for containers that show one text at a time.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import { maxMovTextBytes } from "./subtitle_codecs.ts";
import type { Run } from "./styled_text.ts";

/** A text and the time of its display, in seconds. */
export interface TimedText {
  readonly start: number;
  readonly end: number;
  readonly runs: readonly Run[];
}

/** The most characters shown at the same time, in UTF-16 units: the limit of a sample. */
const maxCharacters = Math.floor(maxMovTextBytes / 3);

const newLine: Run = { text: "\n", bold: false, italic: false, underline: false };

/**
 * Splits cues, which come in order of their starts, into consecutive segments. Each has the texts of all cues
 * in it.
 */
export class Segmenter {
  /** Cues that have not ended. */
  #shown: TimedText[] = [];
  /** The end of the last segment. */
  #time = 0;

  /** Adds a cue; returns the segments that later cues cannot change. */
  add(cue: TimedText): TimedText[] {
    const made = this.#advance(cue.start);
    this.#shown.push(cue);
    const characters = this.#shown.reduce((sum, { runs }) => sum + lengthOf(runs) + 1, 0);
    if (characters > maxCharacters) {
      throw new UnsupportedError(
        `Cannot show ${this.#shown.length} subtitles at ${cue.start} s at once: together they have more than ${maxCharacters} characters`,
        { code: "SUBTITLES", operation: "write a subtitle", hint: "Use mkv, which keeps each by itself" },
      );
    }
    return made;
  }

  /** Returns the remaining segments: no more cues come. */
  finish(): TimedText[] {
    return this.#advance(Infinity);
  }

  #advance(until: number): TimedText[] {
    const made: TimedText[] = [];
    for (;;) {
      this.#shown = this.#shown.filter(({ end }) => end > this.#time);
      if (this.#shown.length === 0 || this.#time >= until) break;
      const end = Math.min(until, ...this.#shown.map(({ end }) => end));
      const runs = this.#shown.flatMap(({ runs }, index) => index === 0 ? runs : [newLine, ...runs]);
      made.push({ start: this.#time, end, runs });
      this.#time = end;
    }
    this.#time = until;
    return made;
  }
}

function lengthOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { text }) => sum + text.length, 0);
}
