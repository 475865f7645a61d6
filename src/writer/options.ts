/**
 * The checks that every option of a writer passes before anything is opened.
 *
 * @module
 */
import { checkAudio } from "../audio/audio_options.ts";
import { maxPlays } from "../container/animation.ts";
import { checkAttachments } from "../container/attachments.ts";
import { checkChapters } from "../container/chapters.ts";
import { checkCover } from "../container/cover.ts";
import { checkMetadata } from "../container/metadata.ts";
import { parseSampleAspectRatio } from "../container/picture_tags.ts";
import {
  bits,
  type Check,
  checkOptionTable,
  flag,
  moduleAddress,
  object,
  oneOf,
  parseBits,
  record,
  refuseOption,
  requireOptions,
  text,
} from "../option_checks.ts";
import { plainCopy } from "../plain_copy.ts";
import { shown } from "../shown.ts";
import { checkSubtitles } from "../subtitles/subtitle_options.ts";
import { backgroundForm } from "../video/background.ts";
import { checkColor } from "../video/color.ts";
import { isEncodedImage } from "../video/images/encoded_image.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import type { Fallback } from "../engine/session_types.ts";
import type { EngineOptions } from "../thread/engine.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import { workerModule } from "../worker/worker_module.ts";
import { commonChecks, defaultQueueSize } from "./common_checks.ts";
import { guarded } from "./progress_timer.ts";
import { withLive } from "./realtime/live_options.ts";
import { checkSegments } from "./segment_checks.ts";
import {
  checkOutputs,
  checkShared,
  type OutputOptions,
  sharedChecks,
  type SharedOptions,
} from "./outputs/output_options.ts";
import { isAdaptive } from "./adaptive/adaptive_place.ts";
import type { ChunkOptions, WriterOptions } from "./writer_options.ts";

/** Checked options, divided by who uses them. */
export interface CheckedOptions {
  readonly session: SessionOptions;
  readonly engine: EngineOptions;
  /** What to do where the libraries can't be loaded; `null`: to throw. */
  readonly fallback: Fallback | null;
  readonly onProgress: ((stats: WriterStats) => void) | undefined;
  /** Further outputs of the encode. */
  readonly outputs: readonly OutputOptions[];
  /** What all outputs have that say nothing else. */
  readonly shared: SharedOptions;
}

/** What a writer itself needs to know of its options. */
export interface OptionsInUse extends Pick<CheckedOptions, "session" | "onProgress"> {
  readonly engine: Pick<CheckedOptions["engine"], "signal">;
}

const positive: Check = (value) =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? null : "a number above 0";
const bitrate = bits('"800k" or "4M"');
const frameCount: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? null : "a whole number of frames above 0";
const tags = object('an object of strings such as { title: "Waves" }');

/** The check of each option. */
export const writerChecks: { readonly [Name in keyof Required<WriterOptions>]: Check } = {
  ...commonChecks,
  resize: oneOf("error", "contain", "cover", "fill"),
  oddSize: oneOf("pad", "crop", "error"),
  pixelFormat: text,
  palette: oneOf("frame", "clip"),
  quality: (value) =>
    typeof value === "number" && Number.isFinite(value)
      ? null
      : oneOf("low", "medium", "high", "lossless")(value)?.concat(", or a number") ?? null,
  bitrate,
  // libsvtav1 (1.4) divides by the number of kilobits.
  maxBitrate: (value) => bitrate(value) ?? (parseBits(value)! < 1000 ? "1000 bits per second or more" : null),
  passes: (value) => value === 1 || value === 2 ? null : "1 or 2",
  targetBytes: (value) =>
    Number.isSafeInteger(value) && (value as number) > 0 ? null : "a whole number of bytes above 0",
  chunk: object("an object such as { frames: 250 }"),
  live: flag,
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
  background: (value) =>
    typeof value === "string" && backgroundForm.test(value)
      ? null
      : 'a colour: a name such as "white", or digits such as "#20c83c"',
  premultipliedAlpha: flag,
  rotation: (value) => ([0, 90, 180, 270].includes(value as number) ? null : "one of 0, 90, 180, 270"),
  // Checked below.
  sampleAspectRatio: () => null,
  fieldOrder: oneOf("progressive", "tff", "bff"),
  hardware: oneOf("off", "auto", "require"),
  metadata: tags,
  loop: (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxPlays
      ? null
      : `a whole number of plays from 0 to ${maxPlays}`,
  // Checked below, too.
  chapters: (value) => (Array.isArray(value) ? null : "a list of { title, start }"),
  audio: () => null,
  subtitles: () => null,
  cover: (value) =>
    isEncodedImage(value) && Object.keys(value).every((name) => name === "image")
      ? null
      : "a PNG or JPEG file as { image: its bytes }",
  attachments: (value) => (Array.isArray(value) ? null : "a list of { name, data }"),
  segments: object('an object such as { seconds: 60, name: "%H-%M-%S.mp4" }'),
  onSegment: (value) => (typeof value === "function" ? null : "a function"),
  timing: oneOf("constant", "timestamps", "wallclock"),
  latePolicy: oneOf("block", "drop"),
  timestampOrigin: oneOf("zero", "first"),
  filter: text,
  crashSafe: (value) =>
    typeof value === "boolean" || value === "fragments" ? null : 'true, false or "fragments"',
  thread: oneOf("worker", "main"),
  workerUrl: moduleAddress,
  libraryPath: text,
  fallback: oneOf("uncompressed", "process"),
  ...sharedChecks,
  outputs: (value) => Array.isArray(value) ? null : "a list of addresses, paths, manifests and streams",
};

/** Options that exclude each other. */
const exclusive = [
  ["quality", "bitrate"],
  ["quality", "targetBytes"],
  ["bitrate", "targetBytes"],
] as const;

/**
 * Throws a `TypeError` that names an invalid option and what it must be. Returns copies of the options, with
 * bit rates as numbers, and fractions in lowest terms.
 */
export function checkOptions(given: WriterOptions): CheckedOptions {
  requireOptions(given);
  const options = withLive(checkOptionTable(given, writerChecks));
  for (const [one, other] of exclusive) {
    if (options[one] !== undefined && options[other] !== undefined) {
      throw new TypeError(`Cannot use the options ${one} and ${other} together: leave one of them out`);
    }
  }
  const {
    bitrate,
    maxBitrate,
    passes: _passes,
    chunk,
    crashSafe: _crashSafe,
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
    fallback,
    segments,
    onSegment,
    signal,
    onProgress,
    outputs = [],
    reconnect,
    writeTimeoutSeconds,
    ...rest
  } = options;
  requireRates(bitrate, maxBitrate);
  const isTwoPass = needsTwoPasses(options);
  const session = plainCopy<SessionOptions>({
    ...rest,
    ...(metadata === undefined ? {} : { metadata: checkMetadata(metadata) }),
    ...(chapters === undefined ? {} : { chapters: checkChapters(chapters) }),
    ...(color === undefined ? {} : { color: checkColor(color) }),
    audio: audio === undefined ? [] : checkAudio(audio),
    subtitles: subtitles === undefined ? [] : checkSubtitles(subtitles),
    cover: cover === undefined ? null : checkCover(cover),
    attachments: checkAttachments(attachments),
    ...(segments === undefined ? {} : { segments: checkSegments(segments, options) }),
    ...(isTwoPass ? { passes: 2 } : {}),
    ...checkChunk(chunk, options),
    ...(bitrate === undefined ? {} : { bitrate: parseBits(bitrate)! }),
    ...(maxBitrate === undefined ? {} : { maxBitrate: parseBits(maxBitrate)! }),
    ...(shape === undefined ? {} : { sampleAspectRatio: parseSampleAspectRatio(shape) }),
  });
  const isQuiet = options.logLevel === "quiet";
  const engine = {
    ...{ thread, workerModule: new URL(workerUrl), queueSize, libraryPath, signal },
    onSegment: onSegment && guarded("onSegment", onSegment, isQuiet),
  };
  const shared = checkShared({ reconnect, writeTimeoutSeconds });
  const more = checkOutputs(outputs).map((output) => {
    // Segments have no connection that could come back.
    const { reconnect: _none, ...ofSegments } = shared;
    return { ...(isAdaptive(output.target, output.format) ? ofSegments : shared), ...output };
  });
  return { session, engine, fallback: fallback ?? null, onProgress, outputs: more, shared };
}

/** Whether there are two passes. Throws a `TypeError` where nothing says what they are for. */
function needsTwoPasses({ passes, targetBytes, bitrate }: WriterOptions): boolean {
  if (targetBytes !== undefined) {
    if (passes === 1) {
      throw new TypeError("Cannot use the options passes: 1 and targetBytes together: a size takes two");
    }
    return true;
  }
  if (passes === 2 && bitrate === undefined) {
    throw new TypeError("Cannot use the option passes: 2 without bitrate or targetBytes: add one of them");
  }
  return passes === 2;
}

/** Checks of a part of a video, and what follows from it. */
function checkChunk(
  given: ChunkOptions | undefined,
  { audio, subtitles, timing, latePolicy, crashSafe }: WriterOptions,
): Pick<SessionOptions, "chunk" | "crashSafe"> {
  if (given === undefined) return crashSafe === undefined ? {} : { crashSafe };
  const { frames } = checkOptionTable(given, { frames: frameCount }, "chunk.");
  if (frames === undefined) refuseOption("chunk.frames", frames, frameCount(frames)!);
  for (const [name, value] of Object.entries({ audio, subtitles })) {
    if (value === undefined) continue;
    throw new TypeError(
      `Cannot use the options chunk and ${name} together: add ${name} once, to the video that the chunks become`,
    );
  }
  if (timing !== undefined && timing !== "constant") refuseOption("timing", timing, '"constant" in a chunk');
  if (latePolicy === "drop") refuseOption("latePolicy", latePolicy, '"block" in a chunk');
  // Half a chunk is of no use.
  return { chunk: { frames }, crashSafe: crashSafe ?? false };
}

/** Throws a `RangeError` where an average is higher than its limit. */
function requireRates(bitrate: WriterOptions["bitrate"], maxBitrate: WriterOptions["maxBitrate"]): void {
  if (bitrate === undefined || maxBitrate === undefined || parseBits(bitrate)! <= parseBits(maxBitrate)!) {
    return;
  }
  throw new RangeError(
    `Cannot use the option maxBitrate: it is ${shown(maxBitrate)}, but must be the bitrate (${
      shown(bitrate)
    }) or more`,
  );
}
