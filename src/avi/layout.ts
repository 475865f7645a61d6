/**
 * What an AVI file has: its streams.
 *
 * @module
 */
import type { Rational } from "../libav/rational.ts";
import type { StoredFormat } from "./pixel_formats.ts";

/** Video as an AVI file has it. */
export interface AviVideo {
  readonly width: number;
  readonly height: number;
  /** The form of its pictures; `"MJPG"` where each is a JPEG file. */
  readonly stored: StoredFormat | "MJPG";
  /** Frames per second. */
  readonly frameRate: Rational;
  /** Bytes of a picture; 0 where they vary. */
  readonly frameBytes: number;
}

/** PCM samples as an AVI file has them. */
export interface PcmFormat {
  /** libavutil's name of the sample format: `"u8"`, `"s16"`, `"s32"`, `"flt"`, `"dbl"`. */
  readonly sampleFormat: PcmSampleFormat;
  readonly sampleRate: number;
  readonly channels: number;
  /** The speakers, as bits. */
  readonly channelMask: number;
  /** The track's name in players. */
  readonly title: string | null;
}

/** How samples lie in an AVI file, by libavutil's name. */
export type PcmSampleFormat = "u8" | "s16" | "s32" | "flt" | "dbl";

/** The bytes of a sample of each format. */
export const pcmSampleBytes: Readonly<Record<PcmSampleFormat, number>> = {
  ...{ u8: 1, s16: 2, s32: 4, flt: 4, dbl: 8 },
};

/** Bytes of a sample of all channels. */
export function blockBytes({ sampleFormat, channels }: PcmFormat): number {
  return pcmSampleBytes[sampleFormat] * channels;
}

/** The streams of an AVI file: one of video, which comes first, and those of audio. */
export interface AviLayout {
  readonly video: AviVideo;
  readonly audio: readonly PcmFormat[];
}

/** The name of a stream's chunks. */
export function chunkId(layout: AviLayout, stream: number): string {
  const number = String(stream).padStart(2, "0");
  if (stream > 0) return `${number}wb`;
  return `${number}${layout.video.stored === "MJPG" ? "dc" : "db"}`;
}

/** How much a chunk counts in its stream's length: a frame, or samples of all channels. */
export function chunkDuration(layout: AviLayout, stream: number, bytes: number): number {
  return stream === 0 ? 1 : bytes / blockBytes(layout.audio[stream - 1]!);
}
