/**
 * An audio track in a file or at a network address, packet by packet.
 *
 * @module
 */
import type { Address, Native } from "../../ffi/mod.ts";
import { AvError, ReadError } from "../errors.ts";
import { Demuxer } from "../libav/demuxer.ts";
import type { CodecInfo } from "../libav/encoder.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import type { AudioAddress } from "./audio_source.ts";

/** Audio formats, by the names of libavformat's demuxers. None of them refers to other files. */
const formats: readonly string[] = [
  ...["mov", "matroska", "avi", "flv", "mpegts", "nut", "asf", "ogg", "mpeg", "mxf", "wav", "w64", "aiff"],
  ...["au", "mp3", "aac", "ac3", "eac3", "flac", "caf", "amr", "wv", "ape", "tta", "dts", "truehd", "mlp"],
  ...["voc", "rtsp"],
];
/** How long a network source may send nothing before it has failed, in microseconds. */
const networkTimeout = 5_000_000;
/**
 * How much shorter a file may be than its header says, in seconds: some headers count the encoder's priming
 * samples.
 */
const maxMissing = 0.5;

/** An audio track of a file. */
export class AudioFile implements Disposable {
  readonly #native: Native;
  readonly #address: AudioAddress;
  readonly #wanted: number;
  #demuxer!: Demuxer;
  #index = 0;
  #timeBase: Rational = { num: 1, den: 1 };
  #startSeconds = 0;
  /** How long the track is, as the file says. */
  #declared: number | null = null;
  /** Where what was read ends, in seconds from the beginning of the file. */
  #end = 0;

  /**
   * Opens the track of that number, counted from 0 among those of audio. Throws a {@linkcode ReadError} where
   * there is none.
   */
  constructor(native: Native, address: AudioAddress, stream: number) {
    this.#native = native;
    this.#address = address;
    this.#wanted = stream;
    this.rewind();
  }

  /** What people know it by. */
  get label(): string {
    return this.#address.label;
  }

  /** The track's AVCodecParameters. */
  get parameters(): Address {
    return this.#demuxer.parameters(this.#index);
  }

  /** The track's codec. */
  get codec(): CodecInfo {
    const codecId = this.#native.fields.get(this.parameters, "AVCodecParameters", "codec_id");
    return { codecId, codecName: this.#demuxer.codecName(this.#index) };
  }

  /** Whether the codec's headers are in every packet (ADTS), where containers want them once. */
  get hasOwnHeaders(): boolean {
    const { fields } = this.#native;
    return this.codec.codecName === "aac" &&
      fields.get(this.parameters, "AVCodecParameters", "extradata_size") === 0;
  }

  /** Fills an AVCodecParameters with those of the track, for any container. */
  describeInto(parameters: Address): void {
    this.#demuxer.describeInto(this.#index, parameters);
    // Each container has codes of its own.
    this.#native.fields.set(parameters, "AVCodecParameters", "codec_tag", 0);
  }

  /** The unit of its times. */
  get timeBase(): Rational {
    return this.#timeBase;
  }

  /** Where the file begins on its own clock, in seconds. */
  get startSeconds(): number {
    return this.#startSeconds;
  }

  /** Begins again. */
  rewind(): void {
    this[Symbol.dispose]();
    const { url, protocols, path } = this.#address;
    const options = path === null ? `rw_timeout=${networkTimeout}` : "";
    using owned = new DisposableStack();
    const demuxer = this.#reading(
      "Cannot read",
      () => owned.use(new Demuxer(this.#native, url, { formats, protocols, options })),
    );
    // Before it is looked into: what is found out then is an estimate.
    const declared = demuxer.streams.map((_, index) => demuxer.seconds(index));
    this.#reading("Cannot read", () => demuxer.findStreamInfo());
    this.#index = this.#find(demuxer);
    this.#timeBase = demuxer.timeBase(this.#index);
    this.#startSeconds = demuxer.startSeconds;
    this.#declared = declared[this.#index] ?? null;
    this.#end = 0;
    demuxer.readOnly(this.#index);
    this.#demuxer = demuxer;
    owned.move();
  }

  /**
   * Takes the next packet of the track; `false` at the end. Throws a {@linkcode ReadError} where the file
   * ends before it says that it does.
   */
  read(packet: NativePacket): boolean {
    try {
      while (this.#demuxer.read(packet)) {
        if (packet.streamIndex === this.#index) {
          this.#advanceTo(packet);
          return true;
        }
        packet.unref();
      }
    } catch (cause) {
      if (!(cause instanceof AvError)) throw cause;
      throw this.#endsEarly(cause) ??
        this.#error("Cannot continue with", cause.message, cause.code, null, cause);
    }
    const error = this.#endsEarly();
    if (error === null) return false;
    throw error;
  }

  #advanceTo({ pts, duration }: NativePacket): void {
    if (pts === NativePacket.noTime) return;
    const { num, den } = this.timeBase;
    this.#end = Math.max(this.#end, Number(pts + duration) * num / den - this.startSeconds);
  }

  /**
   * The error for a file that ends before it says that it does; releases differ in whether reading it is one.
   */
  #endsEarly(cause?: AvError): ReadError | null {
    if (this.#declared === null || this.#end >= this.#declared - maxMissing) return null;
    return this.#error(
      "Cannot continue with",
      `it ends at ${this.#end.toFixed(2)} s, though it says that it is ${this.#declared.toFixed(2)} s long`,
      "TRUNCATED",
      "What comes after that has no audio",
      cause,
    );
  }

  #find(demuxer: Demuxer): number {
    const all = [...demuxer.streams.keys()].filter((index) => demuxer.isOf("audio", index));
    const index = all[this.#wanted];
    if (index !== undefined) return index;
    if (all.length === 0) throw this.#error("Cannot read", "it has no audio track", "NO_AUDIO", null);
    throw this.#error(
      "Cannot read",
      `it has no track ${this.#wanted}`,
      "NO_AUDIO",
      `Give a stream from 0 to ${all.length - 1}`,
    );
  }

  #reading<T>(action: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      const hint = error.code === "EINVAL" || error.code === "INVALIDDATA"
        ? "It is not an audio file that FFmpeg can read on its own"
        : null;
      throw this.#error(action, error.message, error.code, hint, error);
    }
  }

  #error(action: string, words: string, code: string, hint: string | null, cause?: AvError): ReadError {
    return new ReadError(`${action} the audio of ${this.label}: ${words}`, {
      code,
      operation: "read audio",
      hint,
      cause,
    });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#demuxer?.[Symbol.dispose]();
  }
}
