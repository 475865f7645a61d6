/**
 * Files that are written on Windows and judged on Linux, by another FFmpeg.
 *
 * @module
 */

/** A file, with default options. */
export interface Sample {
  readonly codec: string;
  /** Its path in the folder of results, with slashes. */
  readonly path: string;
  /** The form in which the path is given. */
  readonly form: "backslashes" | "slashes" | "relative" | "url";
  /** The least that its frames may differ from those written, in dB. */
  readonly leastDecibels: number;
}

/** How many frames each has, and how many a second. */
export const frameCount = 25;
export const frameRate = "30000/1001";

/** All of them. */
export const samples: readonly Sample[] = [
  { codec: "h264", path: "default.mp4", form: "backslashes", leastDecibels: 35 },
  { codec: "h264", path: "default.mov", form: "slashes", leastDecibels: 35 },
  { codec: "h264", path: "a folder/größer 日本 🎬.mp4", form: "backslashes", leastDecibels: 35 },
  { codec: "mpeg4", path: "a folder/100 % & 'so'.mov", form: "url", leastDecibels: 33 },
  { codec: "h264", path: "relative.mkv", form: "relative", leastDecibels: 35 },
  { codec: "ffv1", path: "lossless.mkv", form: "backslashes", leastDecibels: Infinity },
  { codec: "mpeg4", path: "default.avi", form: "slashes", leastDecibels: 33 },
];
