/**
 * What is open from the first frame on: converter, encoder and muxer, and the packets between them.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { Encoder } from "../libav/encoder.ts";
import type { Muxer } from "../libav/muxer.ts";
import { Packet } from "../libav/packet.ts";
import type { Rational } from "../libav/rational.ts";
import type { Converter } from "../video/converter.ts";
import type { PlaneView } from "../video/raw_frame.ts";

/** Takes frames to a file. Owns what it is made of. */
export class Pipeline implements Disposable {
  readonly #converter: Converter;
  readonly #encoder: Encoder;
  readonly #muxer: Muxer;
  readonly #packet: Packet;
  readonly #timeBase: Rational;
  /** The quantizer that each frame carries. */
  readonly #frameQuality: number;
  #frames = 0;
  #packets = 0;
  #bytes = 0;

  /** Takes over an open encoder, a muxer with its header written, and a converter to what the encoder takes. */
  constructor(native: Native, converter: Converter, encoder: Encoder, muxer: Muxer, timeBase: Rational) {
    this.#packet = new Packet(native);
    this.#converter = converter;
    this.#encoder = encoder;
    this.#muxer = muxer;
    this.#timeBase = timeBase;
    this.#frameQuality = encoder.frameQuality;
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

  /** Encodes one frame, at one tick after the last, and writes what comes out. */
  write(planes: readonly PlaneView[], keyFrame: boolean): void {
    const picture = this.#converter.convert(planes);
    picture.stamp(BigInt(this.#frames), keyFrame, this.#frameQuality);
    this.#encoder.send(picture);
    this.#frames++;
    this.#drain();
  }

  /** Ends the stream, finishes and closes the file; returns its size in bytes, or `null` where the muxer keeps that to itself. */
  finish(): number | null {
    this.#encoder.send(null);
    this.#drain();
    this.#muxer.writeTrailer();
    const fileBytes = this.#muxer.outputBytes;
    this.#muxer.closeOutput();
    return fileBytes;
  }

  /** After a failure: makes what was recorded so far as playable as it can be. */
  salvage(): void {
    try {
      this.#muxer.writeTrailer();
    } catch {
      // The first error is the one to report.
    }
  }

  #drain(): void {
    const packet = this.#packet;
    while (this.#encoder.receive(packet)) {
      const index = this.#packets++;
      this.#bytes += packet.size;
      if (packet.duration === 0n) packet.duration = 1n;
      packet.repairDecodeTime(index - this.#encoder.reorderDelay);
      packet.rescale(this.#timeBase, this.#muxer.timeBase);
      this.#muxer.write(packet);
    }
  }

  /** Frees all of it. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
    this.#converter[Symbol.dispose]();
    this.#muxer[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
  }
}
