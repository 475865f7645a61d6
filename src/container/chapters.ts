/**
 * Named parts of a video, by which players let people find their way.
 *
 * @module
 */
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { ChapterPlace } from "../libav/streams/stream_parameters.ts";
import { fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";
import { movFamily } from "./known_containers.ts";

/**
 * A named part of a video.
 *
 * @example
 * ```ts
 * import type { Chapter } from "@avwriter/avwriter";
 *
 * const chapters: Chapter[] = [{ title: "Start", start: 0 }, { title: "The flight", start: 12.5 }];
 * ```
 */
export interface Chapter {
  /** The chapter's name in players. */
  title: string;
  /** The start in seconds. */
  start: number;
  /** The end in seconds. Default: the start of the next chapter, or the end of the video. */
  end?: number;
}

const fields = ["title", "start", "end"];

/**
 * Throws a `TypeError` or `RangeError` unless the option is a list of chapters in order. Returns a copy.
 */
export function checkChapters(chapters: readonly Chapter[]): Chapter[] {
  let before = -1;
  return Array.from(chapters, (chapter, index) => {
    const given = fieldsOf(typeof chapter === "object" && chapter !== null ? chapter : {}, fields);
    const { title, start, end } = given as Partial<Chapter>;
    const name = `Cannot use the option chapters: number ${index}`;
    const other = Object.keys(given).find((field) => !fields.includes(field));
    if (other !== undefined) {
      throw new TypeError(`${name} has the field ${shown(other)}, but must have title, start and end only`);
    }
    if (typeof title !== "string" || title.includes("\0")) {
      throw new TypeError(
        `${name} has the title ${shown(title)}, but must have a string without NUL characters`,
      );
    }
    for (const [field, value] of Object.entries({ start, ...(end === undefined ? {} : { end }) })) {
      if (typeof value === "number" && Number.isFinite(value) && value >= 0) continue;
      throw new TypeError(
        `${name} has the ${field} ${shown(value)}, but must have a number of seconds from 0`,
      );
    }
    if (start! <= before) {
      throw new RangeError(
        `${name} starts at ${start} s, but must start later than the one before (${before} s)`,
      );
    }
    if (end !== undefined && end <= start!) {
      throw new RangeError(`${name} ends at ${end} s, but must end later than it starts (${start} s)`);
    }
    before = start!;
    return given as unknown as Chapter;
  });
}

/** The chapters of a video of a length in seconds. Leaves out those that begin after its end. */
export function placeChapters(chapters: readonly Chapter[], seconds: number): ChapterPlace[] {
  const seen = chapters.filter(({ start }) => start < seconds);
  return seen.map(({ title, start, end }, index) => ({
    title,
    start,
    end: Math.min(seconds, end ?? seen[index + 1]?.start ?? seconds),
  }));
}

/** The chapters of a file whose length is not known yet. */
export function trialChapters(chapters: readonly Chapter[]): ChapterPlace[] {
  return placeChapters(chapters, (chapters.at(-1)?.start ?? 0) + 1);
}

/** Chapters of a source. In the mp4 family the first one begins at 0, whatever it says. */
export function copiedChapters({ name }: MuxerInfo, chapters: readonly ChapterPlace[]): ChapterPlace[] {
  const placed = chapters.filter(({ end }) => end > 0)
    .map((chapter) => ({ ...chapter, start: Math.max(0, chapter.start) }));
  const begin = placed[0]?.start ?? 0;
  return movFamily.includes(name) && begin > 0 ? [{ title: "", start: 0, end: begin }, ...placed] : placed;
}
