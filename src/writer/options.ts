/**
 * A writer's options: their types, and the checks that every one of them passes before anything is opened.
 *
 * @module
 */
import { type AudioOptions, checkAudio } from "../audio/audio_options.ts";
import type { QualityLevel } from "../codecs/encoder_traits.ts";
import { type Attachment, checkAttachments } from "../container/attachments.ts";
import { type Chapter, checkChapters } from "../container/chapters.ts";
import { checkCover } from "../container/cover.ts";
import { checkMetadata } from "../container/metadata.ts";
import { parseSampleAspectRatio, type Rotation, type SampleAspectRatio } from "../container/picture_tags.ts";
import type { LogLevel } from "../libav/log.ts";
import type { OptionValue } from "../libav/options.ts";
import {
  bits,
  type Check,
  checkOptionTable,
  flag,
  object,
  oneOf,
  parseBits,
  record,
  text,
} from "../option_checks.ts";
import { plainCopy } from "../plain_copy.ts";
import { checkSubtitles, type SubtitleOptions } from "../subtitles/subtitle_options.ts";
import { checkColor, type ColorDescription, type ColorName } from "../video/color.ts";
import type { TimestampOrigin, Timing } from "../video/frame_timing.ts";
import { type EncodedImage, isEncodedImage } from "../video/images/encoded_image.ts";
import type { PixelFormat } from "../video/raw_frame.ts";
import type { ResizeMode } from "../video/resizer.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import type { EngineOptions } from "../thread/engine.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import { workerModule } from "../worker/worker_module.ts";

/**
 * Options of {@linkcode createFileWriter}. All are optional. They are copied when the writer is made: later
 * changes of the object, and of what is in it, change nothing. They may be getters of a class.
 */
export interface WriterOptions {
  /**
   * Width in pixels. Default: that of the first frame. With both `width` and `height`, the encoder opens
   * before the first frame.
   */
  width?: number;
  /** Height in pixels. Default: that of the first frame. */
  height?: number;
  /**
   * What to do with a frame of another size: `"error"` refuses it, `"contain"` scales it to fit between black
   * bars, `"cover"` scales it to fill the video and crops the rest, `"fill"` stretches it. Default:
   * `"error"`.
   */
  resize?: "error" | ResizeMode;
  /**
   * What to do with an odd width or height where the encoder needs even ones: `"pad"` repeats the last column
   * or row, `"crop"` removes it, `"error"` refuses the frame. Default: `"pad"`.
   */
  oddSize?: "pad" | "crop" | "error";
  /** The encoder's pixel format, by libavutil's name. Default: the one with the widest support. */
  pixelFormat?: PixelFormat;
  /**
   * A level, or a number on the encoder's own scale (crf for libx264, libx265, libvpx-vp9, libaom-av1 and
   * libsvtav1; quantizer for mpeg4, xvid and mjpeg; 0 to 100 for webp). Default: `"medium"`. `"lossless"`
   * preserves the pixel format exactly.
   */
  quality?: QualityLevel | number;
  /** Average bits per second, as a number or as `"800k"` or `"4M"`. Not together with `quality`. */
  bitrate?: number | string;
  /** The maximum of bits per second, over any two seconds. */
  maxBitrate?: number | string;
  /** The maximum time between key frames, in seconds. Default: the encoder's. */
  keyFrameInterval?: number;
  /**
   * The encoder's preset, which trades speed for size: `"veryfast"` for libx264, `"8"` for libsvtav1 and (as
   * `cpu-used`) libvpx and libaom.
   */
  preset?: string;
  /** The encoder's tuning: `"zerolatency"` for libx264. */
  tune?: string;
  /** The codec's profile: `"high"` for libx264, `"4444"` for prores_ks. */
  profile?: string;
  /** Any AVOption of the encoder, by name. Unknown names are refused. */
  encoderOptions?: Record<string, OptionValue>;
  /** The container, by libavformat's name. Default: by the path's extension. */
  format?: string;
  /** Any AVOption of the muxer, by name. Unknown names are refused. */
  formatOptions?: Record<string, OptionValue>;
  /**
   * The colour description. Default: BT.709 from 720 lines on, BT.601 below. RGB frames are converted to it;
   * frames of luma and chroma are assumed to have it. The stream is tagged with it. HDR10 is
   * `{ matrix: "bt2020nc", primaries: "bt2020", transfer: "smpte2084" }` with `masteringDisplay` and
   * `contentLight`, which are written into mp4, mov, mkv and webm, and into every stream of libx265 and
   * libsvtav1.
   */
  color?: ColorName | Partial<ColorDescription>;
  /**
   * Degrees clockwise by which players rotate the picture: in mp4 and mov, and with FFmpeg 7.1 and newer in
   * mkv and webm.
   */
  rotation?: Rotation;
  /**
   * The sample aspect ratio, width to height: `"4/3"`. Default: square pixels, without a tag. WebM rounds it
   * to a whole display width.
   */
  sampleAspectRatio?: SampleAspectRatio;
  /**
   * Tags of the file: `{ title: "Waves", artist: "Ana", date: "2026-03-01" }`. mp4, mov, mkv, webm and flv
   * keep any key (mkv and webm in upper case); avi keeps some. In mp4 and mov, a key that iTunes and
   * QuickTime do not know moves all tags to where only FFmpeg and MediaInfo read them.
   * `timecode: "01:00:00:00"` is the timecode of the first frame: hours, minutes, seconds and frames (`";"`
   * before the frames for drop-frame timecode at 29.97 and 59.94 frames per second). It is a track in mp4 and
   * mov, and a tag elsewhere.
   */
  metadata?: Record<string, string>;
  /**
   * How frames get their times: `"constant"` shows frame n at n/fps, `"timestamps"` at the `timestamp` passed
   * to `write`, `"wallclock"` at the time of the call of `write`, and the last frame until `close` is called.
   * Default: `"constant"`. For the others, `fps` is the nominal rate: encoders compute bit rates with it, and
   * the last frame is 1/fps long.
   */
  timing?: Timing;
  /**
   * What `timestamp`s, and the times of samples and cues, count from: `"zero"`, or the `"first"` one that the
   * writer is given, which is then at 0. With `"first"`, timestamps may be `Date.now() / 1000`. Default
   * `"zero"`.
   */
  timestampOrigin?: TimestampOrigin;
  /**
   * Filters between the frames and the encoder, in libavfilter's syntax: `"hflip,drawbox=c=red"`, `"fps=15"`.
   * They may change size, pixel format and rate. Filters that read files (`movie`, `subtitles`) bypass Deno's
   * permissions.
   */
  filter?: string;
  /** Chapters of the video, in order. mp4, mov, mkv and webm keep them. */
  chapters?: readonly Chapter[];
  /**
   * The cover that players and file managers show: a PNG or JPEG file, kept byte for byte. mp4, m4v, m4a and
   * mkv support it, and of audio files mp3 and flac.
   */
  cover?: EncodedImage;
  /** Files attached to the video, such as the fonts of its subtitles. mkv keeps them. */
  attachments?: readonly Attachment[];
  /**
   * One or more audio tracks: `{}` for the defaults. Samples come with `writeAudio`.
   * `{ from: { silence: true } }` is a track of silence as long as the video, which some services require.
   */
  audio?: AudioOptions | readonly AudioOptions[];
  /**
   * One or more subtitle tracks: `{}` for cues that come with `writeSubtitle`, `{ from: "film.srt" }` for a
   * complete SRT, WebVTT or ASS file. mp4, mov, mkv and webm keep them.
   */
  subtitles?: SubtitleOptions | readonly SubtitleOptions[];
  /**
   * Whether a recording stays playable if the process is killed. Default: `true`, but `false` where Deno's
   * permissions or the folder do not allow a second file (`NAME.avwriter`, which `close` creates). mp4 and
   * mov are then recorded in fragments, and `close` makes an ordinary file from them, which temporarily needs
   * the same space again.
   */
  crashSafe?: boolean;
  /**
   * Where frames are converted and encoded: in a `"worker"`, or in the `"main"` thread, which is the one that
   * calls `write`. Default: `"worker"`. Where no worker can be started, a warning is printed and the main
   * thread is used.
   */
  thread?: "worker" | "main";
  /**
   * The module that avwriter's threads run, for programs that are bundled into one file:
   * `new URL("./NAME.js", import.meta.url)`. Default: `avwriter_worker.js` beside the bundle.
   */
  workerUrl?: string | URL;
  /**
   * How many frames may wait for the encoder, and how many can be acquired at a time; 1 to 64. Default: 4.
   * Each takes the memory of a frame.
   */
  queueSize?: number;
  /**
   * How much is printed to stderr. Default: `"error"`. `"info"` prints a summary of the choices, with the
   * equivalent `ffmpeg` command.
   */
  logLevel?: LogLevel;
  /** Aborts the writer. */
  signal?: AbortSignal;
  /** Called after frames are written, at most four times per second, and at the end. */
  onProgress?: (stats: WriterStats) => void;
  /**
   * The folder of FFmpeg's libraries. Default: `AVWRITER_LIBRARY_PATH`, or the system's folders. It is the
   * same for all writers of a process.
   */
  libraryPath?: string;
}

/** Checked options, divided by who uses them. */
export interface CheckedOptions {
  readonly session: SessionOptions;
  readonly engine: EngineOptions;
  readonly onProgress: ((stats: WriterStats) => void) | undefined;
}

/** The default queue size in frames. */
const defaultQueueSize = 4;

const side: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 0x7fffffff
    ? null
    : "a whole number of pixels from 1";
const positive: Check = (value) =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? null : "a number above 0";
const bitrate = bits('"800k" or "4M"');
const tags = object('an object of strings such as { title: "Waves" }');

/** The check of each option. */
export const writerChecks: { readonly [Name in keyof Required<WriterOptions>]: Check } = {
  width: side,
  height: side,
  resize: oneOf("error", "contain", "cover", "fill"),
  oddSize: oneOf("pad", "crop", "error"),
  pixelFormat: text,
  quality: (value) =>
    typeof value === "number" && Number.isFinite(value)
      ? null
      : oneOf("low", "medium", "high", "lossless")(value)?.concat(", or a number") ?? null,
  bitrate,
  // libsvtav1 (1.4) divides by the number of kilobits.
  maxBitrate: (value) => bitrate(value) ?? (parseBits(value)! < 1000 ? "1000 bits per second or more" : null),
  keyFrameInterval: positive,
  preset: text,
  tune: text,
  profile: text,
  encoderOptions: record,
  format: text,
  formatOptions: record,
  color: (value) =>
    typeof value === "string" || (typeof value === "object" && value !== null)
      ? null
      : "a color's name or { matrix, primaries, transfer, range }",
  rotation: (value) => ([0, 90, 180, 270].includes(value as number) ? null : "one of 0, 90, 180, 270"),
  // Checked below.
  sampleAspectRatio: () => null,
  metadata: tags,
  // Checked below, too.
  chapters: (value) => (Array.isArray(value) ? null : "a list of { title, start }"),
  audio: () => null,
  subtitles: () => null,
  cover: (value) =>
    isEncodedImage(value) && Object.keys(value).every((name) => name === "image")
      ? null
      : "a PNG or JPEG file as { image: its bytes }",
  attachments: (value) => (Array.isArray(value) ? null : "a list of { name, data }"),
  timing: oneOf("constant", "timestamps", "wallclock"),
  timestampOrigin: oneOf("zero", "first"),
  filter: text,
  crashSafe: flag,
  thread: oneOf("worker", "main"),
  workerUrl: (value) =>
    value instanceof URL || typeof value === "string" && URL.canParse(value)
      ? null
      : 'an absolute address, such as new URL("./avwriter_worker.js", import.meta.url)',
  queueSize: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64
      ? null
      : "a whole number of frames from 1 to 64",
  logLevel: oneOf("quiet", "error", "warning", "info", "debug"),
  signal: (value) => (value instanceof AbortSignal ? null : "an AbortSignal"),
  onProgress: (value) => (typeof value === "function" ? null : "a function"),
  libraryPath: text,
};

/** Options that exclude each other. */
const exclusive = [["quality", "bitrate"]] as const;

/** Throws a `TypeError` unless options are an object. */
export function requireOptions(options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  const kind = Array.isArray(options) ? "an array" : options === null ? "null" : `a ${typeof options}`;
  throw new TypeError(`Cannot use options that are ${kind}: give an object`);
}

/**
 * Throws a `TypeError` that names an invalid option and what it must be. Returns copies of the options, with
 * bit rates as numbers, and fractions in lowest terms.
 */
export function checkOptions(given: WriterOptions): CheckedOptions {
  requireOptions(given);
  const options = checkOptionTable(given, writerChecks);
  for (const [one, other] of exclusive) {
    if (options[one] !== undefined && options[other] !== undefined) {
      throw new TypeError(`Cannot use the options ${one} and ${other} together: leave one of them out`);
    }
  }
  const {
    bitrate,
    maxBitrate,
    sampleAspectRatio: shape,
    metadata,
    chapters,
    color,
    audio,
    subtitles,
    cover,
    attachments = [],
    thread,
    workerUrl = workerModule(),
    queueSize = defaultQueueSize,
    libraryPath,
    signal,
    onProgress,
    ...rest
  } = options;
  const session = plainCopy<SessionOptions>({
    ...rest,
    ...(metadata === undefined ? {} : { metadata: checkMetadata(metadata) }),
    ...(chapters === undefined ? {} : { chapters: checkChapters(chapters) }),
    ...(color === undefined ? {} : { color: checkColor(color) }),
    audio: audio === undefined ? [] : checkAudio(audio),
    subtitles: subtitles === undefined ? [] : checkSubtitles(subtitles),
    cover: cover === undefined ? null : checkCover(cover),
    attachments: checkAttachments(attachments),
    ...(bitrate === undefined ? {} : { bitrate: parseBits(bitrate)! }),
    ...(maxBitrate === undefined ? {} : { maxBitrate: parseBits(maxBitrate)! }),
    ...(shape === undefined ? {} : { sampleAspectRatio: parseSampleAspectRatio(shape) }),
  });
  const engine = { thread, workerModule: new URL(workerUrl), queueSize, libraryPath, signal };
  return { session, engine, onProgress };
}
