/**
 * Recipes that decode and encode a video: into another codec or size, an exact part, a GIF.
 *
 * @module
 */
import { audioChecks, type AudioOptions } from "../audio/audio_options.ts";
import type { Codec } from "../codecs/families.ts";
import { filePath } from "../file_path.ts";
import { withFiltersBefore } from "../libav/conversion/filter_graph.ts";
import { type Check, checkOptionTable, object, oneOf, withoutUndefined } from "../option_checks.ts";
import type { SourceInfo } from "../engine/reading/reading_types.ts";
import type { ResizeMode } from "../video/resizer.ts";
import { writerChecks } from "../writer/options.ts";
import { ProgressTimer } from "../writer/progress_timer.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import {
  checkRecipe,
  recipeChecks,
  type RecipeOptions,
  type RecipeProgress,
  requireOtherFile,
} from "./copy_recipe.ts";
import { encodeFile, type EncodeSummary } from "./encode_file.ts";
import type { Part } from "./media_flow.ts";
import { pictureFilters, turnedShape } from "./picture_filters.ts";

/** How far a recipe is that decodes and encodes. */
export interface TranscodeProgress extends RecipeProgress {
  /** How many frames are done. */
  readonly frames: number;
  /** How many frames are done in a second, on average. */
  readonly fps: number;
  /** How many seconds the rest will take at that speed; `null` where the length is not known. */
  readonly secondsLeft: number | null;
}

/** Options of the audio of a file that is transcoded. */
export type TranscodeAudio = Pick<
  AudioOptions,
  "codec" | "sampleRate" | "channels" | "layout" | "bitrate" | "sampleFormat" | "encoderOptions"
>;

/** Options of every recipe that encodes a video. */
export interface EncodeOptions extends
  Omit<RecipeOptions, "onProgress">,
  Pick<
    WriterOptions,
    | "pixelFormat"
    | "alpha"
    | "quality"
    | "bitrate"
    | "maxBitrate"
    | "passes"
    | "targetBytes"
    | "keyFrameInterval"
    | "preset"
    | "tune"
    | "profile"
    | "encoderOptions"
    | "formatOptions"
    | "hardware"
    | "background"
    | "metadata"
    | "logLevel"
  > {
  /**
   * The options of the audio tracks, or `false` for none. Default: the codec that the container usually has,
   * or that of the source where a part is cut out exactly, at the rate and with the channels of each track.
   */
  audio?: false | TranscodeAudio;
  /** Called while the work goes on, at most four times per second, and at the end. */
  onProgress?: (progress: TranscodeProgress) => void;
}

/**
 * Options of {@linkcode transcode}.
 *
 * @example
 * ```ts
 * import type { TranscodeOptions } from "@avwriter/avwriter/recipes";
 *
 * const options: TranscodeOptions = { width: 640, quality: "low", audio: { bitrate: "64k" } };
 * ```
 */
export interface TranscodeOptions extends EncodeOptions {
  /** Width in pixels. Default: that of the source, or what keeps its shape. */
  width?: number;
  /** Height in pixels. Default: that of the source, or what keeps its shape. */
  height?: number;
  /**
   * What to do where `width` and `height` have another shape than the source: `"contain"` shows all of it
   * between black bars, `"cover"` fills the video and crops the rest, `"fill"` stretches it. Default:
   * `"contain"`.
   */
  resize?: ResizeMode;
  /** Filters behind that, in libavfilter's syntax: `"fps=15"`. */
  filter?: string;
  /** Where the part begins that is transcoded, in seconds. Default: 0. */
  start?: number;
  /** Where it ends, in seconds. Default: the end of the file. */
  end?: number;
}

const { signal, thread, libraryPath, workerUrl, onProgress } = recipeChecks;
const { pixelFormat, alpha, quality, bitrate, maxBitrate, keyFrameInterval, preset, tune } = writerChecks;
const { profile, encoderOptions, formatOptions, hardware, background, metadata, logLevel } = writerChecks;
const { passes, targetBytes } = writerChecks;

/** A number of seconds from 0 on. */
export const seconds: Check = (value) =>
  typeof value === "number" && value >= 0 ? null : "a number of seconds from 0";
/** A length in pixels. */
export const pixels: Check = (value) =>
  Number.isInteger(value) && (value as number) > 0 ? null : "a whole number of pixels above 0";

/** The checks of {@linkcode EncodeOptions}. */
export const encodeChecks: { readonly [Name in keyof Required<EncodeOptions>]: Check } = {
  ...{ signal, thread, libraryPath, workerUrl, onProgress },
  ...{ pixelFormat, alpha, quality, bitrate, maxBitrate, keyFrameInterval, preset, tune },
  ...{ profile, encoderOptions, formatOptions, hardware, background, metadata, logLevel },
  ...{ passes, targetBytes },
  audio: (value) => value === false ? null : object('false, or an object such as { codec: "opus" }')(value),
};

/** The checks of a part and of a size. */
const placeChecks = {
  ...{ width: pixels, height: pixels, resize: oneOf("contain", "cover", "fill") },
  ...{ filter: writerChecks.filter, start: seconds, end: seconds },
};

const trackChecks: { readonly [Name in keyof Required<TranscodeAudio>]: Check } = {
  codec: audioChecks.codec,
  sampleRate: audioChecks.sampleRate,
  channels: audioChecks.channels,
  layout: audioChecks.layout,
  bitrate: audioChecks.bitrate,
  sampleFormat: audioChecks.sampleFormat,
  encoderOptions: audioChecks.encoderOptions,
};

/** What is encoded, besides the options that all such recipes have. */
export interface EncodePlan {
  readonly codec: Codec | ((source: SourceInfo) => Codec);
  readonly part: Part;
  readonly action: string;
  /** Options of the writer for a source. */
  readonly writerOptions: (source: SourceInfo) => WriterOptions;
  /**
   * Whether audio keeps its codecs, and video its pixel format where the encoder takes it. Otherwise they get
   * what container and encoder usually have.
   */
  readonly keepsCodecs?: boolean;
  /** Whether audio before the video is kept. */
  readonly keepsEarlyAudio?: boolean;
}

/** Throws a `RangeError` unless a part ends after it begins. */
export function requirePartOrder({ start, end }: Part): void {
  if (end > start) return;
  throw new RangeError(`Cannot use the end ${end}: it must be more than the start, ${start}`);
}

/** Encodes a file as options and a plan say. */
export async function runEncode(
  input: string | URL,
  output: string | URL,
  { codec, part, action, writerOptions, keepsCodecs = false, keepsEarlyAudio = false }: EncodePlan,
  { audio, onProgress, ...options }: EncodeOptions,
): Promise<EncodeSummary> {
  const { signal, thread, libraryPath, workerUrl, logLevel, ...encoding } = options;
  const places = { input: filePath(input, action), output: filePath(output) };
  const tracks = audio === undefined || audio === false ? {} : checkOptionTable(audio, trackChecks, "audio.");
  signal?.throwIfAborted();
  requireOtherFile([places.input], places.output, action);
  requirePartOrder(part);
  const hasTwoPasses = encoding.passes === 2 || encoding.targetBytes !== undefined;
  const progress = new Progress(onProgress, logLevel === "quiet", hasTwoPasses ? firstPassShare : 1);
  const common = withoutUndefined({ signal, thread, libraryPath, workerUrl, logLevel });
  const summary = await encodeFile({
    ...places,
    ...{ codec, part, action, signal, thread, libraryPath, workerUrl, logLevel },
    keepsPixelFormat: keepsCodecs,
    keepsEarlyAudio,
    writerOptions: (source) => ({ ...common, ...writerOptions(source), ...withoutUndefined(encoding) }),
    audioOptions: audio === false ? null : ({ codec }) => ({ ...(keepsCodecs ? { codec } : {}), ...tracks }),
    onStep: ({ frames, seconds }, all) => progress.reach(frames, seconds, all),
    onFinish: (share) => progress.finish(share),
  });
  progress.end();
  return summary;
}

/** How much of the work is done once all frames are read, where they are encoded once more. */
const firstPassShare = 0.5;

/** Tells a program how far the encoding is. */
class Progress {
  readonly #timer: ProgressTimer<TranscodeProgress>;
  readonly #beganMs = performance.now();
  /** How much is done once all frames are read. */
  readonly #readShare: number;
  #finished = 0;
  #frames = 0;

  constructor(onProgress: EncodeOptions["onProgress"], isQuiet: boolean, readShare: number) {
    this.#timer = new ProgressTimer(onProgress, isQuiet);
    this.#readShare = readShare;
  }

  /** So many frames are done, and the last one begins after so many seconds of all. */
  reach(frames: number, seconds: number, all: number | null): void {
    this.#frames = frames;
    const isKnown = all !== null && all > 0;
    this.#timer.tell(() => this.#at(isKnown ? Math.min(1, seconds / all) * this.#readShare : null), false);
  }

  /** All frames are read, and a share of what comes then is done: its own estimate may go back. */
  finish(share: number): void {
    if (share === 0 || share >= 1 || this.#readShare === 1) return;
    this.#finished = Math.max(this.#finished, this.#readShare + share * (1 - this.#readShare));
    this.#timer.tell(() => this.#at(this.#finished), false);
  }

  /** Everything is done. */
  end(): void {
    this.#timer.tell(() => this.#at(1), true);
  }

  #at(finished: number | null): TranscodeProgress {
    const elapsed = (performance.now() - this.#beganMs) / 1000;
    return {
      finished,
      frames: this.#frames,
      fps: elapsed > 0 ? this.#frames / elapsed : 0,
      secondsLeft: finished === null || finished === 0 ? null : elapsed * (1 - finished) / finished,
    };
  }
}

/** The options of a writer that keep the shape of a source's pixels. */
export function shapeOf(source: SourceInfo): WriterOptions {
  const { num, den } = turnedShape(source);
  return num === den ? {} : { sampleAspectRatio: { num, den } };
}

/**
 * Decodes a video and encodes it with another codec, in another size, or a part of it. Its audio is encoded,
 * too. Pictures are turned as players turn them.
 *
 * The new file is made under the name `NAME.avwriter.EXTENSION` and takes its place when it is whole.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file, which is another one; its extension chooses the container.
 * @param codec A family of codecs (`"h264"`, `"hevc"`, `"av1"`, `"vp9"`, ...), or the exact name of any
 * encoder of libavcodec.
 * @param options See {@linkcode TranscodeOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path is none, both are one file, or an option has the wrong type.
 * @throws {RangeError} The part ends before it begins, or begins after the end of the video.
 * @throws {ReadError} The file can't be read, or has no video.
 * @throws {EncoderNotFoundError} No encoder for the codec can be used.
 * @throws {OptionError} An option of the encoder or muxer is unknown, or its value is refused.
 * @throws {UnsupportedError} Codec, container, pixel format or size do not go together.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { transcode } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, 30);
 *   for (let n = 0; n < 10; n++) {
 *     await writer.write({ data: new Uint8Array(128 * 96 * 4), width: 128, height: 96 });
 *   }
 * }
 * const { width, height, frames } = await transcode(`${folder}/in.mp4`, `${folder}/out.mkv`, "hevc", {
 *   width: 64,
 * });
 * if (width !== 64 || height !== 48 || frames !== 10) throw new Error("not as asked");
 * ```
 */
export async function transcode(
  input: string | URL,
  output: string | URL,
  codec: Codec,
  options: TranscodeOptions = {},
): Promise<EncodeSummary> {
  const checked = checkRecipe(options, { ...encodeChecks, ...placeChecks });
  const { width, height, resize, filter, start = 0, end = Infinity, ...others } = checked;
  const size = withoutUndefined({ width, height, resize });
  const writerOptions = (source: SourceInfo): WriterOptions => {
    const { filters, isSquare } = pictureFilters(source, size, 2);
    const all = filter === undefined ? filters.join(",") : withFiltersBefore(filters, filter);
    return { ...(isSquare ? {} : shapeOf(source)), ...(all === "" ? {} : { filter: all }) };
  };
  return await runEncode(
    input,
    output,
    { codec, part: { start, end }, action: "transcode", writerOptions, keepsEarlyAudio: start === 0 },
    others,
  );
}
