/**
 * AVCodec and AVCodecContext: an encoder, from its name to its packets.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell, withoutRealTime } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { type AudioFormat, setChannels } from "./audio_frame.ts";
import { type Device, type DeviceFrameFormat, DeviceFrames } from "./device.ts";
import { codeName, endOfStream, errorText, isAgain } from "./failure.ts";
import { mediaTypes } from "./media_types.ts";
import { requireNotInterrupted } from "./interruption.ts";
import { NativeFrame } from "./native_frame.ts";
import { NativePacket } from "./native_packet.ts";
import { OptionTable } from "./options.ts";
import { Owned } from "./owned.ts";
import { packRational, type Rational } from "./rational.ts";

/** What an encoder makes. */
export type MediaType = "video" | "audio";

/** A codec. */
export interface CodecInfo {
  /** The codec's name in libavcodec: `"h264"`. */
  readonly codecName: string;
  /** libavcodec's number of the codec, which is that of the loaded version only. */
  readonly codecId: number;
}

/** An encoder of the loaded libavcodec. */
export interface EncoderInfo extends CodecInfo {
  /** The AVCodec. */
  readonly codec: Address;
  /** The encoder's name in libavcodec: `"libx264"`. */
  readonly name: string;
}

function describeEncoder(native: Native, codec: Address): EncoderInfo {
  const { avcodec, fields, memory } = native;
  const codecId = fields.get(codec, "AVCodec", "id");
  return {
    codec,
    name: memory.text(fields.get(codec, "AVCodec", "name")) ?? "",
    codecName: memory.text(avcodec.avcodec_get_name(codecId)) ?? "",
    codecId,
  };
}

/** The encoder of that exact name, by default for video; `null` where libavcodec has none. */
export function encoderByName(native: Native, name: string, type: MediaType = "video"): EncoderInfo | null {
  const codec = native.avcodec.avcodec_find_encoder_by_name(cString(name));
  if (codec === NULL || native.fields.get(codec, "AVCodec", "type") !== mediaTypes[type]) return null;
  return describeEncoder(native, codec);
}

/** All encoders of libavcodec for one media type. */
export function encodersOf(native: Native, type: MediaType): EncoderInfo[] {
  const { avcodec, fields } = native;
  const encoders: EncoderInfo[] = [];
  const position = new PointerCell();
  let codec: Address;
  while ((codec = avcodec.av_codec_iterate(position.buffer)) !== NULL) {
    if (avcodec.av_codec_is_encoder(codec) === 0) continue;
    if (fields.get(codec, "AVCodec", "type") === mediaTypes[type]) {
      encoders.push(describeEncoder(native, codec));
    }
  }
  return encoders;
}

/**
 * SVT-AV1 (at least 1.4) hangs when it is freed unless it got a frame and the end of the stream: "deinit
 * called without sending EOS".
 */
function hangsUnlessEnded({ name }: EncoderInfo): boolean {
  return name === "libsvtav1";
}

/**
 * SVT-AV1 gives its threads, and the one that opens it, real-time priority where it may (as root). Such
 * threads keep the others from running, and while they wait for each other, a whole machine.
 */
function raisesPriority({ name }: EncoderInfo): boolean {
  return name === "libsvtav1";
}

/**
 * Ends a stream, after a blank frame where it has none, and discards the packets. Does nothing to a context
 * that is not open.
 */
function endStream(native: Native, context: Address, isEmpty: boolean): void {
  const { avcodec, fields } = native;
  if (isEmpty) {
    using frame = new NativeFrame(native);
    const [format, width, height] = (["pix_fmt", "width", "height"] as const).map((field) =>
      fields.get(context, "AVCodecContext", field)
    ) as [number, number, number];
    if (format < 0) return;
    frame.allocatePicture({ id: format, name: "blank" }, width, height);
    frame.stamp(0n, false, 0);
    if (avcodec.avcodec_send_frame(context, frame.address) < 0) return;
  }
  avcodec.avcodec_send_frame(context, NULL);
  using packet = new NativePacket(native);
  while (avcodec.avcodec_receive_packet(context, packet.address) >= 0) {
    avcodec.av_packet_unref(packet.address);
  }
}

/** The most bytes of what a pass finds out: more than a day of video. */
const maxStatistics = 2 ** 30;

function outOfMemoryError({ name }: EncoderInfo): AvError {
  return new AvError(`Cannot set up encoder ${name}: FFmpeg is out of memory`, {
    code: "ENOMEM",
    operation: `configure encoder ${name}`,
  });
}

/** AV_CODEC_CAP_FRAME_THREADS, AV_CODEC_CAP_HARDWARE and AV_CODEC_CAP_HYBRID, libavcodec/codec.h. */
const readsOnItsOwn = 1 << 12 | 1 << 18 | 1 << 19;

/** An encoder's context: configured by {@linkcode options}, then opened, then fed with frames. */
export class Encoder extends Owned {
  readonly #native: Native;
  readonly #progress: { frames: number };
  /** Memory that it uses, but does not own. */
  readonly #given: { statistics: Address };
  /**
   * A frame for those that read it on their own (libavcodec's frame threads, devices), `null` where there are
   * none: in JavaScript's memory, it would be gone under them where a runtime ends its thread. All other
   * encoders have copied a frame, or are done with it, once they have taken it.
   */
  readonly #copy: NativeFrame | null;
  /** The frames in the device's memory; `null` where the encoder takes ordinary ones. */
  #frames: DeviceFrames | null = null;
  /** The encoder of this context. */
  readonly info: EncoderInfo;
  /** Its options, including the private ones. */
  readonly options: OptionTable;

  /** Creates a context with the encoder's defaults. */
  constructor(native: Native, info: EncoderInfo) {
    const progress = { frames: 0 };
    // libavcodec does not free it.
    const given = { statistics: NULL };
    const isRead = (native.fields.get(info.codec, "AVCodec", "capabilities") & readsOnItsOwn) !== 0;
    const copy = isRead ? new NativeFrame(native) : null;
    super(`an encoder ${info.name}`, native.avcodec.avcodec_alloc_context3(info.codec), (context) => {
      if (hangsUnlessEnded(info)) endStream(native, context, progress.frames === 0);
      native.avcodec.avcodec_free_context(new PointerCell(context).buffer);
      native.avutil.av_free(given.statistics);
      copy?.[Symbol.dispose]();
    });
    this.#copy = copy;
    this.#given = given;
    this.#native = native;
    this.info = info;
    this.#progress = progress;
    this.options = new OptionTable(native, "encoder", info.name, this.address);
  }

  /**
   * Sets the frame rate, which rate control and stream headers use besides the time base. It has no AVOption.
   */
  set frameRate(rate: Rational) {
    this.#native.fields.set(this.address, "AVCodecContext", "framerate", packRational(rate));
  }

  /**
   * Gives it a device, and, where `format` is there, has frames copied into the device's memory. It must be
   * called before the encoder is opened.
   */
  useDevice(device: Device, format: DeviceFrameFormat | null): void {
    const { avutil, fields } = this.#native;
    const field = format === null ? "hw_device_ctx" : "hw_frames_ctx";
    const frames = this.#frames = format && new DeviceFrames(this.#native, device, format);
    const reference = avutil.av_buffer_ref((frames ?? device).address);
    fields.set(this.address, "AVCodecContext", field, reference);
  }

  /** Sets the audio format of the input. */
  set audio({ format, layout, sampleRate }: AudioFormat) {
    const { fields } = this.#native;
    fields.set(this.address, "AVCodecContext", "sample_fmt", format.id);
    fields.set(this.address, "AVCodecContext", "sample_rate", sampleRate);
    setChannels(this.#native, this.address, "AVCodecContext", layout);
  }

  /**
   * Samples per channel of every frame except the last; 0 where any number is allowed. Known once the encoder
   * is open.
   */
  get frameSize(): number {
    return this.#native.fields.get(this.address, "AVCodecContext", "frame_size");
  }

  /** The quantizer for each frame, in libavcodec's units; 0 where none was set. */
  get frameQuality(): number {
    return this.#native.fields.get(this.address, "AVCodecContext", "global_quality");
  }

  /** The reordering delay in frames, known once the encoder is open. */
  get reorderDelay(): number {
    return this.#native.fields.get(this.address, "AVCodecContext", "has_b_frames");
  }

  /** What the first of two passes found out; `null` where the encoder has no such text, or not yet. */
  get statistics(): string | null {
    const { fields, memory } = this.#native;
    return memory.text(fields.get(this.address, "AVCodecContext", "stats_out"), maxStatistics);
  }

  /** Gives it what the first of two passes found out, before it is opened. */
  set statistics(text: string) {
    const { avutil, fields, memory } = this.#native;
    const bytes = cString(text);
    const copy = avutil.av_mallocz(BigInt(bytes.length));
    if (copy === NULL) throw outOfMemoryError(this.info);
    memory.write(copy, bytes);
    this.#given.statistics = copy;
    fields.set(this.address, "AVCodecContext", "stats_in", copy);
  }

  /** Opens the encoder. Throws libav's error where it refuses. */
  open(): void {
    const open = (): number => this.#native.avcodec.avcodec_open2(this.address, this.info.codec, null);
    const result = raisesPriority(this.info) ? withoutRealTime(this.#native, open) : open();
    if (result < 0) {
      throw new AvError(errorText(this.#native, result), {
        code: codeName(result),
        operation: `open encoder ${this.info.name}`,
      });
    }
  }

  /**
   * Sends a frame, or `null` to end the stream. Receive all packets after each call, so that the encoder
   * always has room.
   */
  send(frame: NativeFrame | null): void {
    requireNotInterrupted(this.#native);
    const sent = frame && (this.#frames?.upload(frame) ?? this.#copied(frame));
    const result = this.#native.avcodec.avcodec_send_frame(this.address, sent?.address ?? NULL);
    this.#copy?.unref();
    this.#frames?.release();
    this.#check(result);
    this.#progress.frames++;
  }

  #copied(frame: NativeFrame): NativeFrame {
    this.#copy?.copy(frame);
    return this.#copy ?? frame;
  }

  /** Receives the next packet; `false` where the encoder needs more frames or has ended. */
  receive(packet: NativePacket): boolean {
    requireNotInterrupted(this.#native);
    const result = this.#native.avcodec.avcodec_receive_packet(this.address, packet.address);
    if (result === endOfStream || isAgain(result)) return false;
    this.#check(result);
    return true;
  }

  /** Fills an AVCodecParameters with what this encoder makes. */
  describeInto(parameters: Address): void {
    this.#check(this.#native.avcodec.avcodec_parameters_from_context(parameters, this.address));
  }

  /** Frees the context, and then the frames that it used. */
  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#frames?.[Symbol.dispose]();
  }

  #check(result: number): void {
    if (result >= 0) return;
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: `encode with ${this.info.name}`,
    });
  }
}
