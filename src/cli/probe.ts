/**
 * What is in a file, as a reader finds it.
 *
 * @module
 */
import { loadNative, type Native } from "../../ffi/mod.ts";
import { MediaInput } from "../engine/reading/media_input.ts";
import type { SourceInfo } from "../engine/reading/reading_types.ts";
import { describeSource } from "../engine/reading/source_facts.ts";
import { requireReadable } from "../file/target.ts";
import { setLogLevel } from "../libav/log.ts";
import type { mediaTypes } from "../libav/media_types.ts";
import { pixelFormatById } from "../libav/pixel_format.ts";
import type { Rational } from "../libav/rational.ts";
import { fileSeconds, formatNames, InputStream } from "../libav/reading/input_stream.ts";

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
  /** Frames per second: of the first video, found from its times; `null` where it varies or is not known. */
  readonly frameRate?: Rational | null;
  readonly isCover?: boolean;
  /** Of the first video. */
  readonly color?: SourceInfo["color"];
  readonly rotation?: SourceInfo["rotation"];
  readonly sampleAspectRatio?: Rational;
  /** Of audio. */
  readonly sampleRate?: number;
  readonly channels?: number;
}

/** What is in a file. */
export interface ProbedFile {
  readonly path: string;
  /** libavformat's names of its format. */
  readonly container: string;
  /** Its length; `null` where the header does not tell. */
  readonly seconds: number | null;
  readonly streams: readonly ProbedStream[];
  readonly chapters: readonly { readonly title: string; readonly start: number; readonly end: number }[];
  readonly tags: Readonly<Record<string, string>>;
}

function probeStream(native: Native, { demuxer }: MediaInput, index: number): ProbedStream {
  const types = ["video", "audio", "subtitle", "attachment"] as const;
  const type = types.find((type) => demuxer.isOf(type, index)) ?? "data";
  const [codec, seconds, tags] = [demuxer.codecName(index), demuxer.seconds(index), demuxer.tags(index)];
  const stream = new InputStream(native, demuxer, index);
  const { format, ...size } = stream.shape;
  return {
    ...{ index, type, codec, seconds, tags },
    ...(type !== "video" ? {} : {
      ...size,
      pixelFormat: pixelFormatById(native, format)?.name ?? null,
      frameRate: demuxer.frameRate(index),
      isCover: demuxer.picture(index) !== null,
    }),
    ...(type !== "audio" ? {} : stream.audioShape),
  };
}

/** Reads a file's headers and its first packets. Throws a `ReadError` where it is no media file. */
export function probeFile(path: string): ProbedFile {
  requireReadable(path, "read");
  const native = loadNative();
  setLogLevel(native, "quiet");
  using input = new MediaInput(native, { place: { kind: "file", path }, label: path });
  const { demuxer, origin: { ticks, timeBase } } = input;
  const streams = demuxer.streams.map((_, index) => probeStream(native, input, index));
  const seconds = fileSeconds(native, demuxer, Number(ticks) * timeBase.num / timeBase.den);
  const { chapters, metadata: tags } = demuxer;
  const file = { path, container: formatNames(native, demuxer), seconds, streams, chapters, tags };
  const [first] = input.streamsOf("video");
  if (first === undefined) return file;
  // It reads packets, so it comes last.
  const { frameRate, color, rotation, sampleAspectRatio } = describeSource(native, input, first, null, path);
  const facts = { frameRate, color, rotation, sampleAspectRatio };
  return {
    ...file,
    streams: streams.map((stream) => stream.index === first.index ? { ...stream, ...facts } : stream),
  };
}
