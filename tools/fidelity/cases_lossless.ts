/**
 * Cases of lossless codecs: bit for bit where the stored format is the given one, exact to one code value
 * where it is converted. Data only.
 *
 * @module
 */
import type { CaseRow, Tolerance } from "./case_types.ts";

/** Rounding to RGB. */
const gifOfYuv: Tolerance = { stored: [3, 1], alpha: 0, rgb: 2 };
const exact: Tolerance = { stored: [0, 0], rgb: 0 };
/** The same luma and chroma come back; what ffmpeg makes of them as RGB is rounded. */
const exactYuv: Tolerance = { stored: [0, 0], rgb: 2 };
const converted: Tolerance = { stored: [1, 0.5], rgb: 2 };
/** 4 of 1023 and 16 of 4095 are 1 of 255. */
const deepBias = "libswscale makes luma from deep RGB up to 3.8 of 1023 too bright (measured; 14 of 4095)";
const noise = { detail: "noise" } as const;
const mkv = { codec: "ffv1", extension: "mkv", ...noise } as const;
const odd = { size: [257, 145] } as const;
const noTags = { tags: {}, whyTags: "AVI, NUT and GIF have no place for colour tags" } as const;
const y4mTags = { tags: { range: "tv" }, whyTags: "YUV4MPEG has a tag for the range only" } as const;
const nut = { codec: "rawvideo", extension: "nut", ...noise, ...noTags } as const;
const avi = { extension: "avi", ...noise, ...noTags } as const;

const conversions: readonly CaseRow[] = [
  { ...nut, input: "rgba", stored: "yuv420p", options: { pixelFormat: "yuv420p" }, tolerance: converted },
  { ...nut, extension: "y4m", input: "rgba", stored: "yuv420p", tolerance: converted, ...y4mTags },
  {
    ...mkv,
    input: "bgra",
    stored: "yuv420p",
    options: { pixelFormat: "yuv420p", color: "bt709" },
    tolerance: converted,
  },
  {
    ...mkv,
    input: "rgb24",
    stored: "yuv422p",
    options: { pixelFormat: "yuv422p", color: "bt2020" },
    tolerance: converted,
  },
  {
    ...mkv,
    input: "bgr24",
    stored: "yuv444p",
    options: { pixelFormat: "yuv444p", color: "srgb" },
    tolerance: converted,
  },
  {
    ...mkv,
    input: "rgba64le",
    stored: "yuv420p10le",
    options: { pixelFormat: "yuv420p10le" },
    tolerance: { stored: [4, 1.6], rgb: 2, why: deepBias },
  },
  {
    ...mkv,
    input: "gbrpf32le",
    stored: "yuv444p12le",
    options: { pixelFormat: "yuv444p12le" },
    tolerance: { stored: [16, 6.4], rgb: 2, why: deepBias },
  },
  { ...mkv, input: "nv12", stored: "yuv420p", tolerance: exactYuv },
  { ...mkv, input: "gray", stored: "yuv420p", options: { pixelFormat: "yuv420p" }, tolerance: converted },
  {
    ...mkv,
    input: "rgba",
    stored: "yuv420p",
    ...odd,
    options: { pixelFormat: "yuv420p" },
    tolerance: converted,
  },
  {
    ...mkv,
    codec: "h264",
    input: "rgba",
    stored: "yuv420p",
    options: { quality: "lossless" },
    tolerance: converted,
  },
  {
    ...mkv,
    codec: "hevc",
    input: "rgba",
    stored: "yuv420p",
    options: { quality: "lossless" },
    tolerance: converted,
  },
  {
    ...mkv,
    codec: "vp9",
    extension: "webm",
    input: "rgb24",
    stored: "yuv420p",
    options: { quality: "lossless" },
    tolerance: converted,
    browser: "video",
  },
  {
    ...mkv,
    codec: "libaom-av1",
    extension: "webm",
    input: "yuv420p",
    stored: "yuv420p",
    options: { quality: "lossless" },
    tolerance: exactYuv,
    browser: "video",
  },
];

const floats = "libswscale takes floats to 16 bits with up to 35 of 65535 off; as 8 bits it cuts, 1 off";

const kept: readonly CaseRow[] = [
  { ...mkv, input: "rgb24", stored: "bgr0", tolerance: exact },
  { ...mkv, input: "gray", stored: "gray", tolerance: exact },
  { ...mkv, input: "yuv422p10le", stored: "yuv422p10le", tolerance: exactYuv },
  { ...avi, codec: "ffv1", input: "bgr24", stored: "bgr0", ...odd, tolerance: exact },
  { ...mkv, input: "gbrpf32le", stored: "gbrp16le", tolerance: { stored: [40, 8], rgb: 1, why: floats } },
  { ...avi, codec: "huffyuv", input: "bgr24", stored: "bgr0", tolerance: exact },
  { ...mkv, codec: "huffyuv", input: "uyvy422", stored: "yuv422p", tolerance: exactYuv },
  { ...avi, codec: "utvideo", input: "rgb24", stored: "gbrp", tolerance: exact },
  {
    ...mkv,
    codec: "utvideo",
    input: "yuv420p",
    stored: "yuv420p",
    tolerance: exactYuv,
    tags: { matrix: "bt470bg", primaries: "smpte170m", transfer: "smpte170m", range: "tv" },
    whyTags: "Ut Video's code says BT.601, which the decoder calls bt470bg",
  },
  { ...mkv, codec: "png", extension: "mov", input: "rgb24", stored: "rgb24", tolerance: exact },
  { ...mkv, codec: "png", input: "gray", stored: "gray", tolerance: exact },
  {
    ...mkv,
    codec: "libx264rgb",
    extension: "mp4",
    input: "bgr24",
    stored: "gbrp",
    options: { quality: "lossless" },
    tolerance: exact,
  },
  { ...avi, codec: "rawvideo", input: "bgr24", stored: "bgr24", tolerance: exact },
  { ...mkv, codec: "rawvideo", input: "nv12", stored: "nv12", tolerance: exactYuv },
  {
    ...mkv,
    codec: "rawvideo",
    extension: "mov",
    input: "uyvy422",
    stored: "uyvy422",
    tolerance: exactYuv,
    tags: { matrix: "smpte170m", primaries: "smpte170m", transfer: "smpte170m" },
    whyTags: "QuickTime's colour box has no range",
  },
  { ...nut, input: "rgb24", stored: "rgb24", tolerance: exact },
];

const webpLossy: Tolerance = {
  stored: [255, 8],
  rgb: 2,
  why: "lossy WebP halves chroma and is compared as RGB: 171 at hard edges, 3.7 on average",
};

const images: readonly CaseRow[] = [
  {
    codec: "gif",
    extension: "gif",
    input: "rgb24",
    stored: "bgra",
    detail: "flat",
    tolerance: exact,
    browser: "image",
    ...noTags,
  },
  {
    codec: "gif",
    extension: "gif",
    input: "yuv444p",
    stored: "bgra",
    detail: "flat",
    options: { color: "bt709" },
    tolerance: gifOfYuv,
    ...noTags,
  },
  {
    codec: "gif",
    extension: "gif",
    input: "yuv444p",
    stored: "bgra",
    detail: "flat",
    options: { color: { matrix: "smpte170m", range: "pc" } },
    tolerance: gifOfYuv,
    ...noTags,
  },
  {
    ...noise,
    codec: "webp",
    extension: "webp",
    input: "rgb24",
    stored: "rgba",
    options: { quality: "lossless", pixelFormat: "bgra" },
    tolerance: exact,
    browser: "image",
  },
  {
    codec: "webp",
    extension: "webp",
    input: "rgb24",
    stored: "rgba",
    options: { quality: "high" },
    tolerance: webpLossy,
    browser: "image",
  },
  {
    codec: "webp",
    extension: "webp",
    input: "rgb24",
    stored: "rgba",
    options: { quality: "high" },
    size: [256, 720],
    frames: 4,
    tolerance: webpLossy,
    browser: "image",
  },
];

/** The cases. */
export const losslessCases: readonly CaseRow[] = [...conversions, ...kept, ...images];
