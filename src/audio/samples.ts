/**
 * Samples as users give them: checked, and laid out plane by plane.
 *
 * @module
 */
import type { ChannelLayout, Samples } from "../libav/audio_frame.ts";
import { bytesIn, copiedList, typedArrayKind } from "../buffer_bytes.ts";
import { kindOf, shown } from "../shown.ts";
import {
  channelLayout,
  type ChannelLayoutName,
  channelLayoutNames,
  defaultLayout,
  isChannelCount,
  isLayoutName,
  maxChannels,
} from "./channels.ts";

/** Samples: floats from -1 to 1, signed integers, or bytes around 128. */
export type SampleData = Float32Array | Int16Array | Int32Array | Uint8Array;

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
 * const samples: AudioSamples = { data, sampleRate };
 * ```
 */
export interface AudioSamples {
  /** The samples: one interleaved array, or one array per channel. */
  data: SampleData | readonly SampleData[];
  /** Samples per second and channel. */
  sampleRate: number;
  /**
   * The number of channels in an interleaved array. Default: 1. With one array per channel, it is the number
   * of arrays.
   */
  channels?: number;
  /**
   * The speaker layout. Default: the usual one for the number of channels (`"mono"`, `"stereo"`, `"2.1"`,
   * `"4.0"`, `"5.0"`, `"5.1"`, `"6.1"`, `"7.1"`).
   */
  layout?: ChannelLayoutName;
  /** Which of the writer's audio tracks, in the order of the option `audio`. Default: 0. */
  track?: number;
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

/** The sample formats of arrays, and the bytes of a sample. */
const formats: Readonly<Record<string, { readonly name: string; readonly bytes: number } | undefined>> = {
  Float32Array: { name: "flt", bytes: 4 },
  Int16Array: { name: "s16", bytes: 2 },
  Int32Array: { name: "s32", bytes: 4 },
  Uint8Array: { name: "u8", bytes: 1 },
};

function formatOf(data: unknown) {
  // Node's Buffer, and other subclasses, too.
  return formats[typedArrayKind(data) ?? ""];
}

/** Throws unless a value is a sample rate. `what` begins the message. */
export function requireSampleRate(what: string, rate: unknown): asserts rate is number {
  if (Number.isInteger(rate) && (rate as number) >= 1 && (rate as number) <= maxSampleRate) return;
  throw new RangeError(
    `${what} has the sampleRate ${shown(rate)}, but must have a whole number from 1 to ${maxSampleRate}`,
  );
}

function layoutOf(channels: unknown, name: unknown): ChannelLayout {
  if (!isChannelCount(channels)) {
    refuse(`they have ${shown(channels)} channels, but must have 1 to ${maxChannels}`);
  }
  if (name === undefined) return defaultLayout(channels);
  if (!isLayoutName(name)) {
    refuse(`their layout is ${shown(name)}, but must be one of ${channelLayoutNames.join(", ")}`);
  }
  const layout = channelLayout(name);
  if (layout.channels === channels) return layout;
  refuse(`they have ${channels} channels, but the layout ${layout.name} has ${layout.channels}`);
}

/** Samples as a program gives them: each field of its object, and each item of its list, read once. */
export interface GivenSamples {
  /** What is to be arrays. */
  readonly arrays: readonly unknown[];
  readonly isPlanar: boolean;
  readonly sampleRate: unknown;
  readonly channels: unknown;
  readonly layout: unknown;
  readonly track: unknown;
}

/** Reads a program's samples, whose getters may do anything. Throws a `TypeError` where they are none. */
export function readSamplesFields(samples: AudioSamples): GivenSamples {
  if (typeof samples !== "object" || samples === null) {
    refuse(`they are ${shown(samples)}, but must be { data, sampleRate }`, TypeError);
  }
  const { data, sampleRate, channels, layout, track = 0 } = samples;
  const list = copiedList(data);
  const isPlanar = Array.isArray(list);
  return { arrays: isPlanar ? list : [list], isPlanar, sampleRate, channels, layout, track };
}

/**
 * Checks samples. Throws a `TypeError` or `RangeError` that names the problem. Runs no code of the program.
 */
export function checkSamples({ arrays, isPlanar, channels, ...given }: GivenSamples): Samples {
  const { sampleRate } = given;
  requireSampleRate("Cannot write the samples: the piece", sampleRate);
  const format = formatOf(arrays[0]);
  if (arrays.length === 0) refuse("there is no array of any channel");
  if (format === undefined || arrays.some((array) => formatOf(array) !== format)) {
    const wrong = arrays.find((array) => formatOf(array) === undefined);
    refuse(
      `their data is ${
        format !== undefined && wrong === undefined
          ? "of several types"
          : typeof wrong === "object" && wrong !== null
          ? kindOf(wrong)
          : shown(wrong)
      }, but must be a Float32Array, Int16Array, Int32Array or Uint8Array, or one of these for each channel`,
      TypeError,
    );
  }
  if (isPlanar && channels !== undefined && channels !== arrays.length) {
    refuse(`there are ${arrays.length} arrays, but channels is ${shown(channels)}`);
  }
  const layout = layoutOf(isPlanar ? arrays.length : channels ?? 1, given.layout);
  const planes = arrays.map(planeOf);
  const lengths = planes.map(({ length }) => length / format.bytes);
  const count = isPlanar ? lengths[0]! : lengths[0]! / layout.channels;
  if (!Number.isInteger(count)) {
    refuse(
      `there are ${lengths[0]} numbers, which is not a multiple of their ${layout.channels} channels`,
    );
  }
  const other = lengths.find((length) => length !== count);
  if (isPlanar && other !== undefined) {
    refuse(`one channel has ${count} samples and another ${other}, but all must have as many`);
  }
  return { format: isPlanar ? `${format.name}p` : format.name, layout, sampleRate, count, planes };
}

function planeOf(array: unknown): Uint8Array {
  const { bytes, isDetached } = bytesIn(array)!;
  if (isDetached) refuse("the buffer of their data is detached (transferred elsewhere)", TypeError);
  return bytes;
}
