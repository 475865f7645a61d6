/**
 * Judges what a file says of itself: whatever a writer took must come back.
 *
 * @module
 */
import { parseSampleAspectRatio } from "../../src/container/picture_tags.ts";
import { type Complaint, complaint } from "./allowances.ts";
import type { WrittenCase } from "./judge_times.ts";
import type { FileTags } from "./probe.ts";

/** Seconds by which chapters may be off. */
const chapterTolerance = 0.002;
/** Pixels by which the shown width may be off. */
const widthTolerance = 0.51;

/** What is missing or wrong. */
export function judgeTags({ options, summary }: WrittenCase, found: FileTags): Complaint[] {
  const complaints: Complaint[] = [];
  const { metadata = {}, chapters = [], sampleAspectRatio, fieldOrder } = options;
  for (const [key, value] of Object.entries(metadata)) {
    const told = found.metadata[key.toLowerCase()];
    if (told !== value && !isSameTime(key, told, value)) {
      complaints.push(
        complaint("tags", `the tag ${key} came back as ${JSON.stringify(told)} instead of ${value}`),
      );
    }
  }
  const due = chapters.filter(({ start }) => start < summary.seconds);
  const isSame = due.length === found.chapters.length &&
    due.every(({ title, start }, index) =>
      found.chapters[index]!.title === title &&
      Math.abs(found.chapters[index]!.start - start) <= chapterTolerance
    );
  if (!isSame) complaints.push(complaint("tags", `chapters came back as ${JSON.stringify(found.chapters)}`));
  if (sampleAspectRatio !== undefined) {
    const { num, den } = parseSampleAspectRatio(sampleAspectRatio);
    const shape = found.pixelShape ?? 1;
    if (Math.abs(shape - num / den) * summary.width > widthTolerance) {
      complaints.push(complaint("tags", `pixels came back as ${shape} instead of ${num}/${den}`));
    }
  }
  const contrary = {
    tff: ["bb", "bt", "progressive"],
    bff: ["tt", "tb", "progressive"],
    progressive: ["tt", "bb"],
  };
  if (fieldOrder !== undefined && contrary[fieldOrder].includes(found.fieldOrder ?? "")) {
    complaints.push(
      complaint("tags", `the field order came back as ${found.fieldOrder} instead of ${fieldOrder}`),
    );
  }
  return complaints;
}

function isSameTime(key: string, told: string | undefined, value: string): boolean {
  return key.toLowerCase() === "creation_time" && told !== undefined &&
    Date.parse(told) === Date.parse(value);
}
