/**
 * AVPacket: one encoded picture.
 *
 * @module
 */
import { type Address, address, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText, outOfMemory } from "./failure.ts";
import { Owned } from "./owned.ts";
import { packRational, type Rational } from "./rational.ts";

/** AV_PKT_FLAG_KEY, AV_PKT_FLAG_CORRUPT and AV_PKT_FLAG_DISCARD, libavcodec/packet.h. */
const key = 1, corrupt = 2, discard = 4;

/** AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h. */
const padding = 64;

/** What goes along with a packet: the palette of a picture, its alpha, how many samples to skip. */
export interface PacketSideData {
  /** AV_PKT_DATA_*, libavcodec/packet.h: that of the loaded version only. */
  readonly type: number;
  /** A copy of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function sideDataItems({ fields }: Native, list: Address, count: number): Address[] {
  const size = fields.size("AVPacketSideData");
  return Array.from({ length: count }, (_, index) => address(list + BigInt(index * size)));
}

/** Where the data of a type is in an array of AVPacketSideData; `null` where there is none. */
export function sideDataAddress(native: Native, list: Address, count: number, type: number): Address | null {
  const { fields } = native;
  const found = sideDataItems(native, list, count)
    .find((item) => fields.get(item, "AVPacketSideData", "type") === type);
  return found === undefined ? null : fields.get(found, "AVPacketSideData", "data");
}

/** Copies of an array of AVPacketSideData. */
export function readSideData(native: Native, list: Address, count: number): PacketSideData[] {
  const { fields, memory } = native;
  return sideDataItems(native, list, count).map((item) => {
    const bytes = new Uint8Array(fields.get(item, "AVPacketSideData", "size"));
    if (bytes.length > 0) memory.read(fields.get(item, "AVPacketSideData", "data"), bytes);
    return { type: fields.get(item, "AVPacketSideData", "type"), bytes };
  });
}

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
    this.#check(avcodec.av_new_packet(this.address, bytes.length));
    if (bytes.length > 0) memory.write(fields.get(this.address, "AVPacket", "data"), bytes);
  }

  #check(result: number): void {
    if (result >= 0) return;
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: "make a packet",
    });
  }

  /** Copies of what goes along with it. */
  get sideData(): PacketSideData[] {
    const { fields } = this.#native;
    const list = fields.get(this.address, "AVPacket", "side_data");
    return readSideData(this.#native, list, fields.get(this.address, "AVPacket", "side_data_elems"));
  }

  /** Adds a copy of something that goes along. */
  addSideData({ type, bytes }: PacketSideData): void {
    const { avutil, memory } = this.#native;
    const copy = avutil.av_mallocz(BigInt(bytes.length + padding));
    if (copy === NULL) this.#check(outOfMemory);
    if (bytes.length > 0) memory.write(copy, bytes);
    const { av_packet_add_side_data } = this.#native.copying();
    const result = av_packet_add_side_data(this.address, type, copy, BigInt(bytes.length));
    if (result < 0) avutil.av_free(copy);
    this.#check(result);
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

  /** All that is said of it, in bits: AV_PKT_FLAG_*, libavcodec/packet.h. */
  get flags(): number {
    return this.#native.fields.get(this.address, "AVPacket", "flags");
  }
  set flags(bits: number) {
    this.#native.fields.set(this.address, "AVPacket", "flags", bits);
  }

  /** Whether decoding can begin with it. */
  get isKey(): boolean {
    return (this.flags & key) !== 0;
  }

  /** Says that it is a key frame's. */
  markKey(): void {
    this.flags |= key;
  }

  /** Whether a demuxer marked it as damaged. */
  get isCorrupt(): boolean {
    return (this.flags & corrupt) !== 0;
  }

  /** Whether it is decoded for others only, and not shown. */
  get isDiscarded(): boolean {
    return (this.flags & discard) !== 0;
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

  /** Refers to the content of another packet. */
  refer(to: NativePacket): void {
    this.#check(this.#native.avcodec.av_packet_ref(this.address, to.address));
  }

  /** Takes over the content of another packet, which is empty afterwards. */
  takeFrom(other: NativePacket): void {
    this.#native.avcodec.av_packet_move_ref(this.address, other.address);
  }

  /**
   * A new packet with the same content, for another thread of the process, which takes it over with
   * {@linkcode adopt}.
   */
  lend(): Address {
    const { avcodec } = this.#native;
    const packet = avcodec.av_packet_alloc();
    if (packet === NULL) this.#check(outOfMemory);
    const result = avcodec.av_packet_ref(packet, this.address);
    if (result < 0) avcodec.av_packet_free(new PointerCell(packet).buffer);
    this.#check(result);
    return packet;
  }

  /** Converts the times of a lent packet from one time base to another. */
  rescaleLent(lent: Address, from: Rational, to: Rational): void {
    this.#native.avcodec.av_packet_rescale_ts(lent, packRational(from), packRational(to));
  }

  /** Takes over a packet that another thread has lent. This one is empty before. */
  adopt(lent: Address): void {
    const { avcodec } = this.#native;
    avcodec.av_packet_move_ref(this.address, lent);
    avcodec.av_packet_free(new PointerCell(lent).buffer);
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
