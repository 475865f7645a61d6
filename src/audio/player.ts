/**
 * Plays a file into a track: decoded, as far as the video goes.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError, ReadError, UnsupportedError } from "../errors.ts";
import { AudioDecoder } from "../libav/reading/audio_decoder.ts";
import { type ChannelLayout, readSamples, type Samples } from "../libav/audio_frame.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { AudioFile } from "./audio_file.ts";
import { defaultLayout } from "./channels.ts";
import type { EncodedTrack } from "./encoded_track.ts";
import { cutSamples } from "./samples.ts";

/** Samples, and the time at which they start. */
interface Piece {
  readonly samples: Samples;
  readonly seconds: number;
}

/** A file being played. Owns it. */
export class Player implements Disposable {
  readonly #native: Native;
  readonly #file: AudioFile;
  readonly #loops: boolean;
  readonly #packet: NativePacket;
  readonly #frame: NativeFrame;
  #decoder: AudioDecoder;
  /** What was decoded and not played yet. */
  #piece: Piece | null = null;
  /** When the first round of the file began: what comes before is left out. */
  #first = 0;
  /** When this round of the file began. */
  #begin = 0;
  /** Where what was decoded ends. */
  #end = 0;
  #isAtEnd = false;

  /**
   * Takes over an open file, and plays it in a loop if wanted. Throws an {@linkcode UnsupportedError} where
   * it cannot be decoded.
   */
  constructor(native: Native, file: AudioFile, loops: boolean) {
    this.#native = native;
    this.#file = file;
    this.#loops = loops;
    using owned = new DisposableStack();
    owned.use(file);
    this.#packet = owned.use(new NativePacket(native));
    this.#frame = owned.use(new NativeFrame(native));
    this.#decoder = this.#openDecoder();
    owned.move();
  }

  #openDecoder(): AudioDecoder {
    const { label, parameters, timeBase } = this.#file;
    try {
      return new AudioDecoder(this.#native, parameters, timeBase);
    } catch (cause) {
      if (!(cause instanceof AvError)) throw cause;
      throw new UnsupportedError(`Cannot read the audio of ${label}: ${cause.message}`, {
        code: cause.code,
        operation: "decode audio",
        hint: "Convert it to another codec first",
        cause,
      });
    }
  }

  /** What comes in, as far as it is known: the sample format, and the layout. */
  get input(): { readonly sampleFormat: string | null; readonly layout: ChannelLayout | null } {
    return { sampleFormat: this.#decoder.sampleFormat, layout: this.#decoder.layout(defaultLayout) };
  }

  /** Has the file begin at a time in seconds, before anything of it is played. */
  beginAt(seconds: number): void {
    this.#begin = this.#end = this.#first = seconds;
  }

  /**
   * Plays up to a time in seconds; `false` where the file has ended before. Throws a {@linkcode ReadError}
   * where reading fails.
   */
  play(until: number, track: EncodedTrack): boolean {
    for (;;) {
      const piece = this.#piece ??= this.#next();
      if (piece === null) return false;
      const { samples, seconds } = piece;
      const count = Math.min(samples.count, Math.ceil((until - seconds) * samples.sampleRate));
      if (count <= 0) {
        // The audio of the file begins later, or has a gap.
        track.writeSilenceUntil(until);
        return true;
      }
      track.write(cutSamples(samples, 0, count), seconds);
      const isPlayed = count === samples.count;
      this.#piece = isPlayed ? null : {
        samples: cutSamples(samples, count, samples.count),
        seconds: seconds + count / samples.sampleRate,
      };
      if (!isPlayed) return true;
    }
  }

  /** Decodes the next samples; `null` at the end. */
  #next(): Piece | null {
    for (;;) {
      if (this.#decoder.receive(this.#frame)) {
        const piece = this.#place();
        if (piece !== null) return piece;
      } else if (!this.#isAtEnd) {
        this.#isAtEnd = !this.#file.read(this.#packet);
        this.#decoder.send(this.#isAtEnd ? null : this.#packet);
        this.#packet.unref();
      } else if (this.#loops) this.#beginAgain();
      else return null;
    }
  }

  /** The time of the decoded samples; `null` where that is before the video, or there are none. */
  #place(): Piece | null {
    const samples = this.#read();
    const { count, sampleRate } = samples;
    const seconds = this.#secondsOf(this.#frame.pts);
    this.#frame.unref();
    const skipped = Math.max(0, Math.round((this.#first - seconds) * sampleRate));
    this.#end = seconds + count / sampleRate;
    if (skipped >= count) return null;
    return { samples: cutSamples(samples, skipped, count), seconds: Math.max(this.#first, seconds) };
  }

  #read(): Samples {
    try {
      return readSamples(this.#native, this.#frame, defaultLayout);
    } catch (cause) {
      if (!(cause instanceof AvError)) throw cause;
      throw this.#failure(cause.message, cause.code, cause);
    }
  }

  #failure(words: string, code: string, cause?: AvError): ReadError {
    return new ReadError(`Cannot continue with the audio of ${this.#file.label}: ${words}`, {
      code,
      operation: "decode audio",
      hint: null,
      cause,
    });
  }

  #secondsOf(pts: bigint): number {
    if (pts === NativePacket.noTime) return this.#end;
    const { timeBase: { num, den }, startSeconds } = this.#file;
    return this.#begin + Number(pts) * num / den - startSeconds;
  }

  #beginAgain(): void {
    if (this.#end <= this.#begin) {
      throw this.#failure("no part of it can be decoded", "NO_AUDIO");
    }
    this.#begin = this.#end;
    this.#file.rewind();
    this.#decoder[Symbol.dispose]();
    this.#decoder = this.#openDecoder();
    this.#isAtEnd = false;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#frame[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
    this.#file[Symbol.dispose]();
  }
}
