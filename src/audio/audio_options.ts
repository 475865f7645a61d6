/**
 * What an audio track is asked to be, and the checks of it.
 *
 * @module
 */
import { type ChannelLayout, sampleFormatNames } from "../libav/audio_frame.ts";
import type { OptionValue } from "../libav/options.ts";
import {
  bits,
  type Check,
  checkOptionTable,
  flag,
  language,
  parseBits,
  record,
  refuseOption,
  text,
  withoutUndefined,
} from "../option_checks.ts";
import { shown } from "../shown.ts";
import type { AudioCodec } from "./audio_families.ts";
import { type AudioDevice, type AudioSilence, type AudioSource, checkSource } from "./audio_source.ts";
import {
  channelLayout,
  type ChannelLayoutName,
  channelLayoutNames,
  defaultLayout,
  isChannelCount,
  isLayoutName,
  maxChannels,
} from "./channels.ts";
import { requireSampleRate } from "./samples.ts";

/**
 * An audio track.
 *
 * @example
 * ```ts
 * import type { AudioOptions } from "@avwriter/avwriter";
 *
 * const audio: AudioOptions = { codec: "aac", sampleRate: 44100, channels: 1, language: "eng" };
 * ```
 */
export interface AudioOptions {
  /**
   * A codec family (`"aac"`, `"opus"`, `"mp3"`, `"flac"`, `"alac"`, `"vorbis"`, `"ac3"`, `"pcm"`), or the
   * exact name of any libavcodec audio encoder. Default: the codec with the widest support in the container,
   * such as aac in mp4 and opus in webm.
   */
  codec?: AudioCodec;
  /**
   * Samples per second and channel in the file. Default: 48000, or the nearest rate that the encoder takes.
   */
  sampleRate?: number;
  /** Number of channels in the file. Default: 2, or those of the source (`from`) where it has more. */
  channels?: number;
  /** The speaker layout of the channels. Default: the usual layout for the number of channels. */
  layout?: ChannelLayoutName;
  /** Average bits per second, as a number or as `"96k"`. Default: the encoder's. */
  bitrate?: number | string;
  /**
   * The sample format that the encoder gets, by libavutil's name: `"s16"`, `"s32"`, `"flt"`. Default:
   * floating point, or 16 bits where the encoder takes no floats.
   */
  sampleFormat?: string;
  /** Any AVOption of the encoder, by name. Unknown names are refused. */
  encoderOptions?: Record<string, OptionValue>;
  /**
   * The source of the audio, instead of `writeAudio`: the path or URL of a file (`http:`, `https:`, `rtmp:`,
   * `rtsp:`, `srt:`, `tcp:`, `udp:`), a live input device, or `{ silence: true }` for silence as long as the
   * video. A string is always a path. The track ends with the video or with the file. Its packets are copied
   * where the container takes them and no other option asks for a change (codec, rate, loop); otherwise they
   * are decoded and re-encoded. If the source fails, the video goes on without it, `stats.audio` says why,
   * and `close` finishes the file and then throws a `ReadError`.
   */
  from?: string | URL | AudioDevice | AudioSilence;
  /** Which audio track of the file to use, counted from 0. Default: 0. */
  stream?: number;
  /** Whether the file starts again at its end until the video ends. Default: `false`. */
  loop?: boolean;
  /** The language as three letters (ISO 639-2): `"eng"`. */
  language?: string;
  /** The track's name in players. */
  title?: string;
}

/** A track's options after the check. */
export interface CheckedAudioOptions
  extends
    Pick<AudioOptions, "codec" | "sampleRate" | "sampleFormat" | "encoderOptions" | "language" | "title"> {
  /** The requested layout; `null`: stereo, or what the encoder takes. */
  readonly layout: ChannelLayout | null;
  /** Bits per second on average. */
  readonly bitrate?: number;
  /** Where its audio comes from. */
  readonly source: AudioSource;
}

/** What each option of a track must be. */
export const audioChecks: { readonly [Name in keyof Required<AudioOptions>]: Check } = {
  codec: text,
  // Checked below, with another error class.
  sampleRate: () => null,
  channels: (value) => isChannelCount(value) ? null : `a whole number from 1 to ${maxChannels}`,
  layout: (value) => isLayoutName(value) ? null : `one of ${channelLayoutNames.join(", ")}`,
  bitrate: bits('"96k"'),
  sampleFormat: (value) =>
    sampleFormatNames.includes(value as string) ? null : `one of ${sampleFormatNames.join(", ")}`,
  encoderOptions: record,
  language,
  title: text,
  // Checked below.
  from: () => null,
  stream: (value) => Number.isInteger(value) && (value as number) >= 0 ? null : "a whole number from 0",
  loop: flag,
};

function layoutOf({ channels, layout: name }: AudioOptions, prefix: string): ChannelLayout | null {
  if (name === undefined) return channels === undefined ? null : defaultLayout(channels);
  const layout = channelLayout(name);
  if (channels === undefined || channels === layout.channels) return layout;
  refuseOption(`${prefix}channels`, channels, `${layout.channels}, as the layout ${shown(name)} has`);
}

function checkTrack(options: AudioOptions): CheckedAudioOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use the option audio: a track is ${
        shown(options)
      }, but must be an object such as { codec: "aac" }, or { from: { silence: true } } for silence`,
    );
  }
  const checked = checkOptionTable(options, audioChecks, "audio.");
  return resolveTrack(checked, checkSource(checked), "audio.");
}

/** A track's checked options. `prefix` is prepended to their names in errors. */
export function resolveTrack(
  options: AudioOptions,
  source: AudioSource,
  prefix: string,
): CheckedAudioOptions {
  const { codec, sampleRate, sampleFormat, encoderOptions, language, title, bitrate } = options;
  if (sampleRate !== undefined) {
    requireSampleRate(
      prefix === "" ? "Cannot make the writer: it" : "Cannot use the option audio: it",
      sampleRate,
    );
  }
  return {
    ...withoutUndefined({ codec, sampleRate, sampleFormat, encoderOptions, language, title }),
    layout: layoutOf(options, prefix),
    source,
    ...(bitrate === undefined ? {} : { bitrate: parseBits(bitrate)! }),
  };
}

/** Checks the option `audio`; throws a `TypeError` or `RangeError` that names what is wrong with it. */
export function checkAudio(
  audio: AudioOptions | readonly AudioOptions[],
): CheckedAudioOptions[] {
  const tracks = Array.isArray(audio) ? audio : [audio];
  return tracks.map((track) => checkTrack(track));
}
