/**
 * What a track of sound is asked to be, and the checks of it.
 *
 * @module
 */
import type { OptionValue } from "../libav/options.ts";
import { type ChannelLayout, sampleFormatNames } from "../libav/sound.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";
import type { AudioCodec } from "./audio_families.ts";
import {
  channelLayout,
  type ChannelLayoutName,
  channelLayoutNames,
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

const names: readonly (keyof AudioOptions)[] = [
  ...["codec", "sampleRate", "channels", "layout", "bitrate", "sampleFormat", "encoderOptions"] as const,
  ...["language", "title"] as const,
];

function refuse(name: string, value: unknown, expected: string): never {
  throw new TypeError(`Cannot use the option audio.${name}: it is ${shown(value)}, but must be ${expected}`);
}

function requireText(name: string, value: unknown): void {
  if (value === undefined || typeof value === "string" && value !== "" && !value.includes("\0")) return;
  refuse(name, value, "a text, not empty and without NUL");
}

function layoutOf({ channels, layout: name }: AudioOptions): ChannelLayout | null {
  if (name !== undefined && !channelLayoutNames.includes(name)) {
    refuse("layout", name, `one of ${channelLayoutNames.join(", ")}`);
  }
  if (channels !== undefined && (!Number.isInteger(channels) || channels < 1 || channels > mostChannels)) {
    refuse("channels", channels, `a whole number from 1 to ${mostChannels}`);
  }
  if (name === undefined) return channels === undefined ? null : usualLayout(channels);
  const layout = channelLayout(name);
  if (channels === undefined || channels === layout.channels) return layout;
  refuse("channels", channels, `${layout.channels}, as the layout ${shown(name)} has`);
}

function checkTrack(
  track: AudioTrackOptions,
  parseBits: (value: unknown) => number | null,
  checkRecord: (name: string, value: Record<string, unknown>) => void,
): CheckedAudioOptions {
  const isSilent = track === "silent";
  const options: AudioOptions = isSilent ? {} : track;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Cannot use the option audio: a track is ${
        shown(options)
      }, but must be "silent", or an object such as { codec: "aac" }`,
    );
  }
  for (const name of Object.keys(options)) {
    if ((names as readonly string[]).includes(name)) continue;
    const question = didYouMean(name, names);
    throw new TypeError(
      `Cannot use the option audio.${name}: there is no such option${
        question === null ? "" : `. ${question}`
      }`,
    );
  }
  const { codec, sampleRate, sampleFormat, encoderOptions, language, title, bitrate } = options;
  for (const [name, value] of Object.entries({ codec, sampleFormat, language, title })) {
    requireText(name, value);
  }
  if (sampleRate !== undefined) requireSampleRate("Cannot use the option audio: it", sampleRate);
  if (sampleFormat !== undefined && !sampleFormatNames.includes(sampleFormat)) {
    refuse("sampleFormat", sampleFormat, `one of ${sampleFormatNames.join(", ")}`);
  }
  if (language !== undefined && !/^[a-z]{3}$/.test(language)) {
    refuse("language", language, 'three letters, such as "eng"');
  }
  if (encoderOptions !== undefined) {
    if (typeof encoderOptions !== "object" || encoderOptions === null) {
      refuse("encoderOptions", encoderOptions, "an object of texts, numbers and booleans");
    }
    checkRecord("audio.encoderOptions", encoderOptions);
  }
  const bits = bitrate === undefined ? undefined : parseBits(bitrate);
  if (bits === null) {
    refuse("bitrate", bitrate, 'bits per second above 0: a number, or a text such as "96k"');
  }
  return {
    ...{ codec, sampleRate, sampleFormat, encoderOptions, language, title },
    layout: layoutOf(options),
    isSilent,
    ...(bits === undefined ? {} : { bitrate: bits }),
  };
}

/** Checks the option `audio`; throws a `TypeError` or `RangeError` that names what is wrong with it. */
export function checkAudio(
  audio: AudioTrackOptions | readonly AudioTrackOptions[],
  parseBits: (value: unknown) => number | null,
  checkRecord: (name: string, value: Record<string, unknown>) => void,
): CheckedAudioOptions[] {
  const tracks = Array.isArray(audio) ? audio : [audio];
  return tracks.map((track) => checkTrack(track, parseBits, checkRecord));
}
