/**
 * What cases tell their containers of the file and its picture. Data only.
 *
 * @module
 */
import type { Value } from "./case_types.ts";

/** Keys of tags: common ones, rare ones, and those that some containers use themselves. */
export const tagKeys: readonly string[] = [
  ...[
    "title",
    "artist",
    "album",
    "comment",
    "date",
    "genre",
    "track",
    "copyright",
    "composer",
    "album_artist",
  ],
  ...["description", "language", "mykey", "my key", "com.example.key", "Ключ", "a=b", "WM/Year", "Duration"],
  ...["service_name", "encoder", "location", "major_brand", "stereo_mode", "author", "handler_name", "disc"],
];

/** Values of tags. */
export const tagValues: readonly string[] = [
  ...["x", "Grüße aus 日本 🎬", "7", "3/12", " spaces  inside ", "two\nlines", "2024", "a;b,c=d/e\\f", "0"],
  "w".repeat(300),
  "é".repeat(600),
];

/** What is none. */
export const oddMetadata: readonly Value[] = [
  ...[null, "title", ["title"], { title: 5 }, { "": "x" }, { title: "" }, { a: "x", A: "y" }] as const,
  ...[{ timecode: "99:00:00:00" }, { creation_time: "now" }, { title: "a\0b" }, {}] as const,
];

/** Chapters. */
export const chapterLists: readonly Value[] = [
  [{ title: "Only", start: 0 }],
  [{ title: "One", start: 0 }, { title: "Zwei 二", start: 0.02, end: 0.03 }, { title: "Late", start: 1e5 }],
  [{ title: "Not at 0", start: 0.01 }],
];

/** What is none. */
export const oddChapters: readonly Value[] = [
  ...[[], [{ title: "x" }], [{ title: "x", start: -1 }], "x", [{ title: "x", start: 1, end: 0 }]] as const,
];

/** Shapes of a pixel. */
export const pixelShapes: readonly Value[] = [
  ...["1/1", "4/3", "16/15", "64/45", "8:9", "12/11", "1/2", "10/1", "1/10", "255/254", "4097/4096"] as const,
  { num: 40, den: 33 },
];

/** What is none. */
export const oddShapes: readonly Value[] = ["0/1", "11/1", "x", 1.5, { num: 1 }, null];
