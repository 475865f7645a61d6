/**
 * What is open from the first frame on: converter, encoder and file, and the packets between them.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { EncoderSettings } from "../codecs/open_encoder.ts";
import type { Encoder } from "../libav/encoder.ts";
import { type ColorNumbers, colorNumbers, Frame } from "../libav/frame.ts";
import { Packet } from "../libav/packet.ts";
import { type Converter, createConverter } from "../video/converter.ts";
import { type PictureShape, type Pixels, sameShape } from "../video/pixels.ts";
import type { FrameStamp } from "./frame_clock.ts";
import type { OutputFile } from "./output_file.ts";
import type { Timeline } from "./timeline.ts";

/** What a pipeline is made of; it owns encoder and file. */
export interface PipelineParts {
  readonly encoder: Encoder;
  readonly settings: EncoderSettings;
  readonly output: OutputFile;
  readonly timeline: Timeline;
}

/** Takes frames to a file. Owns what it is made of. */
export class Pipeline implements Disposable {
  readonly #native: Native;
  readonly #encoder: Encoder;
  readonly #settings: EncoderSettings;
  readonly #output: OutputFile;
  readonly #timeline: Timeline;
  readonly #packet: Packet;
  /** The frame that waits for the next one, which tells how long it is shown. */
  readonly #held: Frame;
  #heldStamp: FrameStamp | null = null;
  #converter: { readonly shape: PictureShape; readonly converter: Converter } | null = null;
  /** The quantizer that each frame carries. */
  readonly #frameQuality: number;
  /** What each frame's numbers mean: some encoders (prores_ks) ask the frame alone. */
  readonly #color: ColorNumbers;
  #frames = 0;
  #packets = 0;
  #bytes = 0;

  /** Takes over an open encoder and a file with its header written. */
  constructor(native: Native, { encoder, settings, output, timeline }: PipelineParts) {
    this.#native = native;
    this.#packet = new Packet(native);
    this.#held = new Frame(native);
    this.#encoder = encoder;
    this.#settings = settings;
    this.#output = output;
    this.#timeline = timeline;
    this.#frameQuality = encoder.frameQuality;
    this.#color = colorNumbers(native, settings.color);
  }

  /** Makes ready for pictures of a shape: throws where they can't be converted. */
  prepare(shape: PictureShape): void {
    this.#converterFor(shape);
  }

  /** Frames taken. */
  get frames(): number {
    return this.#frames;
  }

  /** Frames that came out as packets. */
  get packets(): number {
    return this.#packets;
  }

  /** Bytes of all packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Where the last frame that was taken ends, in seconds. */
  get seconds(): number {
    return this.#timeline.endSeconds;
  }

  /** Encodes one frame and writes what comes out. */
  write(pixels: Pixels, shape: PictureShape, given: FrameStamp): void {
    const stamp = this.#timeline.later(given);
    const frame = this.#converterFor(shape).convert(pixels);
    this.#frames++;
    this.#timeline.take(stamp);
    if (this.#timeline.isConstant) return this.#encode(frame, stamp, 1n);
    this.#releaseHeld(stamp.ticks);
    this.#held.refer(frame);
    this.#heldStamp = stamp;
  }

  /** Ends the stream, finishes and closes the file; returns its size in bytes, or `null` where the muxer keeps that to itself. */
  finish(endTicks: bigint | null): number | null {
    this.#end(endTicks);
    const { ending, endSeconds, lastSeconds } = this.#timeline;
    return this.#output.finish({ ending, endSeconds, lastSeconds });
  }

  /** After a failure: makes what was recorded so far as playable as it can be. */
  salvage(): void {
    this.#output.salvage();
  }

  #end(endTicks: bigint | null): void {
    this.#releaseHeld(endTicks);
    this.#encoder.send(null);
    this.#drain();
  }

  #converterFor(shape: PictureShape): Converter {
    if (this.#converter === null || !sameShape(this.#converter.shape, shape)) {
      const converter = createConverter(this.#native, shape, this.#settings);
      this.#converter?.converter[Symbol.dispose]();
      this.#converter = { shape, converter };
    }
    return this.#converter.converter;
  }

  #releaseHeld(next: bigint | null): void {
    const stamp = this.#heldStamp;
    if (stamp === null) return;
    this.#heldStamp = null;
    this.#encode(this.#held, stamp, this.#timeline.durationOf(stamp, next));
    this.#held.unref();
  }

  #encode(frame: Frame, stamp: FrameStamp, duration: bigint): void {
    const { index, keyFrame } = this.#timeline.enter(stamp, duration);
    frame.stamp(BigInt(index), keyFrame, this.#frameQuality);
    frame.describe(this.#color);
    this.#encoder.send(frame);
    this.#drain();
  }

  #drain(): void {
    const packet = this.#packet;
    while (this.#encoder.receive(packet)) {
      const index = this.#packets++;
      this.#bytes += packet.size;
      packet.repairDecodeTime(index - this.#encoder.reorderDelay);
      this.#timeline.place(packet);
      packet.streamIndex = 0;
      this.#output.write(packet, this.#timeline.timeBase);
    }
  }

  /** Frees all of it. */
  [Symbol.dispose](): void {
    // Who holds the converter's pictures, first.
    this.#encoder[Symbol.dispose]();
    this.#held[Symbol.dispose]();
    this.#converter?.converter[Symbol.dispose]();
    this.#output[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
  }
}
