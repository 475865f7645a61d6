/**
 * AVInputFormat and AVFormatContext: a file being read, packet by packet.
 *
 * @module
 */
import { type Address, address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, endOfStream, errorText } from "./failure.ts";
import { Owned } from "./owned.ts";
import type { Packet } from "./packet.ts";
import { type Rational, unpackRational } from "./rational.ts";

/** AVMEDIA_TYPE_*, libavutil/avutil.h. */
const mediaTypes = { video: 0, subtitle: 3 } as const;
/** AV_DICT_IGNORE_SUFFIX, libavutil/dict.h: with an empty key, every entry in turn. */
const ignoreSuffix = 2;
/** AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h: readers may read so far beyond the end. */
const inputPadding = 64;

/** How a file is to be read. */
export interface DemuxerOptions {
  /** Demuxers that may read it, by libavformat's names; it tells them apart by the content. */
  readonly formats: readonly string[];
  /** Whether to look into the packets, for what the container does not say. */
  readonly findsStreamInfo: boolean;
}

function fail(native: Native, result: number, operation: string): never {
  throw new AvError(errorText(native, result), { code: codeName(result), operation });
}

function openInput(native: Native, url: string, { formats, findsStreamInfo }: DemuxerOptions): Address {
  const { avformat, avutil } = native;
  const cell = new PointerCell(avformat.avformat_alloc_context());
  // What the file names besides is not followed: not another file, and no other host.
  for (
    const [name, value] of [["protocol_whitelist", "file,subfile,data"], [
      "format_whitelist",
      formats.join(","),
    ]] as const
  ) {
    avutil.av_opt_set(cell.value, cString(name), cString(value), 0);
  }
  // A failure frees the context.
  let result = avformat.avformat_open_input(cell.buffer, cString(url), NULL, null);
  if (result < 0) fail(native, result, "open the file for reading");
  if (!findsStreamInfo) return cell.value;
  result = avformat.avformat_find_stream_info(cell.value, null);
  if (result >= 0) return cell.value;
  avformat.avformat_close_input(cell.buffer);
  fail(native, result, "find the streams of the file");
}

/** A file open for reading. */
export class Demuxer extends Owned {
  readonly #native: Native;

  /** Opens a file. Throws libav's words where it can't be read as one of the formats. */
  constructor(native: Native, url: string, options: DemuxerOptions) {
    super("a demuxer", openInput(native, url, options), (context) => {
      native.avformat.avformat_close_input(new PointerCell(context).buffer);
    });
    this.#native = native;
  }

  /** The AVStreams, in order. */
  get streams(): Address[] {
    const { fields } = this.#native;
    const list = fields.get(this.address, "AVFormatContext", "streams");
    const count = fields.get(this.address, "AVFormatContext", "nb_streams");
    return Array.from({ length: count }, (_, index) => fields.element(list, "address", index));
  }

  /** The unit of a stream's timestamps. */
  timeBase(index: number): Rational {
    return unpackRational(this.#native.fields.get(this.streams[index]!, "AVStream", "time_base"));
  }

  /** Frames per second of a stream; `null` where the file does not tell. */
  frameRate(index: number): Rational | null {
    const rate = unpackRational(this.#native.fields.get(this.streams[index]!, "AVStream", "avg_frame_rate"));
    return rate.num > 0 && rate.den > 0 ? rate : null;
  }

  /** The four-character code of a stream, or 0. */
  tag(index: number): number {
    return this.#native.fields.get(this.#parameters(index), "AVCodecParameters", "codec_tag");
  }

  /** Whether a stream is of a type. */
  is(type: keyof typeof mediaTypes, index: number): boolean {
    return this.#native.fields.get(this.#parameters(index), "AVCodecParameters", "codec_type") ===
      mediaTypes[type];
  }

  /** libavcodec's name of a stream's codec. */
  codecName(index: number): string {
    const { avcodec, fields, memory } = this.#native;
    return memory.text(
      avcodec.avcodec_get_name(fields.get(this.#parameters(index), "AVCodecParameters", "codec_id")),
    ) ?? "";
  }

  /** A copy of a stream's codec headers; empty where it has none. */
  headers(index: number): Uint8Array<ArrayBuffer> {
    const { fields, memory } = this.#native;
    const parameters = this.#parameters(index);
    const bytes = new Uint8Array(fields.get(parameters, "AVCodecParameters", "extradata_size"));
    if (bytes.length > 0) memory.read(fields.get(parameters, "AVCodecParameters", "extradata"), bytes);
    return bytes;
  }

  #parameters(index: number): Address {
    return this.#native.fields.get(this.streams[index]!, "AVStream", "codecpar");
  }

  /** Fills an AVCodecParameters with those of a stream. */
  describeInto(index: number, parameters: Address): void {
    const result = this.#native.avcodec.avcodec_parameters_copy(parameters, this.#parameters(index));
    if (result < 0) fail(this.#native, result, "copy a stream's parameters");
  }

  /** Gives a stream that is written all that one of this file has besides its codec: pixel shape, flags, tags, side data. */
  copyTags(index: number, to: Address): void {
    const { avutil, fields } = this.#native;
    const from = this.streams[index]!;
    for (const field of ["sample_aspect_ratio", "disposition"] as const) {
      fields.set(to, "AVStream", field, fields.get(from, "AVStream", field) as never);
    }
    const tags = fields.addressOf(to, "AVStream", "metadata");
    avutil.av_dict_copy(tags, fields.get(from, "AVStream", "metadata"), 0);
    this.#copySideData(from, to);
  }

  /** Newer releases keep side data in the parameters, which are copied with it. */
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
      if (copy === NULL) fail(this.#native, -12, "copy side data");
      memory.copyRows(copy, bytes, fields.get(item, "AVPacketSideData", "data"), bytes, bytes, 1);
      streamSideData.av_stream_add_side_data(to, fields.get(item, "AVPacketSideData", "type"), copy, size);
    }
  }

  /** The tags of the file. */
  get metadata(): Record<string, string> {
    const { avutil, fields, memory } = this.#native;
    const dictionary = fields.get(this.address, "AVFormatContext", "metadata");
    const tags: Record<string, string> = {};
    let entry: Address = NULL;
    while ((entry = avutil.av_dict_get(dictionary, cString(""), entry, ignoreSuffix)) !== NULL) {
      const key = memory.text(fields.get(entry, "AVDictionaryEntry", "key")) ?? "";
      tags[key] = memory.text(fields.get(entry, "AVDictionaryEntry", "value")) ?? "";
    }
    return tags;
  }

  /** Gives a container that is written the tags of this file. */
  copyMetadata(to: Address): void {
    const { avutil, fields } = this.#native;
    const tags = fields.addressOf(to, "AVFormatContext", "metadata");
    avutil.av_dict_copy(tags, fields.get(this.address, "AVFormatContext", "metadata"), 0);
  }

  /**
   * Replaces the codec's headers in an AVCodecParameters by those of a stream, where it has some: a muxer may have written them,
   * and the packets, in another form than the encoder made them (H.264 and H.265 in mp4: ISO/IEC 14496-15).
   */
  copyHeaders(index: number, parameters: Address): void {
    const { avutil, fields, memory } = this.#native;
    const own = this.#parameters(index);
    const size = fields.get(own, "AVCodecParameters", "extradata_size");
    if (size <= 0) return;
    const copy = avutil.av_mallocz(BigInt(size + inputPadding));
    if (copy === NULL) fail(this.#native, -12, "copy a stream's headers");
    memory.copyRows(copy, size, fields.get(own, "AVCodecParameters", "extradata"), size, size, 1);
    avutil.av_free(fields.get(parameters, "AVCodecParameters", "extradata"));
    fields.set(parameters, "AVCodecParameters", "extradata", copy);
    fields.set(parameters, "AVCodecParameters", "extradata_size", size);
  }

  /** Takes the next packet; `false` at the end of the file. */
  read(packet: Packet): boolean {
    const result = this.#native.avformat.av_read_frame(this.address, packet.address);
    if (result === endOfStream) return false;
    if (result < 0) fail(this.#native, result, "read the file");
    return true;
  }
}
