/**
 * Cases with alpha: kept where the codec has it, dropped where it has none. Data only.
 *
 * @module
 */
import type { CaseRow, Tolerance } from "./case_types.ts";

const exact: Tolerance = { stored: [0, 0], rgb: 0 };
const near: Tolerance = { stored: [8, 0.5], rgb: 2 };
/** Of 4095; the worst measured is 16 (0.1 of 255), and libswscale's bias with deep RGB is 4.8 on average. */
const near12: Tolerance = { stored: [24, 6.4], rgb: 2 };
const cut: Tolerance = { stored: [0, 0], rgb: 1, why: "ffmpeg cuts 16 bits to 8 for the patches: 1 off" };
const partly = { input: "rgba", alpha: true } as const;
const noise = { detail: "noise" } as const;
const noTags = { tags: {}, whyTags: "AVI and NUT have no place for colour tags" } as const;

/** The cases. */
export const alphaCases: readonly CaseRow[] = [
  {
    ...partly,
    codec: "vp9",
    extension: "webm",
    stored: "yuva420p",
    options: { quality: 1 },
    decoder: "libvpx-vp9",
    tolerance: near,
    browser: "video",
  },
  {
    ...partly,
    codec: "vp8",
    extension: "webm",
    stored: "yuva420p",
    options: { quality: 4 },
    decoder: "libvpx",
    tolerance: near,
    browser: "video",
  },
  {
    ...partly,
    ...noise,
    codec: "vp9",
    extension: "mkv",
    stored: "yuva420p",
    options: { quality: "lossless" },
    decoder: "libvpx-vp9",
    tolerance: { stored: [1, 0.5], alpha: 0, rgb: 2 },
  },
  {
    ...partly,
    codec: "prores",
    extension: "mov",
    stored: "yuva444p12le",
    options: { profile: "4444" },
    tolerance: near12,
  },
  {
    ...partly,
    input: "rgba64le",
    codec: "prores",
    extension: "mov",
    stored: "yuva444p12le",
    options: { profile: "4444xq" },
    tolerance: near12,
  },
  { ...partly, ...noise, codec: "ffv1", extension: "mkv", stored: "bgra", tolerance: exact },
  {
    ...partly,
    ...noise,
    input: "rgba64le",
    codec: "ffv1",
    extension: "mkv",
    stored: "gbrap16le",
    tolerance: cut,
  },
  {
    ...partly,
    ...noise,
    input: "bgra",
    codec: "huffyuv",
    extension: "mkv",
    stored: "bgra",
    tolerance: exact,
  },
  { ...partly, ...noise, codec: "utvideo", extension: "avi", stored: "gbrap", tolerance: exact, ...noTags },
  { ...partly, ...noise, codec: "png", extension: "mov", stored: "rgba", tolerance: exact },
  {
    ...partly,
    ...noise,
    input: "rgba64le",
    codec: "png",
    extension: "mkv",
    stored: "rgba64be",
    tolerance: cut,
  },
  {
    ...partly,
    ...noise,
    codec: "apng",
    extension: "apng",
    stored: "rgba",
    tolerance: exact,
    browser: "image",
    tags: { range: "pc" },
    whyTags: "this FFmpeg writes no colour into APNG",
  },
  {
    ...partly,
    ...noise,
    input: "bgra",
    codec: "qtrle",
    extension: "mov",
    stored: "argb",
    tolerance: exact,
    tags: { matrix: "gbr", primaries: "bt709", transfer: "iec61966-2-1" },
    whyTags: "QuickTime's colour box has no range",
  },
  {
    ...partly,
    ...noise,
    codec: "webp",
    extension: "webp",
    stored: "rgba",
    options: { quality: "lossless" },
    tolerance: exact,
    dropsHidden: true,
    browser: "image",
  },
  { ...partly, ...noise, codec: "rawvideo", extension: "nut", stored: "rgba", tolerance: exact, ...noTags },
  {
    ...partly,
    codec: "h264",
    extension: "mp4",
    stored: "yuv420p",
    options: { quality: 1 },
    tolerance: near,
    browser: "video",
  },
  {
    ...partly,
    codec: "h264",
    extension: "mp4",
    stored: "yuv420p",
    options: { quality: 1, background: "#20c83c" },
    tolerance: near,
    browser: "video",
  },
  {
    ...partly,
    ...noise,
    codec: "ffv1",
    extension: "mkv",
    stored: "bgr0",
    options: { pixelFormat: "bgr0", background: "#20c83c" },
    tolerance: { stored: [1, 0.5], rgb: 1 },
  },
];
