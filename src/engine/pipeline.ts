/**
 * What is open from the first frame on: converter, encoder and file, and the packets between them.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { EncoderSettings } from "../codecs/open_encoder.ts";
import { completeWebpHeader } from "../codecs/webp_header.ts";
import type { OutputFile } from "../file/output_file.ts";
import type { Encoder } from "../libav/encoder.ts";
import { type ColorNumbers, colorNumbers, NativeFrame } from "../libav/native_frame.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { CodecParameters } from "../libav/streams/codec_parameters.ts";
import type { Converter } from "../video/conversion/converter.ts";
import { createConverter } from "../video/conversion/create_converter.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import { type PictureShape, type Pixels, sameShape } from "../video/pixels.ts";
import type { Followers } from "./decode_times.ts";
import type { Timeline } from "./timeline.ts";

/** The parts of a pipeline, which owns encoder and file. */
export interface PipelineParts {
  readonly encoder: Encoder;
  /** What it makes. */
  readonly parameters: CodecParameters;
  /** Opens another one like it. */
  readonly openEncoder: () => Encoder;
  readonly settings: EncoderSettings;
  readonly output: OutputFile;
  readonly timeline: Timeline;
  /** How many times an animation plays; 0 for ever. */
  readonly plays: number;
}

/** Converts and encodes frames, and writes the packets to the file. Owns its parts. */
export class Pipeline implements Disposable {
  readonly #native: Native;
  /**
   * The encoder in use; `null` where it has given all that it had, and is opened again for the next frame.
   */
  #encoder: Encoder | null;
  readonly #openEncoder: () => Encoder;
  readonly #parameters: CodecParameters;
  readonly #settings: EncoderSettings;
  readonly #output: OutputFile;
  readonly #timeline: Timeline;
  readonly #packet: NativePacket;
  /** The packet after that, where one may be the last. */
  readonly #nextPacket: NativePacket;
  /** The frame that waits for the next one, which determines its duration. */
  readonly #held: NativeFrame;
  #heldStamp: FrameStamp | null = null;
  #converter: { readonly shape: PictureShape; readonly converter: Converter } | null = null;
  /** The quantizer that each frame carries. */
  readonly #frameQuality: number;
  /** The meaning of each frame's values: some encoders (prores_ks) read it from the frame alone. */
  readonly #color: ColorNumbers;
  readonly #plays: number;
  /** The number of the last frame that the encoder was given. */
  #lastIndex = 0n;
  #frames = 0;
  #packets = 0;
  #bytes = 0;

  /** Takes over an open encoder and a file whose header is written. */
  constructor(native: Native, parts: PipelineParts) {
    const { encoder, openEncoder, parameters, settings, output, timeline, plays } = parts;
    this.#plays = plays;
    this.#native = native;
    this.#packet = new NativePacket(native);
    this.#nextPacket = new NativePacket(native);
    this.#held = new NativeFrame(native);
    this.#encoder = encoder;
    this.#openEncoder = openEncoder;
    this.#parameters = parameters;
    this.#settings = settings;
    this.#output = output;
    this.#timeline = timeline;
    this.#frameQuality = encoder.frameQuality;
    this.#color = colorNumbers(native, settings.color);
  }

  /** Prepares for pictures of a shape. Throws where they cannot be converted. */
  prepare(shape: PictureShape): void {
    this.#converterFor(shape);
  }

  /** Number of accepted frames. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames that the encoder has returned as packets. */
  get packets(): number {
    return this.#packets;
  }

  /** Bytes of all packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The end of the last accepted frame, in seconds. */
  get seconds(): number {
    return this.#timeline.endSeconds;
  }

  /** How long the video is at least, in seconds, whenever the next frame comes. */
  get certainSeconds(): number {
    return this.#timeline.certainSeconds;
  }

  /** Encodes a frame, which may be recorded live, and writes the packets that come out. */
  write(pixels: Pixels, shape: PictureShape, given: FrameStamp, isLive: boolean): void {
    const stamp = this.#timeline.later(given);
    const frame = this.#converterFor(shape).convert(pixels);
    this.#frames++;
    this.#timeline.take(stamp);
    this.#output.expectVideo(true);
    if (this.#timeline.isConstant) this.#encode(frame, stamp, 1n);
    else this.#releaseHeld(stamp.ticks);
    if (this.#timeline.isLate(isLive)) {
      this.#endEncoder(false);
      this.#output.flush();
    }
    if (!this.#timeline.isConstant) this.#hold(frame, stamp);
    this.#output.expectVideo(this.#heldStamp !== null || this.#timeline.isWaiting);
  }

  /** Keeps a frame until the next one tells how long it is shown. */
  #hold(frame: NativeFrame, stamp: FrameStamp): void {
    this.#held.refer(frame);
    this.#heldStamp = stamp;
  }

  /**
   * Writes all frames that were taken: nobody knows when the next one comes. Returns `false` where some wait
   * for other streams.
   */
  settle(): boolean {
    this.#releaseHeld(null, "unsure");
    if (this.#timeline.isWaiting) this.#endEncoder(false);
    this.#output.expectVideo(false);
    return this.#output.flush();
  }

  /**
   * Ends the stream, finishes and closes the file; returns its size in bytes, or `null` where the muxer does
   * not tell.
   */
  finish(endTicks: bigint | null): number | null {
    this.#end(endTicks);
    const { ending, endSeconds, lastSeconds } = this.#timeline;
    return this.#output.finish({ ending, endSeconds, lastSeconds });
  }

  /** After a failure: makes the recording as playable as possible. */
  salvage(): void {
    this.#output.salvage();
  }

  #end(endTicks: bigint | null): void {
    this.#releaseHeld(endTicks);
    if (endTicks !== null) this.#timeline.extend(endTicks);
    this.#endEncoder(true);
  }

  /** Takes all that the encoder has. The next frame is a key frame of another one: none waits for it. */
  #endEncoder(isLast: boolean): void {
    const encoder = this.#encoder;
    if (encoder === null) return;
    encoder.send(null);
    let [packet, next] = [this.#packet, this.#nextPacket];
    if (encoder.receive(packet)) {
      for (; encoder.receive(next); [packet, next] = [next, packet]) this.#writeInOrder(packet, "sure");
      this.#writeInOrder(packet, isLast ? "none" : "unsure");
    }
    encoder[Symbol.dispose]();
    this.#encoder = null;
    this.#timeline.restart();
  }

  #converterFor(shape: PictureShape): Converter {
    if (this.#converter === null || !sameShape(this.#converter.shape, shape)) {
      const converter = createConverter(this.#native, shape, this.#settings);
      this.#converter?.converter[Symbol.dispose]();
      this.#converter = { shape, converter };
    }
    return this.#converter.converter;
  }

  #releaseHeld(next: bigint | null, followers: Followers = "sure"): void {
    const stamp = this.#heldStamp;
    if (stamp === null) return;
    this.#heldStamp = null;
    this.#encode(this.#held, stamp, this.#timeline.durationOf(stamp, next), followers);
    this.#held.unref();
  }

  #encode(frame: NativeFrame, stamp: FrameStamp, duration: bigint, followers: Followers = "sure"): void {
    const { index, keyFrame } = this.#timeline.enter(stamp, duration);
    this.#lastIndex = BigInt(index);
    frame.stamp(this.#lastIndex, keyFrame, this.#frameQuality);
    frame.describe(this.#color);
    const encoder = this.#encoder ??= this.#openEncoder();
    encoder.send(frame);
    while (encoder.receive(this.#packet)) this.#writeInOrder(this.#packet, followers);
  }

  #writeInOrder(packet: NativePacket, followers: Followers): void {
    if (this.#settings.encoder.codecName === "webp") {
      // libwebp_anim of FFmpeg 4.3: empty packets, and then the file, as if there were one more frame.
      if (packet.size === 0) return;
      if (packet.pts > this.#lastIndex) packet.pts = this.#lastIndex;
      completeWebpHeader(packet, this.#plays, this.#settings.format.hasAlpha);
    }
    this.#packets++;
    this.#bytes += packet.size;
    const decodeTicks = this.#timeline.place(packet, followers);
    packet.streamIndex = 0;
    this.#output.writeVideo(packet, this.#timeline.timeBase, { decodeTicks, isLast: followers === "none" });
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    // The encoder holds the converter's pictures, so it goes first.
    this.#encoder?.[Symbol.dispose]();
    this.#held[Symbol.dispose]();
    this.#converter?.converter[Symbol.dispose]();
    this.#output[Symbol.dispose]();
    this.#parameters[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
    this.#nextPacket[Symbol.dispose]();
  }
}
