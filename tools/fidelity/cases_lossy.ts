/**
 * Cases of codecs that lose something, at their best qualities. Data only.
 *
 * @module
 */
import type { CaseRow, Tolerance } from "./case_types.ts";

/** What rounding to 8 bits and the best quality leave: 6.1 at worst (mjpeg), 0.3 on average. */
const near: Tolerance = { stored: [8, 0.5], rgb: 2 };
/**
 * The same in 10 bits: 18 at worst (SVT-AV1); libswscale makes luma from deep RGB up to 3.5 too bright, 1.3
 * on average.
 */
const near10: Tolerance = { stored: [24, 1.6], rgb: 2 };
/** The default quality of H.264: 13 at worst, 0.3 on average. */
const medium: Tolerance = { stored: [24, 0.5], rgb: 2 };
const best = { quality: 1 } as const;
const video = { browser: "video" } as const;
const hd = { size: [256, 720], frames: 4 } as const;
const odd = { size: [257, 145] } as const;
const noTags = { tags: {}, whyTags: "AVI has no place for colour tags, nor has the codec" } as const;

const plain = { stored: "yuv420p", options: best, tolerance: near } as const;
const mp4 = { ...plain, codec: "h264", extension: "mp4", ...video } as const;
const mixed = { matrix: "smpte170m", primaries: "bt709", transfer: "iec61966-2-1", range: "pc" } as const;

/**
 * Frames as a screen recording has them. Of two frames that are 1 ms apart Chromium shows the first until the
 * third, in any mp4.
 */
const irregular = [0, 1 / 60, 0.05, 0.0777, 0.25, 0.2612, 0.3, 1, 1.01, 1.5, 1.5166666, 2.2] as const;
const timed = { times: irregular, options: { ...best, timing: "timestamps" } } as const;

const h264: readonly CaseRow[] = [
  { ...mp4, input: "rgba" },
  { ...mp4, input: "rgba", options: {}, tolerance: medium },
  { ...mp4, input: "rgba", ...hd },
  { ...mp4, input: "bgra", options: { ...best, color: "bt709" }, fps: "30000/1001", exactFps: [30000, 1001] },
  { ...mp4, input: "rgb24", options: { ...best, color: "bt2020" }, fps: 23.976, exactFps: [24000, 1001] },
  {
    ...mp4,
    input: "bgr24",
    options: { ...best, color: "srgb" },
    stored: "yuvj420p",
    fps: 59.94,
    exactFps: [60000, 1001],
  },
  { ...mp4, input: "rgba", options: { ...best, color: mixed }, stored: "yuvj420p" },
  { ...mp4, input: "gray" },
  { ...mp4, input: "nv12" },
  { ...mp4, input: "rgba", frames: 1 },
  { ...mp4, input: "rgba", ...odd, storedSize: [258, 146] },
  { ...mp4, input: "rgba", ...odd, options: { ...best, oddSize: "crop" }, storedSize: [256, 144] },
  { ...mp4, input: "rgba", ...timed },
  { ...mp4, extension: "mov", input: "yuv420p", fps: 29.97, exactFps: [30000, 1001] },
  { ...plain, codec: "h264", extension: "mkv", input: "uyvy422" },
  { ...plain, codec: "h264", extension: "ts", input: "rgba" },
  { ...plain, codec: "h264", extension: "flv", input: "rgba" },
  { ...mp4, input: "rgba", ...hd, options: { ...best, filter: "eq" } },
  { ...mp4, input: "rgba", options: { ...best, filter: "format=gbrp,format=yuv444p", color: "bt2020" } },
  { ...mp4, input: "rgba", options: { ...best, filter: "unsharp=la=0", color: "srgb" }, stored: "yuvj420p" },
];

const deep = { stored: "yuv420p10le", tolerance: near10 } as const;

const hevcAndAv1: readonly CaseRow[] = [
  { ...plain, codec: "hevc", extension: "mp4", input: "rgba", codecTag: "hvc1" },
  { ...deep, codec: "hevc", extension: "mov", input: "yuv422p10le", options: best },
  { ...deep, codec: "hevc", extension: "mkv", input: "rgba64le", options: { ...best, color: "bt2020" } },
  { ...mp4, codec: "av1", input: "bgra" },
  {
    ...deep,
    codec: "av1",
    extension: "webm",
    input: "gbrpf32le",
    options: { ...best, color: "bt709" },
    ...video,
  },
  { ...mp4, codec: "libaom-av1", input: "rgba", ...hd },
];

const webm = { ...mp4, extension: "webm" } as const;

const rfc6386 = "VP8 knows no other matrix than BT.601's (RFC 6386, 9.2)";

const vpx: readonly CaseRow[] = [
  { ...webm, codec: "vp9", input: "rgb24" },
  { ...webm, codec: "vp9", input: "bgra", ...timed },
  { ...webm, codec: "vp9", input: "bgr24", options: { quality: 0, color: "srgb" } },
  { ...webm, ...deep, codec: "vp9", input: "yuv422p10le" },
  { ...mp4, codec: "vp9", input: "rgba", ...odd },
  { ...webm, codec: "vp8", input: "rgb24", options: { quality: 4 } },
  {
    ...webm,
    codec: "vp8",
    input: "rgb24",
    options: { quality: 4 },
    ...hd,
    matrix: "smpte170m",
    whyTags: rfc6386,
  },
];

/** JPEG's colour: BT.601's matrix in full range (JFIF), whatever the size. */
const jpeg = {
  ...plain,
  codec: "mjpeg",
  stored: "yuvj420p",
  matrix: "smpte170m",
  tags: { matrix: "bt470bg", primaries: null, transfer: null, range: "pc" },
  whyTags: "JPEG knows no other matrix than BT.601's, which the decoder calls bt470bg",
} as const;

const older: readonly CaseRow[] = [
  { ...plain, codec: "mpeg4", extension: "mp4", input: "rgba" },
  { ...plain, codec: "xvid", extension: "avi", input: "bgr24", ...noTags },
  { ...jpeg, extension: "avi", input: "rgba" },
  { ...jpeg, extension: "avi", input: "rgba", ...hd },
  { ...jpeg, extension: "mov", input: "uyvy422" },
  { ...plain, codec: "mpeg2video", extension: "ts", input: "yuv420p" },
  { ...plain, codec: "mpeg2video", extension: "mxf", input: "rgba" },
];

const high = { quality: "high" } as const;
const prores = { ...plain, codec: "prores", stored: "yuv422p10le", options: high } as const;
const hqx = { stored: "yuv422p10le", options: { profile: "dnxhr_hqx" }, tolerance: near10 } as const;
/** Encoders of DNxHD write BT.709 into each frame, and decoders go by that. */
const dnxhd = {
  ...plain,
  codec: "dnxhd",
  stored: "yuv422p",
  options: high,
  matrix: "bt709",
  whyTags: "this encoder's frames say BT.709",
} as const;

const editing: readonly CaseRow[] = [
  { ...prores, extension: "mov", input: "yuv422p10le" },
  { ...prores, extension: "mkv", input: "rgba" },
  { ...dnxhd, extension: "mov", input: "rgba" },
  { ...dnxhd, extension: "mov", input: "rgba64le", ...hqx },
  { ...dnxhd, extension: "mxf", input: "uyvy422", ...hd },
];

/** The cases. */
export const lossyCases: readonly CaseRow[] = [...h264, ...hevcAndAv1, ...vpx, ...older, ...editing];
