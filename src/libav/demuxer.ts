/**
 * AVInputFormat and AVFormatContext: a file being read, packet by packet.
 *
 * @module
 */
import { type Address, address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, endOfStream, errorText, isAgain, outOfMemory } from "./failure.ts";
import { pause, requireNotInterrupted } from "./interruption.ts";
import { mediaTypes } from "./media_types.ts";
import { NativePacket, type PacketSideData, readSideData, sideDataAddress } from "./native_packet.ts";
import { Owned } from "./owned.ts";
import { type DemuxerOptions, openInput } from "./reading/open_input.ts";
import { type Rational, unpackRational } from "./rational.ts";
import { attachedPicture, type ChapterPlace, setHeaders } from "./streams/stream_parameters.ts";
import { tagsOf } from "./streams/stream_tags.ts";

/** AVDISCARD_ALL, libavcodec/defs.h. */
const discardAll = 48;
/** AV_TIME_BASE, libavutil/avutil.h. */
const microseconds = 1e6;

function fail(native: Native, result: number, operation: string): never {
  throw new AvError(errorText(native, result), { code: codeName(result), operation });
}

/** A file open for reading. */
export class Demuxer extends Owned {
  readonly #native: Native;

  /** Opens a file. Throws libav's error where it cannot be read as one of the formats. */
  constructor(native: Native, url: string, options: DemuxerOptions) {
    super("a demuxer", openInput(native, url, options), (context) => {
      native.avformat.avformat_close_input(new PointerCell(context).buffer);
    });
    this.#native = native;
  }

  /** Reads packets to find what the container does not say. Closes the file where that fails. */
  findStreamInfo(): this {
    const result = this.#native.avformat.avformat_find_stream_info(this.address, null);
    if (result >= 0) return this;
    this[Symbol.dispose]();
    fail(this.#native, result, "find the streams of the file");
  }

  /**
   * Has packets read ahead for times that the container does not tell, as AVI with B-frames: what comes next
   * tells them.
   */
  completeTimes(): void {
    this.#native.avutil.av_opt_set(this.address, cString("fflags"), cString("+genpts"), 0);
  }

  /** Whether what it reads can be read from another place on. Only for what is read by an AVIOContext. */
  get isSeekable(): boolean {
    const { fields } = this.#native;
    return fields.get(fields.get(this.address, "AVFormatContext", "pb"), "AVIOContext", "seekable") !== 0;
  }

  /** The AVStreams, in order. */
  get streams(): Address[] {
    const { fields } = this.#native;
    const count = fields.get(this.address, "AVFormatContext", "nb_streams");
    return Array.from({ length: count }, (_, index) => this.stream(index));
  }

  /** The AVStream of a number. */
  protected stream(index: number): Address {
    const { fields } = this.#native;
    return fields.element(fields.get(this.address, "AVFormatContext", "streams"), "address", index);
  }

  /** The unit of a stream's timestamps. */
  timeBase(index: number): Rational {
    return unpackRational(this.#native.fields.get(this.stream(index), "AVStream", "time_base"));
  }

  /** Frames per second of a stream; `null` where it is not known. */
  frameRate(index: number): Rational | null {
    const rate = unpackRational(this.#native.fields.get(this.stream(index), "AVStream", "avg_frame_rate"));
    return rate.num > 0 && rate.den > 0 ? rate : null;
  }

  /** The four-character code of a stream, or 0. */
  tag(index: number): number {
    return this.#native.fields.get(this.parameters(index), "AVCodecParameters", "codec_tag");
  }

  /** libavcodec's name of a stream's codec. */
  codecName(index: number): string {
    const { avcodec, fields, memory } = this.#native;
    return memory.text(
      avcodec.avcodec_get_name(fields.get(this.parameters(index), "AVCodecParameters", "codec_id")),
    ) ?? "";
  }

  /** A copy of a stream's codec headers; empty where it has none. */
  headers(index: number): Uint8Array<ArrayBuffer> {
    const { fields, memory } = this.#native;
    const parameters = this.parameters(index);
    const bytes = new Uint8Array(fields.get(parameters, "AVCodecParameters", "extradata_size"));
    if (bytes.length > 0) memory.read(fields.get(parameters, "AVCodecParameters", "extradata"), bytes);
    return bytes;
  }

  /** The picture in a stream of an attached picture, such as a cover; `null` for all other streams. */
  picture(index: number): Uint8Array | null {
    const { fields, memory } = this.#native;
    const stream = this.stream(index);
    if ((fields.get(stream, "AVStream", "disposition") & attachedPicture) === 0) return null;
    const packet = fields.addressOf(stream, "AVStream", "attached_pic");
    const bytes = new Uint8Array(fields.get(packet, "AVPacket", "size"));
    if (bytes.length > 0) memory.read(fields.get(packet, "AVPacket", "data"), bytes);
    return bytes;
  }

  /** Whether a stream is audio of which neither the header nor a packet tells what it is. */
  isUnknownAudio(index: number): boolean {
    const rate = this.#native.fields.get(this.parameters(index), "AVCodecParameters", "sample_rate");
    return this.isOf("audio", index) && rate <= 0;
  }

  /** How many samples each packet of audio has; 0 where they differ. */
  packetSamples(index: number): number {
    return this.#native.fields.get(this.parameters(index), "AVCodecParameters", "frame_size");
  }

  /** Whether a stream is of a type. */
  isOf(type: keyof typeof mediaTypes, index: number): boolean {
    return this.#native.fields.get(this.parameters(index), "AVCodecParameters", "codec_type") ===
      mediaTypes[type];
  }

  /** A stream's AVCodecParameters. */
  parameters(index: number): Address {
    return this.#native.fields.get(this.stream(index), "AVStream", "codecpar");
  }

  /** Reads packets of one stream only. */
  readOnly(index: number): void {
    for (const [other, stream] of this.streams.entries()) {
      if (other !== index) this.#native.fields.set(stream, "AVStream", "discard", discardAll);
    }
  }

  /** The start time of the file, in seconds; 0 where it is not known. */
  get startSeconds(): number {
    const start = this.#native.fields.get(this.address, "AVFormatContext", "start_time");
    return start === NativePacket.noTime ? 0 : Number(start) / microseconds;
  }

  /** The duration of a stream, or of the file, in seconds, by its header; `null` where it has none. */
  seconds(index: number): number | null {
    const { fields } = this.#native;
    const duration = fields.get(this.stream(index), "AVStream", "duration");
    const { num, den } = this.timeBase(index);
    if (duration > 0n) return Number(duration) * num / den;
    const whole = fields.get(this.address, "AVFormatContext", "duration");
    return whole > 0n && this.streams.length === 1 ? Number(whole) / microseconds : null;
  }

  /** Fills an AVCodecParameters with those of a stream. */
  describeInto(index: number, parameters: Address): void {
    const result = this.#native.avcodec.avcodec_parameters_copy(parameters, this.parameters(index));
    if (result < 0) fail(this.#native, result, "copy a stream's parameters");
  }

  /**
   * Copies to an output stream everything besides the codec: aspect ratio, disposition, tags and side data.
   */
  copyTags(index: number, to: Address): void {
    const { avutil, fields } = this.#native;
    const from = this.stream(index);
    for (const field of ["sample_aspect_ratio", "disposition"] as const) {
      fields.set(to, "AVStream", field, fields.get(from, "AVStream", field) as never);
    }
    const tags = fields.addressOf(to, "AVStream", "metadata");
    avutil.av_dict_copy(tags, fields.get(from, "AVStream", "metadata"), 0);
    this.#copySideData(from, to);
  }

  /** Side data of a stream, of a type by libav's number; `null` where it has none. */
  sideData(index: number, type: number): Uint8Array<ArrayBuffer> | null {
    return this.allSideData(index).find((data) => data.type === type)?.bytes ?? null;
  }

  /** Copies of all side data of a stream. */
  allSideData(index: number): PacketSideData[] {
    return readSideData(this.#native, ...this.#sideDataList(index));
  }

  /** Where side data of a stream is, of a type by libav's number; `null` where it has none. */
  sideDataAddress(index: number, type: number): Address | null {
    return sideDataAddress(this.#native, ...this.#sideDataList(index), type);
  }

  #sideDataList(index: number): [list: Address, count: number] {
    const { fields, streamSideData } = this.#native;
    const [stream, parameters] = [this.stream(index), this.parameters(index)];
    return streamSideData === null
      ? [
        fields.get(parameters, "AVCodecParameters", "coded_side_data"),
        fields.get(parameters, "AVCodecParameters", "nb_coded_side_data"),
      ]
      : [fields.get(stream, "AVStream", "side_data"), fields.get(stream, "AVStream", "nb_side_data")];
  }

  /** The width of a pixel over its height, by the container or else by the codec; `null`: neither tells. */
  sampleAspectRatio(index: number): Rational | null {
    const { fields } = this.#native;
    const ratios = [
      fields.get(this.stream(index), "AVStream", "sample_aspect_ratio"),
      fields.get(this.parameters(index), "AVCodecParameters", "sample_aspect_ratio"),
    ];
    return ratios.map(unpackRational).find(({ num, den }) => num > 0 && den > 0) ?? null;
  }

  /** The order of a stream's fields, by libav's number (AV_FIELD_*). */
  fieldOrder(index: number): number {
    return this.#native.fields.get(this.parameters(index), "AVCodecParameters", "field_order");
  }

  /** Newer releases keep side data in the parameters, which are copied anyway. */
  #copySideData(from: Address, to: Address): void {
    const { avutil, fields, memory, streamSideData } = this.#native;
    if (streamSideData === null) return;
    const count = fields.get(from, "AVStream", "nb_side_data");
    const list = fields.get(from, "AVStream", "side_data");
    for (let index = 0; index < count; index++) {
      const item = address(list + BigInt(index * fields.size("AVPacketSideData")));
      const bytes = fields.get(item, "AVPacketSideData", "size");
      const size = BigInt(bytes);
      const copy = avutil.av_mallocz(size);
      if (copy === NULL) fail(this.#native, outOfMemory, "copy side data");
      memory.copyRows(copy, bytes, fields.get(item, "AVPacketSideData", "data"), bytes, bytes, 1);
      streamSideData.av_stream_add_side_data(to, fields.get(item, "AVPacketSideData", "type"), copy, size);
    }
  }

  /** The chapters of the file. */
  get chapters(): ChapterPlace[] {
    const { fields } = this.#native;
    const list = fields.get(this.address, "AVFormatContext", "chapters");
    const count = fields.get(this.address, "AVFormatContext", "nb_chapters");
    return Array.from({ length: count }, (_, index) => {
      const chapter = fields.element(list, "address", index);
      const { num, den } = unpackRational(fields.get(chapter, "AVChapter", "time_base"));
      const seconds = (ticks: bigint): number => Number(ticks) * num / den;
      return {
        title: tagsOf(this.#native, fields.get(chapter, "AVChapter", "metadata")).title ?? "",
        start: seconds(fields.get(chapter, "AVChapter", "start")),
        end: seconds(fields.get(chapter, "AVChapter", "end")),
      };
    });
  }

  /** The tags of the file. */
  get metadata(): Record<string, string> {
    return tagsOf(this.#native, this.#native.fields.get(this.address, "AVFormatContext", "metadata"));
  }

  /** The tags of the programs, which streams of MPEG belong to. */
  get programTags(): Record<string, string>[] {
    const { fields } = this.#native;
    const list = fields.get(this.address, "AVFormatContext", "programs");
    const count = fields.get(this.address, "AVFormatContext", "nb_programs");
    return Array.from(
      { length: count },
      (_, index) =>
        tagsOf(this.#native, fields.get(fields.element(list, "address", index), "AVProgram", "metadata")),
    );
  }

  /** The tags of a stream. */
  tags(index: number): Record<string, string> {
    return tagsOf(this.#native, this.#native.fields.get(this.stream(index), "AVStream", "metadata"));
  }

  /** Copies the tags of the file to an output. */
  copyMetadata(to: Address): void {
    const { avutil, fields } = this.#native;
    const tags = fields.addressOf(to, "AVFormatContext", "metadata");
    avutil.av_dict_copy(tags, fields.get(this.address, "AVFormatContext", "metadata"), 0);
  }

  /**
   * Replaces the codec headers in an AVCodecParameters by those of a stream, if it has any: the muxer may
   * have written headers and packets in another form than the encoder made them (H.264 and H.265 in mp4:
   * ISO/IEC 14496-15).
   */
  copyHeaders(index: number, parameters: Address): void {
    const { fields, memory } = this.#native;
    const own = this.parameters(index);
    const size = fields.get(own, "AVCodecParameters", "extradata_size");
    if (size <= 0) return;
    const copy = setHeaders(this.#native, parameters, size);
    memory.copyRows(copy, size, fields.get(own, "AVCodecParameters", "extradata"), size, size, 1);
  }

  /** Reads the next packet; `false` at the end of the file. */
  read(packet: NativePacket): boolean {
    let result = this.#readNow(packet);
    // AVFoundation's reader does not wait for the next frame.
    for (; isAgain(result); result = this.#readNow(packet)) pause(this.#native, 0.005);
    if (result === endOfStream) return false;
    if (result < 0) fail(this.#native, result, "read the file");
    return true;
  }

  #readNow(packet: NativePacket): number {
    requireNotInterrupted(this.#native);
    return this.#native.avformat.av_read_frame(this.address, packet.address);
  }
}
