/**
 * What is in a file, as its headers and first packets tell.
 *
 * @module
 */
import { loadNative, type Native } from "../../ffi/mod.ts";
import { AvError, ReadError } from "../errors.ts";
import { requireReadable } from "../file/target.ts";
import { Demuxer } from "../libav/demuxer.ts";
import { setLogLevel } from "../libav/log.ts";
import type { mediaTypes } from "../libav/media_types.ts";
import { pixelFormatById } from "../libav/pixel_format.ts";
import type { Rational } from "../libav/rational.ts";

/** Formats by the names of libavformat's demuxers. None of them refers to other files. */
const formats: readonly string[] = [
  ...[
    "mov",
    "matroska",
    "avi",
    "flv",
    "mpegts",
    "mpeg",
    "nut",
    "asf",
    "ogg",
    "mxf",
    "gxf",
    "dv",
    "ivf",
    "rm",
  ],
  ...[
    "wav",
    "w64",
    "aiff",
    "au",
    "mp3",
    "aac",
    "ac3",
    "eac3",
    "flac",
    "caf",
    "amr",
    "wv",
    "ape",
    "tta",
    "dts",
  ],
  ...[
    "truehd",
    "mlp",
    "voc",
    "h264",
    "hevc",
    "obu",
    "av1",
    "m4v",
    "mpegvideo",
    "yuv4mpegpipe",
    "gif",
    "apng",
  ],
  ...["png_pipe", "jpeg_pipe", "webp_pipe", "srt", "ass", "webvtt"],
];

/** AV_TIME_BASE, libavutil/avutil.h. */
const microseconds = 1e6;

/** A stream of a file. */
export interface ProbedStream {
  readonly index: number;
  readonly type: keyof typeof mediaTypes | "data";
  /** libavcodec's name. */
  readonly codec: string;
  /** Its length by the header; `null` where that does not tell. */
  readonly seconds: number | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Of video. */
  readonly width?: number;
  readonly height?: number;
  readonly pixelFormat?: string | null;
  /** Frames per second on average; `null` where it is not known. */
  readonly frameRate?: Rational | null;
  readonly isCover?: boolean;
  /** Of audio. */
  readonly sampleRate?: number;
}

/** What is in a file. */
export interface ProbedFile {
  readonly path: string;
  /** Its length; `null` where the header does not tell. */
  readonly seconds: number | null;
  readonly streams: readonly ProbedStream[];
  readonly chapters: readonly { readonly title: string; readonly start: number; readonly end: number }[];
  readonly tags: Readonly<Record<string, string>>;
}

function probeStream(native: Native, file: Demuxer, index: number): ProbedStream {
  const { fields } = native;
  const type =
    (["video", "audio", "subtitle", "attachment"] as const).find((type) => file.isOf(type, index)) ?? "data";
  const parameters = file.parameters(index);
  const field = (name: "width" | "height" | "format" | "sample_rate"): number =>
    fields.get(parameters, "AVCodecParameters", name);
  return {
    ...{ index, type, codec: file.codecName(index), seconds: file.seconds(index), tags: file.tags(index) },
    ...(type !== "video" ? {} : {
      ...{ width: field("width"), height: field("height") },
      pixelFormat: pixelFormatById(native, field("format"))?.name ?? null,
      frameRate: file.frameRate(index),
      isCover: file.picture(index) !== null,
    }),
    ...(type !== "audio" ? {} : { sampleRate: field("sample_rate") }),
  };
}

/** Reads a file's headers. Throws a {@linkcode ReadError} where it is no media file. */
export function probeFile(path: string): ProbedFile {
  requireReadable(path, "read");
  const native = loadNative();
  setLogLevel(native, "quiet");
  try {
    using file = new Demuxer(native, `file:${path}`, { formats }).findStreamInfo();
    const streams = file.streams.map((_, index) => probeStream(native, file, index));
    const { chapters, metadata: tags } = file;
    const duration = native.fields.get(file.address, "AVFormatContext", "duration");
    const seconds = duration > 0n ? Number(duration) / microseconds : null;
    return { path, seconds, streams, chapters, tags };
  } catch (error) {
    if (!(error instanceof AvError)) throw error;
    throw new ReadError(`Cannot read ${path}: ${error.message}`, {
      ...{ code: error.code, operation: "read a file", cause: error },
    });
  }
}
