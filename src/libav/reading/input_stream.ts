/**
 * AVStream of an input: what its header says, and where its packets are.
 *
 * @module
 */
import type { Address, Native } from "../../../ffi/mod.ts";
import { channelsOf } from "../audio_frame.ts";
import type { Demuxer } from "../demuxer.ts";
import type { ColorNumbers } from "../native_frame.ts";
import { NativePacket } from "../native_packet.ts";
import { type Rational, unpackRational } from "../rational.ts";
import { type Brightness, streamBrightness } from "./stream_hdr.ts";

/** AVSEEK_FLAG_*, libavformat/avformat.h. */
const seekFlags = { backward: 1, byte: 2 } as const;
/** The latest time that an index can have. */
const lastTick = 2n ** 62n;
/** AV_DISPOSITION_*, libavformat/avformat.h. */
const dispositions = { default: 0x1, forced: 0x40 } as const;

/** Formats without an index, whose readers note every packet as if it were a key frame. */
const unindexed: readonly string[] = ["mpeg", "mpegts"];

function positive(rate: Rational): Rational | null {
  return rate.num > 0 && rate.den > 0 ? rate : null;
}

function known(ticks: bigint): bigint | null {
  return ticks === NativePacket.noTime ? null : ticks;
}

/** A stream of a file that is being read. */
export class InputStream {
  readonly #native: Native;
  readonly #demuxer: Demuxer;
  /** Its number. */
  readonly index: number;
  /** The unit of its times. */
  readonly timeBase: Rational;
  /** Readers that look for times note these as if they were those of key frames: later, nothing tells. */
  readonly #hasIndex: boolean;

  /** The stream of that number, of a file that was just opened. */
  constructor(native: Native, demuxer: Demuxer, index: number) {
    this.#native = native;
    this.#demuxer = demuxer;
    this.index = index;
    this.timeBase = demuxer.timeBase(index);
    this.#hasIndex = !unindexed.includes(formatNames(native, demuxer)) &&
      native.seeking().av_index_search_timestamp(this.#address, lastTick, seekFlags.backward) >= 0;
  }

  get #address(): Address {
    return this.#demuxer.streams[this.index]!;
  }

  /** Its AVCodecParameters. */
  get parameters(): Address {
    return this.#demuxer.parameters(this.index);
  }

  /** libavcodec's name of its codec. */
  get codecName(): string {
    return this.#demuxer.codecName(this.index);
  }

  /** The profile of its codec, by libavcodec's name: `"High"`, `"HE-AAC"`; empty where it has none. */
  get profile(): string {
    const { fields, memory } = this.#native;
    const [codec, profile] = (["codec_id", "profile"] as const).map((field) =>
      fields.get(this.parameters, "AVCodecParameters", field)
    ) as [number, number];
    return memory.text(this.#native.codecNames().avcodec_profile_name(codec, profile)) ?? "";
  }

  /** How many frames its decoder holds back to put them in order; 0 where they are shown as they come. */
  get reorderDelay(): number {
    return this.#native.fields.get(this.parameters, "AVCodecParameters", "video_delay");
  }

  /** When it begins, in ticks; `null` where it is not known. */
  get startTicks(): bigint | null {
    return known(this.#native.fields.get(this.#address, "AVStream", "start_time"));
  }

  /** How long it is, in ticks; `null` where it is not known. */
  get durationTicks(): bigint | null {
    const ticks = this.#native.fields.get(this.#address, "AVStream", "duration");
    return ticks > 0n ? ticks : null;
  }

  /** How many frames the header counts; 0 where it does not. */
  get frameCount(): number {
    return Number(this.#native.fields.get(this.#address, "AVStream", "nb_frames"));
  }

  /** The rates that the header suggests, or that libavformat guesses. */
  get suggestedRates(): Rational[] {
    const { fields } = this.#native;
    const rates = ["avg_frame_rate", "r_frame_rate"] as const;
    return rates.map((field) => positive(unpackRational(fields.get(this.#address, "AVStream", field))))
      .filter((rate) => rate !== null);
  }

  /** Whether players use it by default, and whether they show it though it is not asked for. */
  get disposition(): { isDefault: boolean; isForced: boolean } {
    const flags = this.#native.fields.get(this.#address, "AVStream", "disposition");
    return {
      isDefault: (flags & dispositions.default) !== 0,
      isForced: (flags & dispositions.forced) !== 0,
    };
  }

  /** Width, height and libavutil's number of the pixel format, -1 where that is not known yet. */
  get shape(): { width: number; height: number; format: number } {
    const { fields } = this.#native;
    return {
      width: fields.get(this.parameters, "AVCodecParameters", "width"),
      height: fields.get(this.parameters, "AVCodecParameters", "height"),
      format: fields.get(this.parameters, "AVCodecParameters", "format"),
    };
  }

  /** Sample rate and number of channels of audio; 0 where they are not known. */
  get audioShape(): { sampleRate: number; channels: number } {
    const { fields } = this.#native;
    return {
      sampleRate: fields.get(this.parameters, "AVCodecParameters", "sample_rate"),
      channels: channelsOf(this.#native, this.parameters, "AVCodecParameters").channels,
    };
  }

  /** The meaning of its values by libav's numbers. */
  get color(): ColorNumbers {
    const { fields } = this.#native;
    return {
      colorspace: fields.get(this.parameters, "AVCodecParameters", "color_space"),
      color_range: fields.get(this.parameters, "AVCodecParameters", "color_range"),
      color_primaries: fields.get(this.parameters, "AVCodecParameters", "color_primaries"),
      color_trc: fields.get(this.parameters, "AVCodecParameters", "color_trc"),
    };
  }

  /** What the header says of brightness; `null` for what it does not say. */
  get brightness(): Brightness {
    return streamBrightness(this.#native, this.#demuxer, this.index);
  }

  /** Goes on at a key frame at or before a time; returns whether it could. */
  seek(ticks: bigint): boolean {
    const { av_seek_frame } = this.#native.seeking();
    return av_seek_frame(this.#demuxer.address, this.index, ticks, seekFlags.backward) >= 0;
  }

  /** Goes on at the beginning; returns whether it could. */
  rewind(): boolean {
    const { av_seek_frame } = this.#native.seeking();
    if (this.#hasIndex && this.seek(this.startTicks ?? 0n)) return true;
    // Readers without an index look for a time, and may find a later one.
    return av_seek_frame(this.#demuxer.address, this.index, 0n, seekFlags.byte) >= 0;
  }

  /** The number of the last key frame at or before a time in the file's index; `null` where there is none. */
  keyFrameBefore(ticks: bigint): number | null {
    if (!this.#hasIndex) return null;
    const found = this.#native.seeking().av_index_search_timestamp(this.#address, ticks, seekFlags.backward);
    return found < 0 ? null : found;
  }
}

/** The names of the format by which a file is read: `"mov,mp4,m4a,3gp,3g2,mj2"`. */
export function formatNames({ fields, memory }: Native, demuxer: Demuxer): string {
  const format = fields.get(demuxer.address, "AVFormatContext", "iformat");
  return memory.text(fields.get(format, "AVInputFormat", "name")) ?? "";
}

/**
 * How long the whole file is, in seconds; `null` where it is not known. Matroska's reader says when it ends
 * instead.
 */
export function fileSeconds(native: Native, demuxer: Demuxer, originSeconds: number): number | null {
  const microseconds = native.fields.get(demuxer.address, "AVFormatContext", "duration");
  if (microseconds <= 0n) return null;
  const seconds = Number(microseconds) / 1e6;
  return formatNames(native, demuxer).startsWith("matroska") ? seconds - originSeconds : seconds;
}
