/**
 * What a source has besides its tracks, for the file that is made of it.
 *
 * @module
 */
import { plainTags } from "../container/plain_tags.ts";
import type { Chapter } from "../container/chapters.ts";
import type { SourceInfo } from "../engine/reading/reading_types.ts";
import type { Part } from "./media_flow.ts";

/** Tags of a source, as a writer takes them. The timecode is that of its first frame. */
export function metadataOf({ metadata }: SourceInfo, { start }: Part): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [key, value] of Object.entries(plainTags(metadata))) {
    const name = key.toLowerCase();
    if (value === "" || name === "timecode" && start > 0) continue;
    // Readers add parts of a second, which no container keeps.
    tags[key] = name === "creation_time" ? value.replace(/\.\d+/, "") : value;
  }
  return tags;
}

/** The chapters of a part. */
export function chaptersOf({ chapters }: SourceInfo, { start, end }: Part): Chapter[] {
  return chapters
    .filter((chapter) => chapter.end > start && chapter.start < end)
    .map((chapter) => ({ title: chapter.title, start: Math.max(0, chapter.start - start) }))
    .filter((chapter, index, all) => index === 0 || chapter.start > all[index - 1]!.start);
}
