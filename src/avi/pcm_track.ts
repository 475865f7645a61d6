/**
 * An audio track of an AVI file: where its samples go, and those that wait for their frames.
 *
 * @module
 */
import { type AudioStats, emptyAudioStats } from "../audio/audio_track.ts";
import { defaultLayout } from "../audio/channels.ts";
import type { ChannelLayout, Samples } from "../libav/audio_frame.ts";
import { blockBytes, type PcmFormat, type PcmSampleFormat } from "./layout.ts";
import { pcmBytes, silentBytes } from "./pcm_samples.ts";

/** What a track is asked to be. */
export interface PcmOptions {
  readonly sampleFormat: PcmSampleFormat;
  /** `null`: as many as the first samples have, or else 48000. */
  readonly sampleRate: number | null;
  /** `null`: those of the first samples, or else stereo. */
  readonly layout: ChannelLayout | null;
  readonly title: string | null;
  /** Silence as long as the video. */
  readonly isSilent: boolean;
}

const defaultSampleRate = 48000, defaultChannels = 2;

/** How far timestamps may be from where a piece goes without a gap, in seconds. */
const toleranceSeconds = 0.1;

/** Samples that wait: a piece, or so many of silence. */
type Piece = { readonly bytes: Uint8Array } | { readonly silence: number };

/** A track that is being written. */
export class PcmTrack {
  readonly #options: PcmOptions;
  #format: PcmFormat | null = null;
  readonly #pieces: Piece[] = [];
  /** Samples that were taken so far, and those that were written. */
  #end = 0;
  #written = 0;
  #silence = 0;
  #dropped = 0;
  #waitingBytes = 0;

  constructor(options: PcmOptions) {
    this.#options = options;
    if (options.sampleRate !== null && options.layout !== null) this.#fix(options.sampleRate, options.layout);
  }

  /** Its format, which does not change from the first call on. */
  get format(): PcmFormat {
    const { sampleRate, layout } = this.#options;
    return this.#format ??
      this.#fix(sampleRate ?? defaultSampleRate, layout ?? defaultLayout(defaultChannels));
  }

  /** The number of its channels as far as it is known. */
  get channels(): number | null {
    return this.#format?.channels ?? this.#options.layout?.channels ?? null;
  }

  /** Bytes that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get stats(): AudioStats {
    if (this.#format === null) return emptyAudioStats;
    const { sampleRate } = this.#format;
    return {
      ...emptyAudioStats,
      seconds: this.#end / sampleRate,
      silence: this.#silence / sampleRate,
      dropped: this.#dropped / sampleRate,
    };
  }

  #fix(sampleRate: number, { channels, mask }: ChannelLayout): PcmFormat {
    const { sampleFormat, title } = this.#options;
    return this.#format = { sampleFormat, sampleRate, channels, channelMask: Number(mask), title };
  }

  /** Takes samples that start at a time in seconds, or (`null`) where the last ones end. */
  take(samples: Samples, seconds: number | null): void {
    if (this.#format === null) {
      const { sampleRate, layout } = this.#options;
      this.#fix(sampleRate ?? samples.sampleRate, layout ?? samples.layout);
    }
    const format = this.format;
    let bytes = pcmBytes(samples, format);
    const offset = seconds === null ? 0 : Math.round(seconds * format.sampleRate) - this.#end;
    if (offset > toleranceSeconds * format.sampleRate) this.#addSilence(offset);
    else if (offset < -toleranceSeconds * format.sampleRate) {
      const dropped = Math.min(-offset, samples.count);
      this.#dropped += dropped;
      bytes = bytes.subarray(dropped * blockBytes(format));
    }
    if (bytes.length === 0) return;
    this.#pieces.push({ bytes });
    this.#waitingBytes += bytes.length;
    this.#end += bytes.length / blockBytes(format);
  }

  /** Ends it at a time in seconds, or where its samples do, if that is before. */
  cut(seconds: number): void {
    const end = Math.round(seconds * this.format.sampleRate);
    if (this.#options.isSilent && end > this.#end) this.#addSilence(end - this.#end);
    this.#end = Math.min(this.#end, Math.max(end, this.#written));
  }

  /** The next samples up to a time in seconds, a second of them at most; `null` where there are none. */
  next(seconds: number): Uint8Array | null {
    const { format } = this;
    if (this.#options.isSilent && seconds < Infinity) {
      this.cut(Math.max(seconds, this.#end / format.sampleRate));
    }
    const until = Math.min(
      this.#end,
      Math.ceil(seconds * format.sampleRate),
      this.#written + format.sampleRate,
    );
    const piece = this.#pieces[0];
    if (piece === undefined || until <= this.#written) return null;
    const block = blockBytes(format);
    const length = "silence" in piece ? piece.silence : piece.bytes.length / block;
    const count = Math.min(length, until - this.#written);
    const taken = "silence" in piece ? silentBytes(count, format) : piece.bytes.subarray(0, count * block);
    if (count === length) this.#pieces.shift();
    else if ("silence" in piece) this.#pieces[0] = { silence: length - count };
    else this.#pieces[0] = { bytes: piece.bytes.subarray(count * block) };
    if (!("silence" in piece)) this.#waitingBytes -= taken.length;
    this.#written += count;
    return taken;
  }

  #addSilence(samples: number): void {
    this.#pieces.push({ silence: samples });
    this.#silence += samples;
    this.#end += samples;
  }
}
