/**
 * What is measured: sizes, encoders with their settings, and the cases made of them. Data only.
 *
 * Every peer gets the same AVOptions by the same names; the number of threads is the encoder's own choice for
 * all.
 *
 * @module
 */
import type { PeerName } from "./peers.ts";

/** Bytes of a pixel, by the pixel format of the frames that a program has. */
export const bytesPerPixel = { rgba: 4, yuv420p: 1.5, yuvj420p: 1.5, rgb48le: 6, gbrp10le: 6 } as const;
/** The pixel format of raw frames. */
export type RawInput = keyof typeof bytesPerPixel;
/** What frames are: raw, or image files. */
export type Input = RawInput | "png" | "jpg";

/** Whether frames are image files. */
export function isImage(input: Input): input is Exclude<Input, RawInput> {
  return !Object.hasOwn(bytesPerPixel, input);
}

/** Frames per second of every video. */
export const frameRate = 30;

/** What luma and chroma mean, by FFmpeg's names; the range is that of the encoder's pixel format. */
export interface Color {
  readonly matrix: string;
  readonly primaries: string;
  readonly transfer: string;
}

/** The size of the frames. */
export interface Size {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** How many times the frames of 1080p make a round about as long. */
  readonly frameFactor: number;
  readonly color: Color;
}

/** An encoder, what it is told, and where its packets go. */
export interface Setting {
  readonly name: string;
  readonly encoder: string;
  /** The extension of the file. */
  readonly extension: "mp4" | "mov" | "mkv" | "webm";
  /** What the encoder gets. */
  readonly pixelFormat: string;
  /** The colours that the codec has, whatever the size. */
  readonly color?: Color;
  /** AVOptions of the encoder. */
  readonly options: Readonly<Record<string, string | number>>;
  /** Frames of a round at 1080p: about two seconds of the limit on two cores. */
  readonly frames: number;
}

/** What the table of a case compares: the whole time, or the time until the first frame was accepted. */
export type Measure = "wallMs" | "firstMs";

/** One table of the report. */
export interface BenchCase {
  readonly name: string;
  readonly size: Size;
  readonly input: Input;
  readonly setting: Setting;
  readonly frames: number;
  /** Videos that are written at once. */
  readonly writers: number;
  /** Rounds that count, where that is not the number asked for. */
  readonly rounds?: number;
  readonly peers: readonly PeerName[];
  readonly measure: Measure;
  /** The peer that ratios refer to. */
  readonly base: PeerName;
  /** The frame from which on the growth of resident memory is measured. */
  readonly growthFrom?: number;
  /** `"quick"` cases run always, `"usual"` ones without `--quick`, `"all"` ones with `--all`. */
  readonly part: "quick" | "usual" | "all";
}

const highDefinition: Color = { matrix: "bt709", primaries: "bt709", transfer: "bt709" };
const standardDefinition: Color = { matrix: "smpte170m", primaries: "smpte170m", transfer: "smpte170m" };

const tiny: Size = { name: "90p", width: 160, height: 90, frameFactor: 40, color: standardDefinition };
const small: Size = { name: "360p", width: 640, height: 360, frameFactor: 6, color: standardDefinition };
const full: Size = { name: "1080p", width: 1920, height: 1080, frameFactor: 1, color: highDefinition };
const ultra: Size = { name: "2160p", width: 3840, height: 2160, frameFactor: 0.25, color: highDefinition };
const huge: Size = { name: "4320p", width: 7680, height: 4320, frameFactor: 0.0625, color: highDefinition };

const x264 = { encoder: "libx264", extension: "mp4", pixelFormat: "yuv420p" } as const;
const ultrafast: Setting = {
  ...x264,
  name: "x264-ultrafast",
  options: { preset: "ultrafast", crf: 23, g: 120 },
  frames: 600,
};

const settings: readonly Setting[] = [
  ultrafast,
  {
    ...x264,
    name: "x264-veryfast",
    options: { preset: "veryfast", crf: 23, g: 120 },
    frames: 300,
  },
  { ...x264, name: "x264-medium", options: { preset: "medium", crf: 23, g: 120 }, frames: 120 },
  {
    name: "x265-ultrafast",
    encoder: "libx265",
    extension: "mp4",
    pixelFormat: "yuv420p",
    options: { preset: "ultrafast", crf: 26, g: 120, "x265-params": "log-level=error" },
    frames: 120,
  },
  {
    name: "vp9-realtime",
    encoder: "libvpx-vp9",
    extension: "webm",
    pixelFormat: "yuv420p",
    options: { deadline: "realtime", "cpu-used": 8, "row-mt": 1, "lag-in-frames": 0, crf: 33, b: 0, g: 120 },
    frames: 300,
  },
  {
    name: "mjpeg",
    encoder: "mjpeg",
    extension: "mov",
    pixelFormat: "yuvj420p",
    // Decoders take every JPEG picture for BT.601.
    color: standardDefinition,
    // A quantizer of 3, in libavcodec's units of 118.
    options: { flags: "+qscale", global_quality: 354 },
    frames: 400,
  },
  {
    name: "ffv1",
    encoder: "ffv1",
    extension: "mkv",
    pixelFormat: "yuv420p",
    options: { level: 3, slices: 4, slicecrc: 1, g: 1 },
    frames: 120,
  },
  {
    name: "prores",
    encoder: "prores_ks",
    extension: "mov",
    pixelFormat: "yuv422p10le",
    options: { profile: "standard" },
    frames: 40,
  },
];

/** The peers of a case, by what its frames are. */
const peersOf: Readonly<Record<"rgba" | "yuv420p", readonly PeerName[]>> = {
  rgba: [
    "limit",
    "avwriter",
    "acquired",
    "limit-drawing",
    "avwriter-main",
    "ffmpeg-rgba",
    "ffmpeg-stdin",
    "node-av",
  ],
  yuv420p: ["limit", "avwriter", "acquired", "ffmpeg-stdin", "node-av"],
};

function partOf(size: Size, setting: Setting): BenchCase["part"] {
  if (setting === ultrafast) return size === full ? "quick" : "usual";
  return size === full ? "usual" : "all";
}

const encodings: readonly BenchCase[] = [full, small, ultra].flatMap((size) =>
  settings.flatMap((setting) =>
    (["rgba", "yuv420p"] as const).map((input): BenchCase => ({
      name: `${size.name}/${input}/${setting.name}`,
      size,
      input,
      setting,
      frames: Math.max(8, Math.round(setting.frames * size.frameFactor)),
      writers: 1,
      peers: peersOf[input],
      measure: "wallMs",
      base: "limit",
      part: partOf(size, setting),
    }))
  )
);

const vp9Alpha: Setting = {
  ...settings.find(({ name }) => name === "vp9-realtime")!,
  name: "vp9-alpha",
  pixelFormat: "yuva420p",
};

/** Frames that are no plain RGBA or yuv420p, beside the ffmpeg program that gets the same. */
const others: readonly BenchCase[] = [
  ...(["rgb48le", "gbrp10le", "png", "jpg"] as const).map((input) => ({
    input,
    setting: ultrafast,
    frames: 120,
  })),
  { input: "rgba" as const, setting: vp9Alpha, frames: 120 },
].map(({ input, setting, frames }) => ({
  name: `${full.name}/${input}/${setting.name}`,
  ...{ size: full, input, setting, frames, writers: 1, part: "all" },
  peers: ["limit", "avwriter", "ffmpeg-same"],
  ...{ measure: "wallMs", base: "ffmpeg-same" },
}));

const apart = { size: small, setting: ultrafast, measure: "wallMs", base: "limit", part: "usual" } as const;

/** Fewer writers at once than sixteen. */
const several = [2, 4].flatMap((writers) =>
  (["yuv420p", "rgba"] as const).map((input): BenchCase => ({
    ...apart,
    name: `many-${writers}/${input}`,
    input,
    frames: 300,
    writers,
    peers: input === "rgba" ? ["limit", "avwriter", "ffmpeg-rgba"] : ["limit", "avwriter"],
    part: "all",
  }))
);

/** The largest frames. */
const largest = (["rgba", "yuv420p"] as const).map((input): BenchCase => ({
  ...{ name: `${huge.name}/${input}/${ultrafast.name}`, size: huge, input, setting: ultrafast },
  frames: Math.round(ultrafast.frames * huge.frameFactor),
  ...{ writers: 1, peers: ["limit", "avwriter", "acquired"], measure: "wallMs", base: "limit", part: "all" },
}));

/** Every case. */
export const cases: readonly BenchCase[] = [
  ...encodings,
  ...largest,
  ...several,
  ...others,
  {
    ...apart,
    name: "start",
    input: "rgba",
    frames: 1,
    writers: 1,
    rounds: 11,
    peers: ["ffmpeg-version", "limit", "ffmpeg-rgba", "avwriter", "avwriter-main", "ffmpeg-stdin", "node-av"],
    measure: "firstMs",
    base: "ffmpeg-version",
    part: "quick",
  },
  {
    ...apart,
    name: "many/yuv420p",
    input: "yuv420p",
    frames: 300,
    writers: 16,
    peers: ["limit", "avwriter"],
  },
  {
    ...apart,
    name: "many/rgba",
    input: "rgba",
    frames: 300,
    writers: 16,
    peers: ["limit", "avwriter", "ffmpeg-rgba"],
  },
  {
    ...apart,
    name: "memory",
    size: tiny,
    input: "rgba",
    frames: 20_000,
    writers: 1,
    growthFrom: 1000,
    peers: ["limit", "avwriter", "acquired", "avwriter-main"],
  },
];
