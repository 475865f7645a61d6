/**
 * What came back from a trial of a container, compared with what was asked for.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { ChapterPlace } from "../libav/streams/stream_parameters.ts";
import { shown } from "../shown.ts";
import { isTimecodeTrack } from "./timecode.ts";

/** What a container is asked to keep. */
export interface KeptRequest {
  /** The tags of the file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly chapters: readonly ChapterPlace[];
  /** The bytes of the cover; `null` where there is none. */
  readonly cover: Uint8Array | null;
}

/** Something that was lost. */
export interface Loss {
  /** What kind of thing it is. */
  readonly kind:
    | "tag"
    | "chapters"
    | "cover"
    | "rotation"
    | "sample aspect ratio"
    | "field order"
    | "HDR metadata";
  readonly code: string;
  /** What it is in an error: `the tag "mykey"`. */
  readonly what: string;
  /** Why it is lost. */
  readonly why: string;
  /** Whether something else is there in its place. */
  readonly isReplaced?: boolean;
}

/** What operations call them. */
const nouns = {
  chapters: "chapters",
  cover: "a cover",
  rotation: "a rotation",
  "sample aspect ratio": "a sample aspect ratio",
  "field order": "a field order",
  "HDR metadata": "HDR metadata",
} as const;

/** What of a request did not come back; with no reader, nothing did. */
export function lossesOf(container: string, file: Demuxer | null, request: KeptRequest): Loss[] {
  const found = file === null ? new Map<string, Set<string>>() : tagsOf(file);
  const losses: Loss[] = [];
  for (const [key, value] of Object.entries(request.metadata)) {
    if (isTimecodeTrack(container, key)) continue;
    const values = found.get(key.toLowerCase()) ?? new Set();
    if (isAmong(values, key, value)) continue;
    const [other] = values;
    losses.push({
      kind: "tag",
      code: "TAG_NOT_FOR_CONTAINER",
      what: `the tag ${shown(key)}`,
      why: other === undefined ? "it does not keep it" : `it would come back as ${shown(other)}`,
      isReplaced: other !== undefined,
    });
  }
  if (request.chapters.length > 0 && !hasChapters(file, request.chapters)) {
    losses.push({
      kind: "chapters",
      code: "CHAPTERS",
      what: "chapters",
      why: chapterLoss(file, request.chapters),
    });
  }
  if (request.cover !== null && !hasCover(file, request.cover)) {
    losses.push({ kind: "cover", code: "COVER", what: "a cover", why: "it does not keep it" });
  }
  // What nothing can read is more likely the cover's fault than that of a tag.
  return file === null ? losses.reverse() : losses;
}

/** The error for a loss. `keepers` are containers that keep it. */
export function lossError(
  container: string,
  { kind, code, what, why }: Loss,
  keepers: readonly string[],
): UnsupportedError {
  return new UnsupportedError(`Cannot write ${what} into ${container}: ${why}`, {
    code,
    operation: `write ${kind === "tag" ? what : nouns[kind]} into ${container}`,
    hint: keepers.length === 0 ? "Leave it out" : `Containers that keep it: ${keepers.join(", ")}`,
  });
}

/** The tags by their keys in lower case: of the file, of its programs and of its first stream. */
function tagsOf(file: Demuxer): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const ofStream = file.streams.length === 0 ? {} : file.tags(0);
  for (const [key, value] of [file.metadata, ...file.programTags, ofStream].flatMap(Object.entries)) {
    const name = key.toLowerCase();
    found.set(name, (found.get(name) ?? new Set()).add(value));
  }
  return found;
}

function isAmong(values: ReadonlySet<string>, key: string, value: string): boolean {
  if (values.has(value)) return true;
  // Readers write times their own way.
  const time = key.toLowerCase() === "creation_time" ? Date.parse(value) : NaN;
  return [...values].some((other) => Date.parse(other) === time);
}

/** Seconds by which a chapter's start may differ: chapters count in thousandths. */
const chapterTolerance = 0.0011;

function hasChapters(file: Demuxer | null, chapters: readonly ChapterPlace[]): boolean {
  const found = file?.chapters ?? [];
  return found.length === chapters.length &&
    chapters.every(({ title, start }, index) =>
      found[index]!.title === title && Math.abs(found[index]!.start - start) < chapterTolerance
    );
}

/** Why chapters are lost. */
function chapterLoss(file: Demuxer | null, chapters: readonly ChapterPlace[]): string {
  const found = file?.chapters ?? [];
  const moved = chapters.findIndex(({ title, start }, index) =>
    found[index]?.title === title && Math.abs(found[index].start - start) >= chapterTolerance
  );
  if (found.length !== chapters.length || moved < 0) return "it does not keep them";
  const { title, start } = chapters[moved]!;
  return `${shown(title)} would begin at ${found[moved]!.start} s instead of ${start} s`;
}

/** Whether a file has a picture beside its streams, byte for byte, and no track of it. */
function hasCover(file: Demuxer | null, cover: Uint8Array): boolean {
  if (file === null) return false;
  const isTrack = (index: number): boolean => file.isOf("video", index) && file.picture(index) === null;
  if (file.streams.some((_, index) => index > 0 && isTrack(index))) return false;
  return file.streams.some((_, index) => {
    const picture = file.picture(index);
    return picture !== null && picture.length === cover.length &&
      picture.every((byte, at) => byte === cover[at]);
  });
}
