/**
 * Frames that wait on the disk, without loss, for the second of two passes.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { Encoder, encoderByName } from "../../libav/encoder.ts";
import { quietly } from "../../libav/log.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { rationalText } from "../../libav/rational.ts";
import { VideoDecoder } from "../../libav/reading/video_decoder.ts";
import { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import { supportedNumbers } from "../../libav/supported.ts";
import type { FrameStamp } from "../../video/frame_timing.ts";
import { RecordFile } from "./record_file.ts";

/** Lossless encoders, best first: a fast one, and one for all pixel formats and sizes. */
const spoolEncoders = ["ffvhuff", "rawvideo"] as const;

/** A frame that comes back, and its time. */
export interface SpooledFrame {
  /** Valid until the next one. */
  readonly frame: NativeFrame;
  readonly stamp: FrameStamp;
}

/** Takes the frames of an encoder, and gives them again. */
export class FrameSpool implements Disposable {
  readonly #native: Native;
  readonly #settings: EncoderSettings;
  readonly #encoder: Encoder;
  readonly #parameters: CodecParameters;
  readonly #packet: NativePacket;
  readonly #copy: NativeFrame;
  readonly #frames: RecordFile;
  readonly #stamps: RecordFile;

  /** For the frames of an encoder. `path` is the beginning of the names of its files. */
  constructor(native: Native, settings: EncoderSettings, path: string) {
    using owned = new DisposableStack();
    this.#native = native;
    this.#settings = settings;
    this.#encoder = owned.use(openSpoolEncoder(native, settings));
    this.#parameters = owned.use(new CodecParameters(native, this.#encoder));
    this.#packet = owned.use(new NativePacket(native));
    this.#copy = owned.use(new NativeFrame(native));
    this.#frames = owned.use(new RecordFile(`${path}.frames`, 0));
    this.#stamps = owned.use(new RecordFile(`${path}.times`, 4));
    owned.move();
  }

  /** How many frames it has. */
  get count(): number {
    return this.#stamps.count;
  }

  /** Takes a frame, which stays as it is. */
  add(frame: NativeFrame, { ticks, seconds, timestamp, duration, keyFrame }: FrameStamp): void {
    const numbers = new Float64Array([seconds, timestamp ?? NaN]);
    const stamp = [ticks, duration ?? 0n, duration === null ? 0n : 1n, keyFrame ? 1n : 0n];
    this.#stamps.append(stamp, new Uint8Array(numbers.buffer));
    this.#copy.refer(frame);
    this.#copy.stamp(BigInt(this.count), false, 0);
    this.#encoder.send(this.#copy);
    this.#copy.unref();
    this.#store();
  }

  /** Gives all frames. None is added afterwards. */
  *replay(): Generator<SpooledFrame> {
    if (!this.#isEnded) {
      this.#encoder.send(null);
      this.#store();
      this.#isEnded = true;
    }
    const { codecName } = this.#encoder.info;
    const { timeBase } = this.#settings;
    using decoder = new VideoDecoder(this.#native, {
      parameters: this.#parameters.address,
      timeBase,
      codecName,
    });
    using packet = new NativePacket(this.#native);
    using frame = new NativeFrame(this.#native);
    const stamps = this.#stamps.read();
    const decoded = function* (): Generator<SpooledFrame> {
      while (decoder.receive(frame) === "frame") {
        yield { frame, stamp: stampOf(stamps.next().value!) };
        frame.unref();
      }
    };
    for (const { bytes } of this.#frames.read()) {
      packet.fill(bytes);
      decoder.send(packet);
      packet.unref();
      yield* decoded();
    }
    decoder.send(null);
    yield* decoded();
  }

  #isEnded = false;

  #store(): void {
    while (this.#encoder.receive(this.#packet)) {
      this.#frames.append([], this.#packet.bytes);
      this.#packet.unref();
    }
  }

  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
    this.#parameters[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
    this.#copy[Symbol.dispose]();
    this.#frames[Symbol.dispose]();
    this.#stamps[Symbol.dispose]();
  }
}

function stampOf({ numbers, bytes }: { numbers: BigInt64Array; bytes: Uint8Array }): FrameStamp {
  const [ticks, duration, hasDuration, keyFrame] = numbers as unknown as readonly [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const [seconds, timestamp] = new Float64Array(bytes.buffer) as unknown as readonly [number, number];
  return {
    ticks,
    seconds,
    timestamp: Number.isNaN(timestamp) ? null : timestamp,
    duration: hasDuration === 0n ? null : duration,
    keyFrame: keyFrame !== 0n,
  };
}

/** The first encoder that takes the frames as they are. */
function openSpoolEncoder(native: Native, settings: EncoderSettings): Encoder {
  const { format, width, height, timeBase } = settings;
  for (const name of spoolEncoders) {
    const info = encoderByName(native, name);
    if (info === null || !(supportedNumbers(native, info.codec, "pix_fmts")?.includes(format.id) ?? true)) {
      continue;
    }
    const encoder = new Encoder(native, info);
    try {
      encoder.options.setField("video_size", `${width}x${height}`);
      encoder.options.setField("pixel_format", format.name);
      encoder.options.setField("time_base", rationalText(timeBase));
      encoder.options.setField("threads", "auto");
      quietly(native, () => encoder.open());
      return encoder;
    } catch (error) {
      encoder[Symbol.dispose]();
      if (!(error instanceof AvError)) throw error;
    }
  }
  throw new UnsupportedError(
    `Cannot keep frames in ${format.name} for a second pass: no lossless encoder takes them`,
    {
      code: "PASSES",
      operation: "keep frames for a second pass",
      hint: "Use another pixelFormat, or one pass",
    },
  );
}
