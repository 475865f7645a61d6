/**
 * What a track of sound is asked to be, and the checks of it.
 *
 * @module
 */
import {
  bits,
  type Check,
  checkOptionTable,
  language,
  parseBits,
  record,
  refuseOption,
  text,
} from "../codecs/option_checks.ts";
import type { OptionValue } from "../libav/options.ts";
import { type ChannelLayout, sampleFormatNames } from "../libav/sound.ts";
import { shown } from "../shown.ts";
import type { AudioCodec } from "./audio_families.ts";
import {
  channelLayout,
  type ChannelLayoutName,
  channelLayoutNames,
  isChannelCount,
  isLayoutName,
  mostChannels,
  usualLayout,
} from "./channels.ts";
import { requireSampleRate } from "./samples.ts";

/**
 * A track of sound.
 *
 * @example
 * ```ts
 * import type { AudioOptions } from "@avwriter/avwriter";
 *
 * const audio: AudioOptions = { codec: "aac", sampleRate: 44100, channels: 1, bitrate: "96k", language: "eng" };
 * ```
 */
export interface AudioOptions {
  /**
   * A family of codecs (`"aac"`, `"opus"`, `"mp3"`, `"flac"`, `"alac"`, `"vorbis"`, `"ac3"`, `"pcm"`), or the exact name of any audio
   * encoder of libavcodec. Default: what plays everywhere that the container does, such as aac in mp4 and opus in webm.
   */
  codec?: AudioCodec;
  /** Samples a second of each channel, in the file; default 48000, or the nearest that the encoder takes. */
  sampleRate?: number;
  /** Channels in the file; default 2. */
  channels?: number;
  /** Which speakers the channels are for; default: what so many usually are. */
  layout?: ChannelLayoutName;
  /** Bits per second on average, as a number or as `"96k"`; default: the encoder's. */
  bitrate?: number | string;
  /** How the encoder gets the samples, by libavutil's name: `"s16"`, `"s32"`, `"flt"`. Default: floats, or 16 bits where it takes none. */
  sampleFormat?: string;
  /** Any AVOption of the encoder, by name. Unknown names are refused. */
  encoderOptions?: Record<string, OptionValue>;
  /** The language as three letters (ISO 639-2): `"eng"`. */
  language?: string;
  /** What players list the track as. */
  title?: string;
}

/** A track's options after the check. */
export interface CheckedAudioOptions
  extends
    Pick<AudioOptions, "codec" | "sampleRate" | "sampleFormat" | "encoderOptions" | "language" | "title"> {
  /** The layout that was asked for; `null`: stereo, or what the encoder takes. */
  readonly layout: ChannelLayout | null;
  /** Bits per second on average. */
  readonly bitrate?: number;
  /** The track is silent as long as the video is; nothing is written to it. */
  readonly isSilent: boolean;
}

/** What the option `audio` takes for each track: `"silent"` is one of silence, as long as the video. */
export type AudioTrackOptions = AudioOptions | "silent";

const checks: { readonly [Name in keyof Required<AudioOptions>]: Check } = {
  codec: text,
  // Looked at below, with another error.
  sampleRate: () => null,
  channels: (value) => isChannelCount(value) ? null : `a whole number from 1 to ${mostChannels}`,
  layout: (value) => isLayoutName(value) ? null : `one of ${channelLayoutNames.join(", ")}`,
  bitrate: bits('"96k"'),
  sampleFormat: (value) =>
    sampleFormatNames.includes(value as string) ? null : `one of ${sampleFormatNames.join(", ")}`,
  encoderOptions: record,
  language,
  title: text,
};

function layoutOf({ channels, layout: name }: AudioOptions): ChannelLayout | null {
  if (name === undefined) return channels === undefined ? null : usualLayout(channels);
  const layout = channelLayout(name);
  if (channels === undefined || channels === layout.channels) return layout;
  refuseOption("audio.channels", channels, `${layout.channels}, as the layout ${shown(name)} has`);
}

function checkTrack(track: AudioTrackOptions): CheckedAudioOptions {
  const isSilent = track === "silent";
  const options: AudioOptions = isSilent ? {} : track;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use the option audio: a track is ${
        shown(options)
      }, but must be "silent", or an object such as { codec: "aac" }`,
    );
  }
  checkOptionTable(options, checks, "audio.");
  const { codec, sampleRate, sampleFormat, encoderOptions, language, title, bitrate } = options;
  if (sampleRate !== undefined) requireSampleRate("Cannot use the option audio: it", sampleRate);
  return {
    ...{ codec, sampleRate, sampleFormat, encoderOptions, language, title },
    layout: layoutOf(options),
    isSilent,
    ...(bitrate === undefined ? {} : { bitrate: parseBits(bitrate)! }),
  };
}

/** Checks the option `audio`; throws a `TypeError` or `RangeError` that names what is wrong with it. */
export function checkAudio(
  audio: AudioTrackOptions | readonly AudioTrackOptions[],
): CheckedAudioOptions[] {
  const tracks = Array.isArray(audio) ? audio : [audio];
  return tracks.map(checkTrack);
}
