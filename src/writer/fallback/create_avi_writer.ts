/**
 * The door that needs no FFmpeg and no FFI: a stream of bytes and a frame rate make a writer of AVI.
 *
 * @module
 */
import { unlessAbortedMeanwhile } from "../../abortable.ts";
import { type ChannelLayoutName, channelLayoutNames } from "../../audio/channels.ts";
import {
  channelLayout,
  defaultLayout,
  isChannelCount,
  isLayoutName,
  maxChannels,
} from "../../audio/channels.ts";
import { requireSampleRate } from "../../audio/samples.ts";
import { AviEngine } from "../../avi/avi_engine.ts";
import { AviSession } from "../../avi/avi_session.ts";
import { type JpegQuality, jpegQuantizers, jpegScale } from "../../avi/jpeg_quality.ts";
import { pcmSampleBytes, type PcmSampleFormat } from "../../avi/layout.ts";
import type { PcmOptions } from "../../avi/pcm_track.ts";
import { StreamTarget } from "../../avi/stream_target.ts";
import { createClock } from "../../engine/frame_clock.ts";
import type { WriterStats } from "../../engine/writer_stats.ts";
import type { LogLevel } from "../../libav/log.ts";
import { type Check, checkOptionTable, oneOf, refuseOption, text } from "../../option_checks.ts";
import { shown } from "../../shown.ts";
import { type FrameRate, parseFrameRate } from "../../video/frame_rate.ts";
import { requireStream } from "../bytes/byte_stream.ts";
import { commonChecks, defaultQueueSize } from "../common_checks.ts";
import { EngineVideoWriter } from "../engine_video_writer.ts";
import type { VideoWriter } from "../video_writer.ts";

/**
 * A track of PCM samples.
 *
 * @example
 * ```ts
 * import type { AviAudioOptions } from "@avwriter/avwriter/avi";
 *
 * const audio: AviAudioOptions = { sampleRate: 44100, channels: 1, sampleFormat: "flt" };
 * ```
 */
export interface AviAudioOptions {
  /** Samples per second and channel. Default: those of samples that come before the first frame, or 48000. */
  sampleRate?: number;
  /** Number of channels. Default: those of samples that come before the first frame, or 2. */
  channels?: number;
  /** The speaker layout of the channels. Default: the usual layout for the number of channels. */
  layout?: ChannelLayoutName;
  /** The sample format in the file. Default: `"s16"`. */
  sampleFormat?: PcmSampleFormat;
  /** The track's name in players. */
  title?: string;
}

/**
 * Options of {@linkcode createAviWriter}. Every one may be left out.
 *
 * @example
 * ```ts
 * import type { AviWriterOptions } from "@avwriter/avwriter/avi";
 *
 * const options: AviWriterOptions = { audio: { sampleRate: 44100 }, alpha: "discard" };
 * ```
 */
export interface AviWriterOptions {
  /** Width in pixels. Default: that of the first frame. */
  width?: number;
  /** Height in pixels. Default: that of the first frame. */
  height?: number;
  /**
   * What pictures become: `"rawvideo"` stores pixels as they are, `"mjpeg"` makes JPEG of RGB and gray ones,
   * in TypeScript, which takes about 0.1 s for a picture of 1920x1080. Default: `"rawvideo"`.
   */
  codec?: "rawvideo" | "mjpeg";
  /** The quality of `"mjpeg"`: a level, or a quantizer from 1, the best, to 31. Default: `"medium"`. */
  quality?: JpegQuality;
  /**
   * What becomes of alpha: `"keep"` stores it, `"discard"` leaves it out. Default: it is stored where the
   * first frame has a pixel that is not opaque. Where it is not stored, pixels lie over black.
   */
  alpha?: "keep" | "discard";
  /**
   * What becomes of a JPEG image that says in its EXIF data that it lies on its side: `"from-image"` refuses
   * it, as nothing is turned here; `"none"` stores it as it is. Default: `"from-image"`.
   */
  imageOrientation?: "from-image" | "none";
  /** One or more audio tracks: `{}` for the defaults. Samples come with `writeAudio`. */
  audio?: AviAudioOptions | readonly AviAudioOptions[];
  /** How many frames may wait for the stream or be acquired at a time; 1 to 64. Default: 4. */
  queueSize?: number;
  /** How much is printed to stderr. Default: `"error"`. */
  logLevel?: LogLevel;
  /** Aborts the writer: its calls then reject with the signal's reason. */
  signal?: AbortSignal;
  /** Called after frames are written, at most four times per second, and at the end. */
  onProgress?: (stats: WriterStats) => void;
}

const { width, height, alpha, imageOrientation, queueSize, logLevel, signal, onProgress } = commonChecks;
const checks: { readonly [Name in keyof Required<AviWriterOptions>]: Check } = {
  ...{ width, height, alpha, imageOrientation, queueSize, logLevel, signal, onProgress },
  codec: oneOf("rawvideo", "mjpeg"),
  quality: (value) =>
    typeof value === "number" && value >= jpegQuantizers.min && value <= jpegQuantizers.max
      ? null
      : oneOf("low", "medium", "high")(value)?.concat(
        `, or a number from ${jpegQuantizers.min} to ${jpegQuantizers.max}`,
      ) ?? null,
  // Checked below.
  audio: () => null,
};

const audioChecks: { readonly [Name in keyof Required<AviAudioOptions>]: Check } = {
  // Checked below, with another error class.
  sampleRate: () => null,
  channels: (value) => isChannelCount(value) ? null : `a whole number from 1 to ${maxChannels}`,
  layout: (value) => isLayoutName(value) ? null : `one of ${channelLayoutNames.join(", ")}`,
  sampleFormat: oneOf(...Object.keys(pcmSampleBytes)),
  title: text,
};

/**
 * Makes a writer that writes AVI to a stream of bytes, in pure TypeScript: pictures and samples as they are,
 * without FFmpeg and without FFI, so that it runs on every runtime. Programs like ffmpeg, VLC and OpenCV read
 * it.
 *
 * Raw frames may have 8 bits a component: `rgba`, `bgra`, `argb`, `abgr`, `rgb24`, `bgr24`, `rgb0`, `bgr0`,
 * `0rgb`, `0bgr`, `gray`, `yuv420p`, `yuv422p`, `yuv444p`, `nv12`, `yuyv422` and `uyvy422`. RGB is stored as
 * blue, green and red without a loss. JPEG images are stored as they are (MJPEG). Frame n is shown at n/fps.
 * As a stream can't go back, the file has no length in its header and no index: readers find frames by
 * reading it. A file of {@linkcode createFileWriter} with `fallback: "uncompressed"` has both.
 *
 * @param stream Where the bytes go. It is closed with the writer, and aborted with it.
 * @param fps Frames per second, kept exactly.
 * @param options See {@linkcode AviWriterOptions}.
 * @returns The writer. Close it, best with `await using`. Its `writeSubtitle` refuses every cue.
 *
 * @throws {TypeError} An argument or option has the wrong type or shape, or the stream is locked.
 * @throws {RangeError} The frame rate is not above 0.
 *
 * @example
 * ```ts
 * import { createAviWriter } from "@avwriter/avwriter/avi";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const file = new Response(readable).bytes();
 * {
 * await using writer = await createAviWriter(writable, 25);
 * for (let n = 0; n < 5; n++) await writer.write(new ImageData(64, 48));
 * }
 * if ((await file).length < 5 * 64 * 48 * 3) throw new Error("not as written");
 * ```
 */
export async function createAviWriter(
  stream: WritableStream<Uint8Array>,
  fps: FrameRate,
  options: AviWriterOptions = {},
): Promise<VideoWriter> {
  requireStream(stream);
  const frameRate = parseFrameRate(fps);
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot use the options ${shown(options)}: give an object`);
  }
  const { audio: given, queueSize = defaultQueueSize, signal, onProgress, codec, quality, ...session } =
    checkOptionTable(options, checks);
  if (quality !== undefined && codec !== "mjpeg") {
    throw new TypeError('Cannot use the option quality: it goes with the codec "mjpeg"');
  }
  const tracks = (given === undefined ? [] : Array.isArray(given) ? given : [given]).map(checkTrack);
  signal?.throwIfAborted();
  const target = new StreamTarget(stream);
  const { width, height, alpha, imageOrientation } = session;
  const turnsImages = imageOrientation !== "none";
  const jpegQuality = codec === "mjpeg" ? jpegScale(quality) : null;
  const request = { frameRate, width, height, alpha, turnsImages, jpegQuality, audio: tracks };
  const avi = new AviSession(request, target);
  const audio = tracks.map(({ layout }) => ({ layout, source: { kind: "samples" } }) as const);
  const writer = new EngineVideoWriter(new AviEngine(avi, target, queueSize), createClock(frameRate, {}), {
    session: { ...session, audio, subtitles: [], cover: null, attachments: [] },
    engine: { signal },
    onProgress,
  }, new Map());
  return await unlessAbortedMeanwhile(writer, signal);
}

function checkTrack(given: AviAudioOptions): PcmOptions {
  if (typeof given !== "object" || given === null) {
    refuseOption("audio", given, "an object such as { sampleRate: 44100 }");
  }
  const { sampleRate, channels, layout, sampleFormat = "s16", title } = checkOptionTable(
    given,
    audioChecks,
    "audio.",
  );
  if (sampleRate !== undefined) requireSampleRate("Cannot use the option audio: it", sampleRate);
  const speakers = layout === undefined
    ? channels === undefined ? null : defaultLayout(channels)
    : channelLayout(layout);
  if (speakers !== null && channels !== undefined && channels !== speakers.channels) {
    refuseOption("audio.channels", channels, `${speakers.channels}, as the layout ${shown(layout)} has`);
  }
  return {
    sampleFormat,
    sampleRate: sampleRate ?? null,
    layout: speakers,
    title: title ?? null,
    isSilent: false,
  };
}
