/**
 * AVPacket: one encoded picture.
 *
 * @module
 */
import { address, type Native, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText } from "./failure.ts";
import { Owned } from "./owned.ts";
import { packRational, type Rational } from "./rational.ts";

/** AV_PKT_FLAG_KEY, AV_PKT_FLAG_CORRUPT and AV_PKT_FLAG_DISCARD, libavcodec/packet.h. */
const key = 1, corrupt = 2, discard = 4;

/** A packet, filled by an encoder or a demuxer and emptied by a muxer. */
export class NativePacket extends Owned {
  /** The time of a packet that has none: AV_NOPTS_VALUE, libavutil/avutil.h. */
  static readonly noTime: bigint = -(2n ** 63n);
  readonly #native: Native;

  /** Makes an empty packet. */
  constructor(native: Native) {
    super("a packet", native.avcodec.av_packet_alloc(), (packet) => {
      native.avcodec.av_packet_free(new PointerCell(packet).buffer);
    });
    this.#native = native;
  }

  /** Fills it with a copy of bytes, followed by the padding that decoders read. */
  fill(bytes: Uint8Array): void {
    const { avcodec, fields, memory } = this.#native;
    const result = avcodec.av_new_packet(this.address, bytes.length);
    if (result < 0) {
      throw new AvError(errorText(this.#native, result), {
        code: codeName(result),
        operation: "make a packet",
      });
    }
    memory.write(fields.get(this.address, "AVPacket", "data"), bytes);
  }

  /** Its size in bytes. */
  get size(): number {
    return this.#native.fields.get(this.address, "AVPacket", "size");
  }

  /** The presentation time in ticks. */
  get pts(): bigint {
    return this.#native.fields.get(this.address, "AVPacket", "pts");
  }
  set pts(ticks: bigint) {
    this.#native.fields.set(this.address, "AVPacket", "pts", ticks);
  }

  /** The decode time in ticks, never later than the presentation time. */
  get dts(): bigint {
    return this.#native.fields.get(this.address, "AVPacket", "dts");
  }
  set dts(ticks: bigint) {
    this.#native.fields.set(this.address, "AVPacket", "dts", ticks);
  }

  /** The duration in ticks; 0 where the encoder did not set it. */
  get duration(): bigint {
    return this.#native.fields.get(this.address, "AVPacket", "duration");
  }
  set duration(ticks: bigint) {
    this.#native.fields.set(this.address, "AVPacket", "duration", ticks);
  }

  /** The number of its stream. */
  get streamIndex(): number {
    return this.#native.fields.get(this.address, "AVPacket", "stream_index");
  }
  set streamIndex(index: number) {
    this.#native.fields.set(this.address, "AVPacket", "stream_index", index);
  }

  /** Whether decoding can begin with it. */
  get isKey(): boolean {
    return (this.#native.fields.get(this.address, "AVPacket", "flags") & key) !== 0;
  }

  /** Says that it is a key frame's. */
  markKey(): void {
    const { fields } = this.#native;
    fields.set(this.address, "AVPacket", "flags", fields.get(this.address, "AVPacket", "flags") | key);
  }

  /** Whether a demuxer marked it as damaged. */
  get isCorrupt(): boolean {
    return (this.#native.fields.get(this.address, "AVPacket", "flags") & corrupt) !== 0;
  }

  /** Whether it is decoded for others only, and not shown. */
  get isDiscarded(): boolean {
    return (this.#native.fields.get(this.address, "AVPacket", "flags") & discard) !== 0;
  }

  /** A copy of its bytes. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.head(this.size);
  }

  /** A copy of its first bytes. */
  head(length: number): Uint8Array<ArrayBuffer> {
    const { fields, memory } = this.#native;
    const bytes = new Uint8Array(Math.min(length, this.size));
    if (bytes.length > 0) memory.read(fields.get(this.address, "AVPacket", "data"), bytes);
    return bytes;
  }

  /** Replaces bytes from an offset on. */
  overwrite(offset: number, bytes: Uint8Array): void {
    const { fields, memory } = this.#native;
    memory.write(address(fields.get(this.address, "AVPacket", "data") + BigInt(offset)), bytes);
  }

  /** Takes over the content of another packet, which is empty afterwards. */
  takeFrom(other: NativePacket): void {
    this.#native.avcodec.av_packet_move_ref(this.address, other.address);
  }

  /** Releases its content. */
  unref(): void {
    this.#native.avcodec.av_packet_unref(this.address);
  }

  /** Converts its times from one time base to another. */
  rescale(from: Rational, to: Rational): void {
    this.#native.avcodec.av_packet_rescale_ts(this.address, packRational(from), packRational(to));
  }
}
