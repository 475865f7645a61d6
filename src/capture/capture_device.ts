/**
 * A live input device of libavdevice: samples as they are heard.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { AudioDeviceSystem, DeviceSource } from "../audio/audio_source.ts";
import { defaultLayout } from "../audio/channels.ts";
import { joinSamples } from "../audio/samples.ts";
import { AvError, ReadError, UnsupportedError } from "../errors.ts";
import { AudioDecoder } from "../libav/reading/audio_decoder.ts";
import { readSamples, type Samples } from "../libav/audio_frame.ts";
import { Demuxer } from "../libav/demuxer.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import { NativePacket } from "../libav/native_packet.ts";
import { deviceFormat } from "../libav/reading/device_format.ts";
import { ArrivalClock } from "./arrival_clock.ts";

/** Captured samples, and when the first of them was captured. */
export interface CapturedSamples {
  readonly samples: Samples;
  /** Seconds since 1970. */
  readonly time: number;
}

/**
 * How the systems' demuxers name a device (libavdevice/avfoundation.m and dshow.c take video before or beside
 * it).
 */
const addresses: Partial<Readonly<Record<AudioDeviceSystem, (name: string) => string>>> = {
  avfoundation: (name) => `:${name}`,
  dshow: (name) => `audio=${name}`,
};

/** Some devices deliver single samples: this many pieces per second are enough. */
const piecesPerSecond = 100;

/** An open input device. Reading blocks while the device delivers nothing. */
export class CaptureDevice implements Disposable {
  readonly #native: Native;
  readonly #label: string;
  readonly #demuxer: Demuxer;
  readonly #decoder: AudioDecoder;
  readonly #packet: NativePacket;
  readonly #frame: NativeFrame;
  /** Known with the first samples. */
  #clock: ArrivalClock | null = null;

  /**
   * Opens a device. Throws an {@linkcode UnsupportedError} where this FFmpeg has no such devices, and a
   * {@linkcode ReadError} where it can't be opened.
   */
  constructor(native: Native, { system, name }: DeviceSource) {
    this.#native = native;
    this.#label = `${system} device ${JSON.stringify(name)}`;
    const format = deviceFormat(native, system);
    if (format === null) {
      throw new UnsupportedError(
        `Cannot record from the ${this.#label}: FFmpeg ${native.version} has no input devices of ${system}`,
        { code: "NO_DEVICES", operation: "open a device", hint: "`ffmpeg -devices` lists those that it has" },
      );
    }
    using owned = new DisposableStack();
    const url = addresses[system]?.(name) ?? name;
    this.#demuxer = owned.use(
      this.#reading("Cannot record from", () => new Demuxer(native, url, { formats: [system], format })),
    );
    this.#decoder = this.#reading("Cannot record from", () => {
      const parameters = this.#demuxer.parameters(0);
      return owned.use(new AudioDecoder(native, parameters, this.#demuxer.timeBase(0)));
    });
    this.#packet = owned.use(new NativePacket(native));
    this.#frame = owned.use(new NativeFrame(native));
    owned.move();
  }

  /** How much more it has delivered than can have been captured until now, in seconds. */
  get ahead(): number {
    return this.#clock?.ahead(this.#now) ?? 0;
  }

  get #now(): number {
    return (performance.timeOrigin + performance.now()) / 1000;
  }

  /**
   * Waits for the next samples, at least a hundredth of a second of them. Throws a {@linkcode ReadError}
   * where there are no more.
   */
  read(): CapturedSamples {
    const pieces: [Samples, ...Samples[]] = [this.#decode()];
    const { sampleRate } = pieces[0];
    let { count } = pieces[0];
    while (count < sampleRate / piecesPerSecond) {
      const piece = this.#decode();
      pieces.push(piece);
      count += piece.count;
    }
    this.#clock ??= new ArrivalClock(sampleRate);
    return { samples: joinSamples(pieces), time: this.#clock.place(count, this.#now) };
  }

  #decode(): Samples {
    return this.#reading("Cannot continue recording from", () => {
      while (!this.#decoder.receive(this.#frame)) {
        if (!this.#demuxer.read(this.#packet)) {
          throw new AvError("It has ended", { code: "EOF", operation: "read audio" });
        }
        this.#decoder.send(this.#packet);
        this.#packet.unref();
      }
      const samples = readSamples(this.#native, this.#frame, defaultLayout);
      this.#frame.unref();
      return samples;
    });
  }

  #reading<T>(action: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      throw this.#error(action, error.message, error.code, error);
    }
  }

  #error(action: string, words: string, code: string, cause?: AvError): ReadError {
    return new ReadError(`${action} the ${this.#label}: ${words}`, {
      code,
      operation: "read audio",
      hint: "Check whether it is connected, and by what name the system knows it",
      cause,
    });
  }

  /** Closes the device. */
  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#frame[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
    this.#demuxer[Symbol.dispose]();
  }
}
