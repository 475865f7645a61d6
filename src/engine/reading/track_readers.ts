/**
 * Audio and subtitle tracks of a file, read one after another piece.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { AudioDecoder } from "../../libav/reading/audio_decoder.ts";
import { readSamples, type Samples } from "../../libav/audio_frame.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import type { InputStream } from "../../libav/reading/input_stream.ts";
import { frameTicks } from "../../libav/reading/video_decoder.ts";
import { defaultLayout } from "../../audio/channels.ts";
import type { SubtitleCue } from "../../subtitles/cue.ts";
import { cueText } from "../../subtitles/read_cue.ts";
import { InputClock, type MediaInput } from "./media_input.ts";
import { reading } from "./reading_error.ts";

/** Samples that were decoded. */
export interface ReadSamples {
  readonly samples: Samples;
  /** When the first of them is heard, in seconds. */
  readonly timestamp: number;
}

/** How long before a time decoding begins, in seconds: decoders need what was before, Opus 0.08 s of it. */
const prerollSeconds = 2;

/** How much audio is read at once: each answer of a thread has its price. */
const batch = { seconds: 0.25, pieces: 64 } as const;

/** Reads the packets of one stream; takes over the input. */
class TrackPackets implements Disposable {
  readonly #input: MediaInput;
  readonly #index: number;
  readonly #label: string;
  readonly packet: NativePacket;

  constructor(native: Native, input: MediaInput, { index }: InputStream, label: string) {
    this.#input = input;
    this.#index = index;
    this.#label = label;
    this.packet = new NativePacket(native);
    input.demuxer.readOnly(index);
  }

  /** Reads the next packet; `false` at the end. */
  read(): boolean {
    return reading(this.#label, "read on in", () => {
      this.packet.unref();
      while (this.#input.demuxer.read(this.packet)) {
        if (this.packet.streamIndex === this.#index) return true;
        this.packet.unref();
      }
      return false;
    });
  }

  [Symbol.dispose](): void {
    this.packet[Symbol.dispose]();
    this.#input[Symbol.dispose]();
  }
}

/** Reads an audio track. */
export class AudioReader implements Disposable {
  readonly #native: Native;
  readonly #owned: DisposableStack;
  readonly #packets: TrackPackets;
  readonly #stream: InputStream;
  readonly #decoder: AudioDecoder;
  readonly #frame: NativeFrame;
  readonly #clock: InputClock;
  #isDrained = false;
  /** What was read by a seek. */
  #pending: ReadSamples | null = null;
  /** What has ended the track. */
  #failure: { readonly error: unknown } | null = null;
  /** Where the samples before end, in seconds. */
  #end = 0;

  /** At the beginning of a stream; takes over the input. */
  constructor(native: Native, input: MediaInput, stream: InputStream, label: string) {
    using owned = new DisposableStack();
    this.#native = native;
    this.#stream = stream;
    this.#packets = owned.use(new TrackPackets(native, input, stream, label));
    this.#clock = new InputClock(stream, input.origin);
    const open = (): AudioDecoder => new AudioDecoder(native, stream.parameters, stream.timeBase);
    this.#decoder = owned.use(reading(label, "decode the audio of", open));
    this.#frame = owned.use(new NativeFrame(native));
    this.#owned = owned.move();
  }

  /**
   * Goes on shortly before a time, so that what is decoded at that time is right, and leaves out the pieces
   * before it. Returns `false`, and is of no use any more, where this file does not tell so exactly where its
   * samples are that they would be the same as if it was read from its beginning.
   */
  seek(seconds: number): boolean {
    const stream = this.#stream;
    const { num, den } = stream.timeBase;
    const isExact = num === 1 && den % (stream.audioShape.sampleRate || Infinity) === 0;
    const ticks = this.#clock.ticks(seconds - prerollSeconds);
    if (!isExact || stream.keyFrameBefore(ticks) === null || !stream.seek(ticks)) return false;
    const first = this.#read();
    if (first === null || first.timestamp > seconds - prerollSeconds / 2) return false;
    let next: ReadSamples | null = first;
    while (next !== null && next.timestamp + next.samples.count / next.samples.sampleRate <= seconds) {
      next = this.#read();
    }
    this.#pending = next;
    return true;
  }

  /** The next pieces, up to a part of a second; none at the end. */
  next(): ReadSamples[] {
    const pieces: ReadSamples[] = [];
    try {
      for (let seconds = 0; seconds < batch.seconds && pieces.length < batch.pieces;) {
        const piece = this.#pending ?? this.#read();
        this.#pending = null;
        if (piece === null) break;
        pieces.push(piece);
        seconds += piece.samples.count / piece.samples.sampleRate;
      }
    } catch (error) {
      // What was decoded before is given first.
      if (pieces.length === 0) throw error;
      this.#failure = { error };
    }
    return pieces;
  }

  #read(): ReadSamples | null {
    if (this.#failure !== null) throw this.#failure.error;
    while (!this.#decoder.receive(this.#frame)) {
      if (this.#isDrained) return null;
      this.#isDrained = !this.#packets.read();
      this.#decoder.send(this.#isDrained ? null : this.#packets.packet);
    }
    const samples = readSamples(this.#native, this.#frame, defaultLayout);
    const ticks = frameTicks(this.#native, this.#frame);
    const timestamp = ticks === null ? this.#end : this.#clock.seconds(ticks);
    this.#end = timestamp + samples.count / samples.sampleRate;
    this.#frame.unref();
    return { samples, timestamp };
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** Reads a subtitle track. */
export class SubtitleReader implements Disposable {
  readonly #packets: TrackPackets;
  readonly #clock: InputClock;
  readonly #codec: string;

  /** At the beginning of a stream; takes over the input. */
  constructor(native: Native, input: MediaInput, stream: InputStream, label: string) {
    this.#clock = new InputClock(stream, input.origin);
    this.#codec = stream.codecName;
    this.#packets = new TrackPackets(native, input, stream, label);
  }

  /** The next cue that shows something; `null` at the end. */
  next(): SubtitleCue | null {
    while (this.#packets.read()) {
      const { pts, duration, bytes } = this.#packets.packet;
      const text = cueText(this.#codec, bytes);
      if (text === "" || pts === NativePacket.noTime) continue;
      return { text, start: this.#clock.seconds(pts), end: this.#clock.seconds(pts + duration) };
    }
    return null;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#packets[Symbol.dispose]();
  }
}
