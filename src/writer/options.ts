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
import { checkSubtitles, type SubtitleOptions } from "../subtitles/subtitle_options.ts";
import type { ColorDescription, ColorName } from "../video/color.ts";
import type { TimestampOrigin, Timing } from "../video/frame_timing.ts";
import { type EncodedImage, isEncodedImage } from "../video/images/encoded_image.ts";
import type { PixelFormat } from "../video/raw_frame.ts";
import type { ResizeMode } from "../video/resizer.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import type { EngineOptions } from "../thread/engine.ts";
import type { WriterStats } from "../engine/writer_stats.ts";

/** Options of {@linkcode createFileWriter}. Every one may be left out. */
export interface WriterOptions {
  /** Width in pixels; default: that of the first frame. Given with `height`, the encoder opens before the first frame. */
  width?: number;
  /** Height in pixels; default: that of the first frame. */
  height?: number;
  /**
   * What a frame of another size than the video's gets: `"error"` refuses it, `"contain"` scales it so that all of it is seen
   * between black bars, `"cover"` so that it fills the video and goes beyond it, `"fill"` stretches it. Default `"error"`.
   */
  resize?: "error" | ResizeMode;
  /**
   * What happens where the encoder needs even sides and the frame's are odd: `"pad"` repeats the last column or row, `"crop"`
   * leaves it out, `"error"` refuses the frame. Default `"pad"`.
   */
  oddSize?: "pad" | "crop" | "error";
  /** The pixel format that the encoder gets, by libavutil's name; default: what plays everywhere. */
  pixelFormat?: PixelFormat;
  /**
   * A level, or a number on the encoder's own scale (crf for libx264, libx265, libvpx-vp9, libaom-av1 and libsvtav1; quantizer for
   * mpeg4, xvid and mjpeg; 0 to 100 for webp). Default `"medium"`. `"lossless"` loses nothing of the pixel format.
   */
  quality?: QualityLevel | number;
  /** Bits per second on average, as a number or as `"800k"` or `"4M"`. Not together with `quality`. */
  bitrate?: number | string;
  /** The most bits per second over any two seconds. */
  maxBitrate?: number | string;
  /** The longest time between key frames, in seconds; default: the encoder's. */
  keyFrameInterval?: number;
  /** The encoder's preset, speed against size: `"veryfast"` for libx264, `"8"` for libsvtav1 and (as `cpu-used`) libvpx and libaom. */
  preset?: string;
  /** The encoder's tuning: `"zerolatency"` for libx264. */
  tune?: string;
  /** The codec's profile: `"high"` for libx264, `"4444"` for prores_ks. */
  profile?: string;
  /** Any AVOption of the encoder, by name. Unknown names are refused. */
  encoderOptions?: Record<string, OptionValue>;
  /** The container by libavformat's name; default: by the path's extension. */
  format?: string;
  /** Any AVOption of the muxer, by name. Unknown names are refused. */
  formatOptions?: Record<string, OptionValue>;
  /**
   * What the colours mean; default: BT.709 from 720 lines, BT.601 below. RGB is converted to it; luma and chroma that come in
   * are taken to be in it. The stream is tagged with it. HDR10 is `{ matrix: "bt2020nc", primaries: "bt2020", transfer:
   * "smpte2084" }` with `masteringDisplay` and `contentLight`, which land in mp4, mov, mkv and webm, and in every stream of
   * libx265 and libsvtav1.
   */
  color?: ColorName | Partial<ColorDescription>;
  /** Degrees clockwise by which players turn the picture: in mp4 and mov, and with FFmpeg 7.1 and newer in mkv and webm. */
  rotation?: Rotation;
  /**
   * The shape of a pixel, its width over its height: `"4/3"`. Default: square, but not said. WebM keeps it to the nearest width of
   * the picture in pixels.
   */
  sampleAspectRatio?: SampleAspectRatio;
  /**
   * Tags of the file: `{ title: "Waves", artist: "Ana", date: "2026-03-01" }`. mp4, mov, mkv, webm and flv keep any key (mkv and
   * webm in upper case); avi some. In mp4 and mov, keys that iTunes and QuickTime do not know put all tags where only FFmpeg and
   * MediaInfo look. `timecode: "01:00:00:00"` is the number of the first frame, as hours, minutes, seconds and frames (`";"` before
   * these where 29.97 and 59.94 frames a second leave numbers out): a track of its own in mp4 and mov, a tag elsewhere.
   */
  metadata?: Record<string, string>;
  /**
   * How frames get their times: `"constant"` shows frame n at n/fps, `"timestamps"` at the `timestamp` that `write` is given,
   * `"wallclock"` when `write` was called, and the last one until `close` is. Default `"constant"`. For the others, `fps` is the
   * nominal rate: encoders reckon bit rates with it, and a last frame is 1/fps long.
   */
  timing?: Timing;
  /**
   * What `timestamp`s, and the times of samples and cues, count from: `"zero"`, or the `"first"` one that the writer is given, which is then at
   * 0. With `"first"`, timestamps may be `Date.now() / 1000`. Default `"zero"`.
   */
  timestampOrigin?: TimestampOrigin;
  /**
   * Filters in libavfilter's syntax, between the frames and the encoder: `"hflip,drawbox=c=red"`, `"fps=15"`. They may change
   * size, pixel format and rate. Filters that read files (`movie`, `subtitles`) do so beside Deno's permissions.
   */
  filter?: string;
  /** Named parts of the video, one after the other. mp4, mov, mkv and webm keep them. */
  chapters?: readonly Chapter[];
  /**
   * The picture that players and file managers show for the file: a PNG or JPEG file, which is kept byte for byte. mp4, m4v, m4a and
   * mkv have a place for it, and of audio files mp3 and flac.
   */
  cover?: EncodedImage;
  /** Files that go along with the video, such as the fonts of its subtitles. mkv keeps them. */
  attachments?: readonly Attachment[];
  /**
   * An audio track, or several: `{}` for what is usual. Their samples come with `writeAudio`. `{ from: { silence: true } }` is a track of
   * silence as long as the video, which some services want.
   */
  audio?: AudioOptions | readonly AudioOptions[];
  /**
   * A track of subtitles, or several: `{}` for cues that come with `writeSubtitle`, `{ from: "film.srt" }` for all of an SRT, WebVTT or
   * ASS file. mp4, mov, mkv and webm keep them.
   */
  subtitles?: SubtitleOptions | readonly SubtitleOptions[];
  /**
   * Whether a recording that is killed stays playable. Default: `true`, but `false` where Deno's permissions or the folder leave
   * no room for a second file beside it (`NAME.avwriter`, which is made by `close`). mp4 and mov are recorded in fragments then,
   * and `close` makes an ordinary file of them, which takes as much space again for that moment.
   */
  crashSafe?: boolean;
  /**
   * Where frames are converted and encoded: `"worker"` in a thread of its own, `"main"` in the one that calls `write`. Default
   * `"worker"`; where a thread can't be started, a warning says so, and it is `"main"`.
   */
  thread?: "worker" | "main";
  /** Frames that may wait for the encoder, and how many can be acquired at a time; 1 to 64, default 4. Each takes as much memory as a frame. */
  queueSize?: number;
  /** How much is printed on stderr; default `"error"`. At `"info"` a block tells what was chosen, with the `ffmpeg` command that does the same. */
  logLevel?: LogLevel;
  /** Aborts the writer. */
  signal?: AbortSignal;
  /** Called after frames are written, at most four times a second, and at the end. */
  onProgress?: (stats: WriterStats) => void;
  /** The folder of FFmpeg's libraries; default: `AVWRITER_LIBRARY_PATH`, or the system's folders. The same for all writers of a process. */
  libraryPath?: string;
}

/** Options after the check: what the session is told, what its engine is, and what the writer keeps for itself. */
export interface CheckedOptions {
  readonly session: SessionOptions;
  readonly engine: EngineOptions;
  readonly onProgress: ((stats: WriterStats) => void) | undefined;
}

/** Frames that may wait, unless the options say. */
const defaultQueueSize = 4;

const side: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 0x7fffffff
    ? null
    : "a whole number of pixels from 1";
const positive: Check = (value) =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? null : "a number above 0";
const bitrate = bits('"800k" or "4M"');
const tags = object('an object of strings such as { title: "Waves" }');

/** What each option must be. */
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
  maxBitrate: bitrate,
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
  // What it means is found out below.
  sampleAspectRatio: () => null,
  metadata: tags,
  // Found out below, too.
  chapters: (value) => (Array.isArray(value) ? null : "a list of { title, start }"),
  audio: () => null,
  subtitles: () => null,
  cover: (value) =>
    isEncodedImage(value) && !("data" in value) ? null : "a PNG or JPEG file as { image: its bytes }",
  attachments: (value) => (Array.isArray(value) ? null : "a list of { name, data }"),
  timing: oneOf("constant", "timestamps", "wallclock"),
  timestampOrigin: oneOf("zero", "first"),
  filter: text,
  crashSafe: flag,
  thread: oneOf("worker", "main"),
  queueSize: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64
      ? null
      : "a whole number of frames from 1 to 64",
  logLevel: oneOf("quiet", "error", "warning", "info", "debug"),
  signal: (value) => (value instanceof AbortSignal ? null : "an AbortSignal"),
  onProgress: (value) => (typeof value === "function" ? null : "a function"),
  libraryPath: text,
};

/** Options of which only one may be given. */
const exclusive = [["quality", "bitrate"]] as const;

/** Throws a `TypeError` unless options are an object. */
export function requireOptions(options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  const kind = Array.isArray(options) ? "an array" : options === null ? "null" : `a ${typeof options}`;
  throw new TypeError(`Cannot use options that are ${kind}: give an object`);
}

/** Throws a `TypeError` that names the option and what it must be; returns the options with bit rates as numbers, and fractions in lowest terms. */
export function checkOptions(options: WriterOptions): CheckedOptions {
  requireOptions(options);
  checkOptionTable(options, writerChecks);
  if (options.metadata !== undefined) checkMetadata(options.metadata);
  if (options.chapters !== undefined) checkChapters(options.chapters);
  for (const [one, other] of exclusive) {
    if (options[one] !== undefined && options[other] !== undefined) {
      throw new TypeError(`Cannot use the options ${one} and ${other} together: leave one of them out`);
    }
  }
  const {
    bitrate,
    maxBitrate,
    sampleAspectRatio: shape,
    audio,
    subtitles,
    cover,
    attachments = [],
    thread,
    queueSize = defaultQueueSize,
    libraryPath,
    signal,
    onProgress,
    ...rest
  } = options;
  const session = {
    ...rest,
    audio: audio === undefined ? [] : checkAudio(audio),
    subtitles: subtitles === undefined ? [] : checkSubtitles(subtitles),
    cover: cover === undefined ? null : checkCover(cover),
    attachments: checkAttachments(attachments),
    ...(bitrate === undefined ? {} : { bitrate: parseBits(bitrate)! }),
    ...(maxBitrate === undefined ? {} : { maxBitrate: parseBits(maxBitrate)! }),
    ...(shape === undefined ? {} : { sampleAspectRatio: parseSampleAspectRatio(shape) }),
  };
  return { session, engine: { thread, queueSize, libraryPath, signal }, onProgress };
}
