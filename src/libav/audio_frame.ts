/**
 * Audio in libav's terms: sample formats, channel layouts, and frames of samples.
 *
 * @module
 */
import { type Address, cString, type Native } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText } from "./failure.ts";
import { NativeFrame } from "./native_frame.ts";

/** AV_NUM_DATA_POINTERS, libavutil/frame.h: the planes that a frame itself has places for. */
const maxPlanes = 8;
/** AV_CHANNEL_ORDER_NATIVE, libavutil/channel_layout.h: the channels of a mask, in the order of its bits. */
const nativeOrder = 1;

/** How samples lie in memory. */
export interface SampleFormat {
  /** libavutil's name: `"s16"`, `"fltp"`. */
  readonly name: string;
  /** libavutil's number. */
  readonly id: number;
  /** Bytes of a sample of one channel. */
  readonly bytes: number;
  /** Whether each channel has its own plane. */
  readonly isPlanar: boolean;
}

/** Bytes of a sample (libavutil/samplefmt.h). */
const sampleBytes: Readonly<Record<string, number>> = { u8: 1, s16: 2, s32: 4, s64: 8, flt: 4, dbl: 8 };

/** The names of all sample formats. */
export const sampleFormatNames: readonly string[] = Object.keys(sampleBytes).flatMap((
  name,
) => [name, `${name}p`]);

/** The sample format of a name; `null` where there is none. */
export function sampleFormatByName(native: Native, name: string): SampleFormat | null {
  if (!sampleFormatNames.includes(name)) return null;
  const isPlanar = name.endsWith("p");
  const id = native.avutil.av_get_sample_fmt(cString(name));
  return { name, id, bytes: sampleBytes[isPlanar ? name.slice(0, -1) : name]!, isPlanar };
}

/** Which speakers the channels are for. */
export interface ChannelLayout {
  /** libavutil's name: `"stereo"`, `"5.1"`. */
  readonly name: string;
  /** Number of channels. */
  readonly channels: number;
  /** libavutil's mask (AV_CH_LAYOUT_*, libavutil/channel_layout.h). */
  readonly mask: bigint;
  /** Whether only the number of channels was given: they may be for other speakers of as many. */
  readonly isAssumed: boolean;
}

/** Sets the channels of an encoder's context or of a frame, which have none yet. */
export function setChannels(
  { fields, memory }: Native,
  at: Address,
  struct: "AVCodecContext" | "AVFrame",
  { channels, mask }: ChannelLayout,
): void {
  if (!fields.has(struct, "ch_layout")) {
    fields.set(at, struct, "channels", channels);
    fields.set(at, struct, "channel_layout", mask);
    return;
  }
  const layout = fields.addressOf(at, struct, "ch_layout");
  fields.set(layout, "AVChannelLayout", "order", nativeOrder);
  fields.set(layout, "AVChannelLayout", "nb_channels", channels);
  memory.write(fields.addressOf(layout, "AVChannelLayout", "u"), BigUint64Array.of(mask));
}

/** The format of samples: sample format, channel layout and rate. */
export interface AudioFormat {
  readonly format: SampleFormat;
  readonly layout: ChannelLayout;
  /** Samples per second and channel. */
  readonly sampleRate: number;
}

const formatsById = new WeakMap<Native, ReadonlyMap<number, SampleFormat>>();

/** The sample format of a number; `null` where there is none. libavutil is asked for all of them once. */
export function sampleFormatById(native: Native, id: number): SampleFormat | null {
  let formats = formatsById.get(native);
  if (formats === undefined) {
    const all = sampleFormatNames.map((name) => sampleFormatByName(native, name)!);
    formats = new Map(all.map((format) => [format.id, format]));
    formatsById.set(native, formats);
  }
  return formats.get(id) ?? null;
}

/** Samples in JavaScript's memory. */
export interface Samples {
  /** libavutil's name of the sample format. */
  readonly format: string;
  readonly layout: ChannelLayout;
  readonly sampleRate: number;
  /** Samples of each channel. */
  readonly count: number;
  /** The bytes of each plane. */
  readonly planes: readonly Uint8Array[];
}

/** The channels of a frame, of a stream, or of the context of a decoder. */
export function channelsOf(
  { fields }: Native,
  at: Address,
  struct: "AVFrame" | "AVCodecContext" | "AVCodecParameters",
): { readonly channels: number; readonly mask: bigint } {
  if (!fields.has(struct, "ch_layout")) {
    return {
      channels: fields.get(at, struct, "channels"),
      mask: fields.get(at, struct, "channel_layout"),
    };
  }
  const layout = fields.addressOf(at, struct, "ch_layout");
  const isNamed = fields.get(layout, "AVChannelLayout", "order") === nativeOrder;
  return {
    channels: fields.get(layout, "AVChannelLayout", "nb_channels"),
    mask: isNamed ? fields.get(layout, "AVChannelLayout", "u") : 0n,
  };
}

/**
 * The layout of a frame, or of the context of a decoder; `null` where it has no channels, or more than 8.
 * `defaultLayout` gives that of a number of channels where it has none.
 */
export function layoutOf(
  native: Native,
  at: Address,
  struct: "AVFrame" | "AVCodecContext",
  defaultLayout: (channels: number) => ChannelLayout,
): ChannelLayout | null {
  const { channels, mask } = channelsOf(native, at, struct);
  if (channels < 1 || channels > maxPlanes) return null;
  if (mask === 0n) return defaultLayout(channels);
  return { name: `0x${mask.toString(16)}`, channels, mask, isAssumed: false };
}

/**
 * Copies the samples of a frame. `defaultLayout` gives the layout of a number of channels where the frame has
 * none. Throws with more than 8 channels.
 */
export function readSamples(
  native: Native,
  frame: NativeFrame,
  defaultLayout: (channels: number) => ChannelLayout,
): Samples {
  const { fields, memory } = native;
  const format = sampleFormatById(native, fields.get(frame.address, "AVFrame", "format"))!;
  const layout = layoutOf(native, frame.address, "AVFrame", defaultLayout);
  if (layout === null) {
    const { channels } = channelsOf(native, frame.address, "AVFrame");
    throw new AvError(`It has ${channels} channels, but ${maxPlanes} are the most`, {
      code: "CHANNELS",
      operation: "read samples",
    });
  }
  const sampleRate = fields.get(frame.address, "AVFrame", "sample_rate");
  const count = fields.get(frame.address, "AVFrame", "nb_samples");
  const step = sampleStep({ format, layout, sampleRate });
  const planes = Array.from({ length: format.isPlanar ? layout.channels : 1 }, (_, plane) => {
    const bytes = new Uint8Array(count * step);
    if (count > 0) memory.read(frame.planeAddress(plane), bytes);
    return bytes;
  });
  return { format: format.name, layout, sampleRate, count, planes };
}

/** The distance of two samples in a plane, in bytes: of all channels, where they share the plane. */
export function sampleStep({ format: { bytes, isPlanar }, layout: { channels } }: AudioFormat): number {
  return isPlanar ? bytes : bytes * channels;
}

/** A frame of samples. */
export class NativeAudioFrame extends NativeFrame {
  readonly #native: Native;
  readonly #shape: AudioFormat;
  /** The capacity in samples per channel. */
  readonly room: number;
  /** The addresses of the planes. */
  #planes: BigUint64Array<ArrayBuffer> = new BigUint64Array(0);
  /** Those of a sample in them, for the call at hand. */
  #places: BigUint64Array<ArrayBuffer> = new BigUint64Array(0);

  /** Makes a frame with room for so many samples of each channel. */
  constructor(native: Native, shape: AudioFormat, room: number) {
    super(native);
    this.#native = native;
    this.#shape = shape;
    this.room = room;
    this.#allocate();
  }

  #allocate(): void {
    const { avutil, fields } = this.#native;
    const { format, layout, sampleRate } = this.#shape;
    fields.set(this.address, "AVFrame", "format", format.id);
    fields.set(this.address, "AVFrame", "sample_rate", sampleRate);
    this.samples = this.room;
    setChannels(this.#native, this.address, "AVFrame", layout);
    const result = avutil.av_frame_get_buffer(this.address, 0);
    if (result >= 0) {
      const length = format.isPlanar ? layout.channels : 1;
      this.#planes = BigUint64Array.from({ length }, (_, plane) => this.planeAddress(plane));
      this.#places = this.#planes.slice();
      return;
    }
    throw new AvError(
      `Cannot allocate ${this.room} samples of ${layout.name} ${format.name}: ${
        errorText(this.#native, result)
      }`,
      { code: codeName(result), operation: "allocate a frame" },
    );
  }

  /** Makes the samples writable: other references keep the old ones. */
  refresh(): void {
    if (this.isWritable) return;
    this.unref();
    this.#allocate();
  }

  /** Samples of each channel. */
  get samples(): number {
    return this.#native.fields.get(this.address, "AVFrame", "nb_samples");
  }
  set samples(count: number) {
    this.#native.fields.set(this.address, "AVFrame", "nb_samples", count);
  }

  /** Sets the timestamp, in ticks of the encoder's time base. */
  set ticks(ticks: bigint) {
    this.#native.fields.set(this.address, "AVFrame", "pts", ticks);
  }

  /** The addresses of the planes, starting at a sample: until the next call. */
  planesFrom(sample: number): BigUint64Array<ArrayBuffer> {
    if (sample === 0) return this.#planes;
    const offset = BigInt(sample * sampleStep(this.#shape));
    for (let plane = 0; plane < this.#planes.length; plane++) {
      this.#places[plane] = this.#planes[plane]! + offset;
    }
    return this.#places;
  }

  /** Copies samples to the beginning of the frame: bytes for each plane. */
  fill(planes: readonly Uint8Array[]): void {
    for (const [plane, bytes] of planes.entries()) {
      if (bytes.length > 0) this.#native.memory.write(this.planeAddress(plane), bytes);
    }
  }

  /** Makes all samples silent. */
  silence(): void {
    const { format, layout } = this.#shape;
    this.#native.avutil.av_samples_set_silence(this.planeAddresses, 0, this.room, layout.channels, format.id);
  }
}
