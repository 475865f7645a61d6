/**
 * Samples as users give them: checked, and laid out plane by plane.
 *
 * @module
 */
import type { ChannelLayout, Samples } from "../libav/audio_frame.ts";
import { bytesIn, copiedList } from "../buffer_bytes.ts";
import { shown } from "../shown.ts";
import { requireKnownFields } from "../unknown_fields.ts";
import {
  channelLayout,
  type ChannelLayoutName,
  channelLayoutNames,
  defaultLayout,
  isChannelCount,
  isLayoutName,
  maxChannels,
} from "./channels.ts";
import {
  bytesOfSample,
  describeData,
  expectedFormat,
  firstNotFinite,
  formatOfArray,
  formatOfName,
  holdsFormat,
  numbersIn,
  type PlainFormat,
  type SampleData,
  type SampleFormatName,
} from "./sample_data.ts";

/**
 * Samples.
 *
 * @example
 * ```ts
 * import type { AudioSamples } from "@avwriter/avwriter";
 *
 * const sampleRate = 48000;
 * const tone = (n: number): number => Math.sin(2 * Math.PI * 440 * n / sampleRate) / 2;
 * const data = Float32Array.from({ length: 4800 }, (_, n) => tone(n));
 * const samples: AudioSamples = { data, sampleRate, channels: 1 };
 * ```
 */
export interface AudioSamples {
  /**
   * The samples: one interleaved array, or one array per channel. A typed array says what they are; any other
   * buffer needs a `format`. Floats must be finite; full scale is from -1 to 1, and encoders get at most 8
   * times that.
   */
  data: SampleData | readonly SampleData[];
  /** Samples per second and channel. */
  sampleRate: number;
  /**
   * The number of channels in an interleaved array: required where the track has more than one, otherwise 1
   * by default. With one array per channel, it is the number of arrays.
   */
  channels?: number;
  /**
   * The speaker layout. Default: the track's, where that has as many channels, otherwise the usual one for
   * their number (`"mono"`, `"stereo"`, `"2.1"`, `"4.0"`, `"5.0"`, `"5.1"`, `"6.1"`, `"7.1"`).
   */
  layout?: ChannelLayoutName;
  /** How samples lie in `data`, where its type does not tell: `"s16"` for bytes of 16-bit integers. */
  format?: SampleFormatName;
  /** Which of the writer's audio tracks, in the order of the option `audio`. Default: 0. */
  track?: number;
}

/** Samples after the check. */
export interface CheckedSamples {
  readonly samples: Samples;
  /** The track as it was given. */
  readonly track: unknown;
  /** Whether it was said how many channels there are. */
  readonly hasChannelCount: boolean;
}

/** The bytes of all planes. */
export function bytesOf({ planes }: Samples): number {
  return planes.reduce((sum, { length }) => sum + length, 0);
}

/** A range of samples: from `from` up to, but not including, `to`. */
export function cutSamples(samples: Samples, from: number, to: number): Samples {
  const { planes, count } = samples;
  if (from === 0 && to === count) return samples;
  const cut = planes.map((bytes) => bytes.subarray(bytes.length / count * from, bytes.length / count * to));
  return { ...samples, planes: cut, count: to - from };
}

/** Concatenates samples of one format. */
export function joinSamples(pieces: readonly [Samples, ...Samples[]]): Samples {
  const [first] = pieces;
  if (pieces.length === 1) return first;
  const planes = first.planes.map((_, plane) => {
    const parts = pieces.map(({ planes }) => planes[plane]!);
    const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  });
  return { ...first, count: pieces.reduce((sum, { count }) => sum + count, 0), planes };
}

/** The highest sample rate: higher than any real one, and far below the limits of counters. */
const maxSampleRate = 768_000;

function refuse(message: string, ErrorClass: typeof RangeError | typeof TypeError = RangeError): never {
  throw new ErrorClass(`Cannot write the samples: ${message}`);
}

/** Throws unless a value is a sample rate. `what` begins the message. */
export function requireSampleRate(what: string, rate: unknown): asserts rate is number {
  if (Number.isInteger(rate) && (rate as number) >= 1 && (rate as number) <= maxSampleRate) return;
  throw new RangeError(
    `${what} has the sampleRate ${shown(rate)}, but must have a whole number from 1 to ${maxSampleRate}`,
  );
}

/** The layout of a number of channels (`null`: as many as the layout of that name has). */
function layoutOf(channels: unknown, name: unknown): ChannelLayout {
  if (channels !== null && !isChannelCount(channels)) {
    refuse(`they have ${shown(channels)} channels, but must have 1 to ${maxChannels}`);
  }
  if (name === undefined) return defaultLayout(channels as number);
  if (!isLayoutName(name)) {
    refuse(`their layout is ${shown(name)}, but must be one of ${channelLayoutNames.join(", ")}`);
  }
  const layout = channelLayout(name);
  if (channels === null || layout.channels === channels) return layout;
  refuse(`they have ${channels} channels, but the layout ${layout.name} has ${layout.channels}`);
}

const knownFields = {
  subject: "the samples",
  names: ["data", "sampleRate", "channels", "layout", "format", "track"],
  instead: {
    timestamp: "When they are heard is the second argument: { timestamp } in seconds",
    numberOfChannels: 'Did you mean "channels"?',
    channelCount: 'Did you mean "channels"?',
    ac: 'Did you mean "channels"?',
    ar: 'Did you mean "sampleRate"?',
    rate: 'Did you mean "sampleRate"?',
    sampleFormat: 'Did you mean "format"?',
    sample_fmt: 'Did you mean "format"?',
    channelLayout: 'Did you mean "layout"?',
    channel_layout: 'Did you mean "layout"?',
  },
} as const;

/** Samples as a program gives them: each field of its object, and each item of its list, read once. */
export interface GivenSamples {
  /** What is to be arrays. */
  readonly arrays: readonly unknown[];
  /** Whether each channel has an array of its own. */
  readonly isApart: boolean;
  readonly sampleRate: unknown;
  readonly channels: unknown;
  readonly layout: unknown;
  readonly format: unknown;
  readonly track: unknown;
}

/** Reads a program's samples, whose getters may do anything. Throws a `TypeError` where they are none. */
export function readSamplesFields(samples: AudioSamples): GivenSamples {
  if (typeof samples !== "object" || samples === null || ArrayBuffer.isView(samples)) {
    const kind = ArrayBuffer.isView(samples) ? describeData(samples) : shown(samples);
    refuse(`they are ${kind}, but must be { data, sampleRate }`, TypeError);
  }
  if (typeof (samples as { getChannelData?: unknown }).getChannelData === "function") {
    refuse(
      "they are an AudioBuffer: give { data, sampleRate } with its getChannelData of each channel",
      TypeError,
    );
  }
  requireKnownFields(samples, knownFields);
  const { data, ...others } = {
    data: samples.data,
    sampleRate: samples.sampleRate,
    channels: samples.channels,
    layout: samples.layout,
    format: samples.format,
    track: samples.track ?? 0,
  };
  const list = copiedList(data);
  const isApart = Array.isArray(list);
  return { arrays: isApart ? list : [list], isApart, ...others };
}

/** How samples lie in the arrays. */
function formatOf(arrays: readonly unknown[], name: unknown): ReturnType<typeof formatOfName> & object {
  const [data] = arrays;
  if (name === undefined) {
    const plain = formatOfArray(data);
    const wrong = arrays.find((array) => formatOfArray(array) === null);
    if (plain !== null && arrays.every((array) => formatOfArray(array) === plain)) {
      return { plain, isPlanar: false };
    }
    refuse(
      `their data is ${
        plain !== null && wrong === undefined ? "of several types" : describeData(wrong)
      }, but must be a Float32Array, Int16Array or another array of samples, one of these for each channel, or bytes with their format`,
      TypeError,
    );
  }
  const format = formatOfName(name);
  if (format === null) {
    refuse(`their format is ${shown(name)}, but must be ${expectedFormat(name)}`, TypeError);
  }
  const wrong = arrays.find((array) => !holdsFormat(array, format.plain));
  if (wrong === undefined) return format;
  refuse(
    `their format is ${shown(name)}, but their data is ${
      describeData(wrong)
    }: give bytes, or the typed array of that format`,
    TypeError,
  );
}

/** Throws a `RangeError` for the first sample that is NaN or infinite. */
function requireFinite(planes: readonly Uint8Array[], plain: PlainFormat, isPlanar: boolean): void {
  for (const [plane, bytes] of planes.entries()) {
    const index = firstNotFinite(bytes, plain);
    if (index === null) continue;
    const place = isPlanar ? `sample ${index} of channel ${plane}` : `sample ${index}`;
    refuse(
      `${place} is ${numbersIn(bytes, plain)[index]}, but must be a finite number, usually from -1 to 1`,
    );
  }
}

/** The planes in one buffer, one after another. */
function splitPlanes(bytes: Uint8Array, channels: number): Uint8Array[] {
  const size = bytes.length / channels;
  return Array.from({ length: channels }, (_, plane) => bytes.subarray(plane * size, (plane + 1) * size));
}

/**
 * Checks samples. Throws a `TypeError` or `RangeError` that says what is wrong. Runs no code of the program.
 */
export function checkSamples({ arrays, isApart, ...given }: GivenSamples): CheckedSamples {
  const { sampleRate, channels: count, layout: layoutName, track } = given;
  requireSampleRate("Cannot write the samples: the piece", sampleRate);
  if (arrays.length === 0) refuse("there is no array of any channel");
  const { plain, isPlanar } = formatOf(arrays, given.format);
  const bytes = arrays.map(bytesOfArray);
  if (isApart && count !== undefined && count !== arrays.length) {
    refuse(`there are ${arrays.length} arrays, but channels is ${shown(count)}`);
  }
  const layout = layoutOf(
    isApart ? arrays.length : count ?? (layoutName === undefined ? 1 : null),
    layoutName,
  );
  requireWhole(bytes, bytesOfSample(plain), isApart, layout);
  const planes = isPlanar && !isApart ? splitPlanes(bytes[0]!, layout.channels) : bytes;
  requireFinite(planes, plain, isPlanar || isApart);
  const samples = {
    format: isPlanar || isApart ? `${plain}p` : plain,
    layout,
    sampleRate,
    count: planes[0]!.length / bytesOfSample(plain) / (isPlanar || isApart ? 1 : layout.channels),
    planes,
  };
  return { samples, track, hasChannelCount: isApart || count !== undefined || layoutName !== undefined };
}

function bytesOfArray(array: unknown): Uint8Array {
  const { bytes, isDetached } = bytesIn(array)!;
  if (isDetached) refuse("the buffer of their data is detached (transferred elsewhere)", TypeError);
  return bytes;
}

/** Throws a `RangeError` unless each channel has as many samples, all of them whole. */
function requireWhole(
  arrays: readonly Uint8Array[],
  sampleBytes: number,
  isApart: boolean,
  { channels }: ChannelLayout,
): void {
  const [first] = arrays as [Uint8Array, ...Uint8Array[]];
  if (first.length % sampleBytes !== 0) {
    refuse(`there are ${first.length} bytes, which is not a multiple of the ${sampleBytes} of a sample`);
  }
  const count = first.length / sampleBytes;
  if (!isApart && count % channels !== 0) {
    refuse(`there are ${count} numbers, which is not a multiple of their ${channels} channels`);
  }
  const other = arrays.find(({ length }) => length !== first.length);
  if (other === undefined) return;
  refuse(
    `one channel has ${count} samples and another ${other.length / sampleBytes}, but all must have as many`,
  );
}
