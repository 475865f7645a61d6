/**
 * An audio track on its way into the file: put on the video's clock, converted to what the encoder takes, and
 * encoded.
 *
 * @module
 */
import type { Address, Native } from "../../ffi/mod.ts";
import {
  type AudioFormat,
  NativeAudioFrame,
  sampleFormatByName,
  type Samples,
  sampleStep,
} from "../libav/audio_frame.ts";
import { Resampler } from "../libav/conversion/resampler.ts";
import type { Encoder } from "../libav/encoder.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import type { AudioStats, AudioTrack } from "./audio_track.ts";
import type { OpenAudioEncoder } from "./open_audio_encoder.ts";
import { clamped, formatOfName } from "./sample_data.ts";

/** What a track is made of, and where its packets go. */
export interface TrackRequest extends OpenAudioEncoder {
  /** Whether the track may begin later than its file: audio files can't tell that. */
  readonly mayBeginLate: boolean;
  /** Takes over what is in a packet, whose times are in the unit given. */
  readonly take: (packet: NativePacket, timeBase: Rational) => void;
}

/**
 * A larger distance between two pieces is a gap or an overlap; a smaller one is a clock that drifts. Seconds.
 */
const gapSeconds = 0.1;
/**
 * A track that begins more than this after its file has no silence before, in seconds: the container says
 * when it begins.
 */
const lateSeconds = 10;
/** A smaller drift is only the jitter of timestamps. Seconds. */
const driftSeconds = 0.005;
/**
 * Over this time timestamps are averaged to measure a drift, and a correction takes at least as long.
 * Seconds.
 */
const settlingSeconds = 1;
/** The largest change of speed, a twelfth of a semitone: it is not audible. */
const maxBend = 0.005;
/** Samples that are converted at once. */
const stagedSamples = 4096;
/**
 * Samples of a packet where the encoder does not mind: beside video, as many as most codecs have. Each packet
 * has its price.
 */
const freeFrameSize = 1024, freeFrameSizeOfFiles = 4096;

/** Incoming audio of one format. */
interface Input {
  readonly key: string;
  readonly shape: AudioFormat;
  readonly resampler: Resampler;
  readonly staging: NativeAudioFrame;
  /** The bytes of a plane as the encoder may have them. */
  readonly prepare: (bytes: Uint8Array) => Uint8Array;
  correction: Correction;
}

/** A correction of a drift: by how much, since when, and for how long; all in seconds. */
interface Correction {
  readonly seconds: number;
  readonly from: number;
  readonly duration: number;
}

const noCorrection: Correction = { seconds: 0, from: 0, duration: settlingSeconds };

/** One track. Owns its encoder. */
export class EncodedTrack implements AudioTrack {
  readonly #native: Native;
  readonly #encoder: Encoder;
  readonly #shape: AudioFormat;
  readonly #take: TrackRequest["take"];
  readonly #mayBeginLate: boolean;
  readonly #packet: NativePacket;
  /** The samples of the packet to come. */
  readonly #frame: NativeAudioFrame;
  #filled = 0;
  /** Where the samples that were given to the encoder end. */
  #encoded = 0n;
  #isEncoding = false;
  #input: Input | null = null;
  /** Where the samples that came in end: seconds before those of one kind, and their number. */
  #before = 0;
  #count = 0;
  #isEmpty = true;
  /** By how much timestamps are later than the samples before them end, on average of late. */
  #drift = 0;
  #silence = 0;
  #dropped = 0;
  #corrected = 0;

  /** Takes over an open encoder. */
  constructor(native: Native, { encoder, shape, take, mayBeginLate }: TrackRequest) {
    this.#native = native;
    this.#mayBeginLate = mayBeginLate;
    this.#encoder = encoder;
    this.#shape = shape;
    this.#take = take;
    const free = mayBeginLate ? freeFrameSize : freeFrameSizeOfFiles;
    using owned = new DisposableStack();
    this.#packet = owned.use(new NativePacket(native));
    this.#frame = new NativeAudioFrame(native, shape, encoder.frameSize || free);
    owned.move();
  }

  /** The unit of the packets' times. */
  get timeBase(): Rational {
    return { num: 1, den: this.#shape.sampleRate };
  }

  /** Fills an AVCodecParameters with what the encoder makes. */
  describeInto(parameters: Address): void {
    this.#encoder.describeInto(parameters);
  }

  /** Its statistics so far. */
  get stats(): AudioStats {
    return {
      seconds: this.#end,
      silence: this.#silence,
      dropped: this.#dropped,
      corrected: this.#corrected,
      failure: null,
    };
  }

  /** Where the samples that came in end, in seconds. */
  get #end(): number {
    return this.#before + (this.#input === null ? 0 : this.#count / this.#input.shape.sampleRate);
  }

  /** Encodes samples that start at a time in seconds or (`null`) at the end of the previous ones. */
  write(samples: Samples, seconds: number | null): void {
    if (seconds !== null) this.beginAt(seconds);
    const input = this.#inputFor(samples);
    const skipped = seconds === null ? 0 : this.#place(input, samples, seconds);
    if (skipped < samples.count) this.#isEmpty = false;
    const step = sampleStep(input.shape);
    for (let at = skipped; at < samples.count; at += stagedSamples) {
      const to = Math.min(samples.count, at + stagedSamples);
      input.staging.fill(samples.planes.map((bytes) => input.prepare(bytes.subarray(at * step, to * step))));
      this.#push(input, to - at);
    }
    this.#count += samples.count - skipped;
  }

  /** Begins an empty track at a time in seconds, where that is long after its file does. */
  beginAt(seconds: number): void {
    if (!this.#isEmpty || this.#isEncoding || !this.#mayBeginLate || seconds - this.#end <= lateSeconds) {
      return;
    }
    this.#endInput();
    this.#encoded = BigInt(Math.round(seconds * this.#shape.sampleRate));
    this.#before = Number(this.#encoded) / this.#shape.sampleRate;
  }

  /** Writes silence up to a time in seconds. */
  writeSilenceUntil(seconds: number): void {
    const { layout, sampleRate } = this.#shape;
    const input = this.#inputFor({ format: "flt", layout, sampleRate });
    this.#writeSilence(input, Math.round((seconds - this.#end) * sampleRate));
  }

  /** Ends the track: encodes and writes what is left. */
  finish(): void {
    const input = this.#input;
    if (input !== null) {
      // Nothing follows that could make up for what is left of a correction.
      this.#pushSilence(input, Math.round(this.#uncorrected(input) * input.shape.sampleRate));
      input.correction = noCorrection;
    }
    this.#endInput();
    if (this.#filled > 0) this.#encode();
    // An encoder that got no sample returns nothing.
    if (!this.#isEncoding) return;
    this.#encoder.send(null);
    this.#drain();
  }

  /** Aligns samples with their timestamp; returns how many come too late and are dropped. */
  #place(input: Input, { count }: Samples, seconds: number): number {
    const { sampleRate } = input.shape;
    const difference = seconds - this.#end;
    if (this.#isEmpty && difference >= 0 || difference > gapSeconds) {
      this.#drift = 0;
      this.#writeSilence(input, Math.round(difference * sampleRate));
      return 0;
    }
    if (this.#isEmpty || difference < -gapSeconds) {
      this.#drift = 0;
      const late = Math.min(count, Math.round(-difference * sampleRate));
      this.#dropped += late / sampleRate;
      return late;
    }
    this.#advanceTo(input, difference, count / sampleRate);
    return 0;
  }

  /** Stretches or shortens what comes by a lasting drift. */
  #advanceTo(input: Input, difference: number, duration: number): void {
    this.#drift += (difference - this.#drift) * Math.min(1, duration / settlingSeconds);
    if (Math.abs(this.#drift) < driftSeconds) return;
    const { sampleRate } = this.#shape;
    // A correction under way goes on.
    const seconds = this.#drift + this.#uncorrected(input);
    const length = Math.max(settlingSeconds, Math.abs(seconds) / maxBend);
    input.resampler.compensate(Math.round(seconds * sampleRate), Math.round(length * sampleRate));
    input.correction = { seconds, from: this.#end, duration: length };
    this.#corrected += this.#drift;
    this.#before += this.#drift;
    this.#drift = 0;
  }

  /** How much of a correction is still to come, in seconds. */
  #uncorrected({ correction: { seconds, from, duration } }: Input): number {
    return seconds * Math.max(0, 1 - (this.#end - from) / duration);
  }

  #writeSilence(input: Input, count: number): void {
    if (count <= 0) return;
    this.#pushSilence(input, count);
    this.#count += count;
    this.#silence += count / input.shape.sampleRate;
  }

  #pushSilence(input: Input, count: number): void {
    input.staging.silence();
    for (let left = count; left > 0; left -= stagedSamples) this.#push(input, Math.min(left, stagedSamples));
  }

  #inputFor(samples: Pick<Samples, "format" | "layout" | "sampleRate">): Input {
    const { format, sampleRate } = samples;
    const { layout: own } = this.#shape;
    // Channels without a layout are for the track's speakers, where it has as many.
    const isOwn = samples.layout.isAssumed && samples.layout.channels === own.channels;
    const layout = isOwn ? own : samples.layout;
    const key = `${format} ${layout.name} ${sampleRate}`;
    if (this.#input?.key === key) return this.#input;
    this.#endInput();
    const shape = { format: sampleFormatByName(this.#native, format)!, layout, sampleRate };
    using owned = new DisposableStack();
    const resampler = owned.use(new Resampler(this.#native, shape, this.#shape));
    const staging = new NativeAudioFrame(this.#native, shape, stagedSamples);
    owned.move();
    const prepare = this.#preparation(format);
    return this.#input = { key, shape, resampler, staging, prepare, correction: noCorrection };
  }

  /** PCM keeps floats of any size. Other encoders fail with large ones, and with what is no number. */
  #preparation(format: string): (bytes: Uint8Array) => Uint8Array {
    const { plain } = formatOfName(format)!;
    const isPcm = this.#encoder.info.codecName.startsWith("pcm_");
    return isPcm ? (bytes) => bytes : (bytes) => clamped(bytes, plain);
  }

  /** Flushes the resampler of one audio format, of which no more comes. */
  #endInput(): void {
    const input = this.#input;
    if (input === null) return;
    // What follows makes up for what is left of a correction.
    const left = this.#uncorrected(input);
    this.#corrected -= left;
    this.#before = this.#end - left;
    this.#count = 0;
    this.#input = null;
    try {
      this.#fillFrom(() => input.resampler.convert(null, 0, this.#frame, this.#filled));
    } finally {
      input.resampler[Symbol.dispose]();
      input.staging[Symbol.dispose]();
    }
  }

  #push({ resampler, staging }: Input, count: number): void {
    let given = count;
    this.#fillFrom(() => {
      const made = resampler.convert(staging, given, this.#frame, this.#filled);
      given = 0;
      return made;
    });
  }

  /** Fills frame after frame until there is nothing left to fill one with. */
  #fillFrom(convert: () => number): void {
    for (;;) {
      this.#filled += convert();
      if (this.#filled < this.#frame.room) return;
      this.#encode();
    }
  }

  #encode(): void {
    this.#isEncoding = true;
    this.#frame.samples = this.#filled;
    this.#frame.ticks = this.#encoded;
    this.#encoder.send(this.#frame);
    this.#encoded += BigInt(this.#filled);
    this.#filled = 0;
    this.#drain();
    this.#frame.refresh();
  }

  #drain(): void {
    while (this.#encoder.receive(this.#packet)) this.#take(this.#packet, this.timeBase);
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
    this.#input?.resampler[Symbol.dispose]();
    this.#input?.staging[Symbol.dispose]();
    this.#input = null;
    this.#packet[Symbol.dispose]();
    this.#frame[Symbol.dispose]();
  }
}
