/**
 * AVOutputFormat and AVFormatContext: a container, from its name to its last byte.
 *
 * @module
 */
import { type Address, address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { delaysBlocks } from "./codec_delay.ts";
import { codeName, errorText, outOfMemory } from "./failure.ts";
import { mediaTypes } from "./media_types.ts";
import { OptionTable } from "./options.ts";
import { Owned } from "./owned.ts";
import { Packet } from "./packet.ts";
import { packRational, type Rational, unpackRational } from "./rational.ts";
import { setTags, type StreamTags, tagStream } from "./stream_tags.ts";

/** AVFMT_*, libavformat/avformat.h. */
const flag = { opensFilesItself: 0x1, globalHeader: 0x40, noTimestamps: 0x80, variableRate: 0x400 } as const;
/** AVIO_FLAG_WRITE, libavformat/avio.h. */
const openForWriting = 2;
/** EIO, errno.h. */
const inputOutputError = -5;
/** SEEK_CUR, stdio.h: with 0, it tells the position. */
const seekCurrent = 1;
/** FF_COMPLIANCE_*, libavcodec/defs.h: what a container is made for, or all that it can hold. */
const compliance = { usual: 0, anything: -2 } as const;

/** A muxer of the loaded libavformat. */
export interface MuxerInfo {
  /** The AVOutputFormat. */
  readonly format: Address;
  /** libavformat's name: `"mp4"`, `"matroska"`. */
  readonly name: string;
  /** The file name extensions that it is guessed from, without dots. */
  readonly extensions: readonly string[];
  /** It opens its files itself, often several (image sequences, HLS). */
  readonly opensFilesItself: boolean;
  /** A bare stream without a container, which is for its usual codecs only. */
  readonly isBareStream: boolean;
  /** The number of the codec of video that it is made for, perhaps among others; 0 for none. */
  readonly videoCodecId: number;
  /** The number of the codec of sound that it is made for, perhaps among others; 0 for none. */
  readonly soundCodecId: number;
  /** Frames may come at any time, not only at a constant rate. */
  readonly takesVariableRate: boolean;
  /** It wants codec headers in its own header, not in the packets. */
  readonly wantsGlobalHeader: boolean;
}

function describeMuxer(native: Native, format: Address): MuxerInfo {
  const { fields, memory } = native;
  const flags = fields.get(format, "AVOutputFormat", "flags");
  const extensions = memory.text(fields.get(format, "AVOutputFormat", "extensions")) ?? "";
  return {
    format,
    name: memory.text(fields.get(format, "AVOutputFormat", "name")) ?? "",
    extensions: extensions.split(",").filter((extension) => extension !== ""),
    opensFilesItself: (flags & flag.opensFilesItself) !== 0,
    isBareStream: (flags & flag.noTimestamps) !== 0 && (flags & flag.opensFilesItself) === 0,
    videoCodecId: fields.get(format, "AVOutputFormat", "video_codec"),
    soundCodecId: fields.get(format, "AVOutputFormat", "audio_codec"),
    takesVariableRate: (flags & flag.variableRate) !== 0,
    wantsGlobalHeader: (flags & flag.globalHeader) !== 0,
  };
}

/** The muxer of that exact name; `null` where the loaded libavformat has none. */
export function muxerByName(native: Native, name: string): MuxerInfo | null {
  const format = native.avformat.av_guess_format(cString(name), null, null);
  return format === NULL ? null : describeMuxer(native, format);
}

/** The muxer that libavformat takes for a file name; `null` where its extension tells nothing. */
export function muxerByFileName(native: Native, fileName: string): MuxerInfo | null {
  const format = native.avformat.av_guess_format(null, cString(fileName), null);
  return format === NULL ? null : describeMuxer(native, format);
}

/** All muxers of the loaded libavformat. */
export function muxers(native: Native): MuxerInfo[] {
  const found: MuxerInfo[] = [];
  const position = new PointerCell();
  let format: Address;
  while ((format = native.avformat.av_muxer_iterate(position.buffer)) !== NULL) {
    found.push(describeMuxer(native, format));
  }
  return found;
}

/**
 * Whether a container takes a codec (`null`: libavformat can't tell before it is tried): as one of its usual ones, or in any way
 * that it has.
 */
export function muxerTakes(
  native: Native,
  muxer: MuxerInfo,
  codecId: number,
  manner: keyof typeof compliance,
): boolean | null {
  if (muxer.isBareStream) return [muxer.videoCodecId, muxer.soundCodecId].includes(codecId);
  const answer = native.avformat.avformat_query_codec(muxer.format, codecId, compliance[manner]);
  return answer < 0 ? null : answer > 0;
}

/** Where the bytes go: an AVIOContext over a file or over memory. */
interface Output {
  readonly cell: PointerCell;
  isMemory: boolean;
}

/** Closes an output, where one is open; returns libav's code. */
function closeOutput({ avformat, avutil }: Native, { cell, isMemory }: Output): number {
  if (cell.value === NULL) return 0;
  if (!isMemory) {
    const result = avformat.avio_closep(cell.buffer);
    // FFmpeg 4.3 passes on close(2)'s own -1, which says nothing of the reason, and would be read as EPERM.
    return result === -1 ? inputOutputError : result;
  }
  const bytes = new PointerCell();
  avformat.avio_close_dyn_buf(cell.value, bytes.buffer);
  avutil.av_free(bytes.value);
  cell.buffer[0] = NULL;
  return 0;
}

/** A stream of a container: what it holds, and in what unit of time. */
export interface StreamRequest {
  /** Fills the stream's AVCodecParameters. */
  readonly describeInto: (parameters: Address) => void;
  /** The unit of the packets' timestamps; the container may choose another. */
  readonly timeBase: Rational;
  /** Frames per second, for containers that name it; `null` where it varies. */
  readonly frameRate: Rational | null;
  /** A four-character code for the container, as text or number; `null` for its default. */
  readonly tag: string | number | null;
  /** What the container is told besides. */
  readonly tags?: StreamTags;
  /** Tags of the stream: `language`, `title`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What players are told of its part in the file: a set of AV_DISPOSITION_*, libavformat/avformat.h. */
  readonly disposition?: number;
  /** The bytes of a picture of the file, such as a cover: they are all of the stream, and written with the header. */
  readonly picture?: Uint8Array;
}

/**
 * The longest that libavformat holds packets back for one of a stream that has none, in microseconds: a picture has one only, and
 * libavformat's own ten seconds may be a gigabyte.
 */
const maxHeldBack = 1_000_000;

/** A named part of a file, in seconds. */
export interface ChapterPlace {
  readonly title: string;
  readonly start: number;
  readonly end: number;
}

/** Chapters count in milliseconds, as players show them. */
const chapterTicks = 1000;

/** A container being written. */
export class Muxer extends Owned {
  readonly #native: Native;
  readonly #output: Output;
  readonly #streams: Address[] = [];
  /** The pictures among them, by their numbers. */
  readonly #pictures: Map<number, Uint8Array> = new Map();
  /** By how many seconds the packets of streams are later than they say, and whether the muxer sees to it. */
  readonly #delays = new Map<number, { readonly seconds: number; readonly isDelayed: boolean }>();
  /** What av_write_trailer needs: a header before it, and that it is called once (it frees what it ends). */
  #needsTrailer = false;
  /** The muxer that this is a context of. */
  readonly info: MuxerInfo;
  /** Its options and those of its private part. */
  readonly options: OptionTable;

  /** Makes a context that will write to `url` (not opened yet). */
  constructor(native: Native, info: MuxerInfo, url: string) {
    const context = new PointerCell();
    const output: Output = { cell: new PointerCell(), isMemory: false };
    native.avformat.avformat_alloc_output_context2(context.buffer, info.format, null, cString(url));
    super(`a muxer ${info.name}`, context.value, (owned) => {
      closeOutput(native, output);
      native.avformat.avformat_free_context(owned);
    });
    this.#native = native;
    this.#output = output;
    this.info = info;
    this.options = new OptionTable(native, "muxer", info.name, this.address);
    // Whatever a muxer opens besides, it stays in the file system.
    this.options.setField("protocol_whitelist", "file");
  }

  /** Adds a stream; returns its AVStream. Streams count from 0 in the order in which they are added. */
  addStream(request: StreamRequest): Address {
    const { describeInto, timeBase, frameRate, tag, tags, metadata = {}, disposition, picture } = request;
    const { avformat, fields } = this.#native;
    const stream = avformat.avformat_new_stream(this.address, NULL);
    if (stream === NULL) this.#fail(outOfMemory, "add a stream");
    const parameters = fields.get(stream, "AVStream", "codecpar");
    describeInto(parameters);
    if (tag !== null) {
      fields.set(parameters, "AVCodecParameters", "codec_tag", typeof tag === "string" ? packTag(tag) : tag);
    }
    fields.set(stream, "AVStream", "time_base", packRational(timeBase));
    if (frameRate !== null) fields.set(stream, "AVStream", "avg_frame_rate", packRational(frameRate));
    if (tags !== undefined) tagStream(this.#native, stream, tags);
    setTags(this.#native, fields.addressOf(stream, "AVStream", "metadata"), metadata);
    if (disposition !== undefined) fields.set(stream, "AVStream", "disposition", disposition);
    if (picture !== undefined) {
      this.options.setField("max_interleave_delta", maxHeldBack);
      this.#pictures.set(this.#streams.length, picture);
    }
    this.#streams.push(stream);
    return stream;
  }

  /** Sets tags of the whole file, before the header is written. */
  setMetadata(metadata: Readonly<Record<string, string>>): void {
    setTags(
      this.#native,
      this.#native.fields.addressOf(this.address, "AVFormatContext", "metadata"),
      metadata,
    );
  }

  /** Names parts of the file, once, before the trailer is written: the muxers of mp4, mov and Matroska write them with it. */
  setChapters(chapters: readonly ChapterPlace[]): void {
    const { avutil, fields, memory } = this.#native;
    const allocate = (bytes: number): Address => {
      const allocated = avutil.av_mallocz(BigInt(bytes));
      return allocated === NULL ? this.#fail(outOfMemory, "add chapters") : allocated;
    };
    const list = allocate(chapters.length * 8);
    // From here on, all of it is the context's to free.
    fields.set(this.address, "AVFormatContext", "chapters", list);
    for (const [index, { start, end, title }] of chapters.entries()) {
      const chapter = allocate(fields.size("AVChapter"));
      memory.write(address(list + BigInt(index * 8)), BigUint64Array.of(chapter));
      fields.set(this.address, "AVFormatContext", "nb_chapters", index + 1);
      // Matroska's muxer writes one of those with the same number (4.3).
      fields.set(chapter, "AVChapter", "id", index + 1);
      fields.set(chapter, "AVChapter", "time_base", packRational({ num: 1, den: chapterTicks }));
      fields.set(chapter, "AVChapter", "start", BigInt(Math.round(start * chapterTicks)));
      fields.set(chapter, "AVChapter", "end", BigInt(Math.round(end * chapterTicks)));
      setTags(this.#native, fields.addressOf(chapter, "AVChapter", "metadata"), { title });
    }
  }

  /** The four-character code of a stream, as a number; 0 where the encoder gave it none. */
  streamTag(index: number): number {
    const parameters = this.#native.fields.get(this.#streams[index]!, "AVStream", "codecpar");
    return this.#native.fields.get(parameters, "AVCodecParameters", "codec_tag");
  }

  /** How many streams get packets: all but the pictures, which come last. */
  get streamCount(): number {
    return this.#streams.length - this.#pictures.size;
  }

  /** The time base that the container uses for a stream: known once the header is written. */
  timeBase(index: number): Rational {
    return unpackRational(this.#native.fields.get(this.#streams[index]!, "AVStream", "time_base"));
  }

  /** By how many seconds the first packet of each stream of sound comes before what it has: the encoder's delay. */
  get audioDelays(): { readonly stream: number; readonly seconds: number }[] {
    const { fields } = this.#native;
    return this.#streams.flatMap((address, stream) => {
      const parameters = fields.get(address, "AVStream", "codecpar");
      if (fields.get(parameters, "AVCodecParameters", "codec_type") !== mediaTypes.audio) return [];
      const samples = fields.get(parameters, "AVCodecParameters", "initial_padding");
      return [{ stream, seconds: samples / fields.get(parameters, "AVCodecParameters", "sample_rate") }];
    });
  }

  /** Has all packets be later by the longest delay of an encoder of audio, where times before 0 can't be written. */
  makeRoomForDelays(): void {
    const isFromZero = this.info.name === "matroska" || this.info.name === "webm";
    const seconds = Math.max(0, ...this.audioDelays.map((delay) => delay.seconds));
    if (!isFromZero && seconds > 0) {
      this.options.setField("output_ts_offset", Math.ceil(seconds * 1e6) + "us");
    }
  }

  /** Tells a muxer of fragments that are said to be discontinuous when a stream begins, before it has a packet (movenc.c). */
  declareStart(stream: number, seconds: number): void {
    using packet = new Packet(this.#native);
    const { num, den } = this.timeBase(stream);
    packet.streamIndex = stream;
    // Packets are to come later than that.
    packet.pts = packet.dts = BigInt(Math.round(seconds * den / num)) - 1n;
    this.writeAtOnce(packet);
  }

  /** Opens the file that the context is for; empties it where it is there. A muxer that opens its files itself does so later. */
  openFile(url: string): void {
    if (this.info.opensFilesItself) return;
    const result = this.#native.avformat.avio_open2(
      this.#output.cell.buffer,
      cString(url),
      openForWriting,
      NULL,
      null,
    );
    this.#check(result, "open the file");
    this.#useOutput();
  }

  /** Writes into memory that is thrown away: a trial of the header. */
  openMemory(): void {
    this.#check(this.#native.avformat.avio_open_dyn_buf(this.#output.cell.buffer), "open memory");
    this.#output.isMemory = true;
    this.#useOutput();
  }

  /** Writes the header, and the pictures of the file. */
  writeHeader(): void {
    if (this.info.name === "matroska" || this.info.name === "webm") this.#delayBlocks();
    this.#check(this.#native.avformat.avformat_write_header(this.address, null), "write the header");
    this.#needsTrailer = true;
    for (const [stream, bytes] of this.#pictures) {
      using packet = new Packet(this.#native);
      packet.fill(bytes);
      packet.streamIndex = stream;
      packet.pts = packet.dts = 0n;
      this.writeAtOnce(packet);
    }
  }

  /** Makes up for a muxer of Matroska that does not have blocks later by their encoders' delays. */
  #delayBlocks(): void {
    const delays = this.audioDelays.filter(({ seconds }) => seconds > 0);
    const isWebm = this.info.name === "webm";
    if (delays.length === 0 && isWebm) return;
    const isDelayed = delaysBlocks(this.#native, (padding) => this.#trialBytes(padding));
    const { fields } = this.#native;
    const opus = idOfCodec(this.#native, "opus");
    for (const { stream, seconds } of delays) {
      const parameters = fields.get(this.#streams[stream]!, "AVStream", "codecpar");
      const isOpus = fields.get(parameters, "AVCodecParameters", "codec_id") === opus;
      if (isDelayed || isOpus) this.#delays.set(stream, { seconds, isDelayed });
    }
    if (isDelayed) return;
    // Browsers take no block before 0.
    const isFromZero = delays.every(({ stream }) => this.#delays.has(stream));
    if (isFromZero || !isWebm) this.options.setField("avoid_negative_ts", 0);
  }

  /** The length of the header of a stream of MP3 with a delay. */
  #trialBytes(padding: number): number | null {
    // WebM takes no MP3, but its muxer is the same.
    using trial = new Muxer(this.#native, muxerByName(this.#native, "matroska")!, "");
    const { fields } = this.#native;
    const sampleRate = 48_000;
    trial.addStream({
      describeInto: (parameters) => {
        fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypes.audio);
        fields.set(parameters, "AVCodecParameters", "codec_id", idOfCodec(this.#native, "mp3"));
        fields.set(parameters, "AVCodecParameters", "sample_rate", sampleRate);
        fields.set(parameters, "AVCodecParameters", "initial_padding", padding);
      },
      timeBase: { num: 1, den: sampleRate },
      frameRate: null,
      tag: null,
    });
    trial.openMemory();
    trial.writeHeader();
    return trial.flushedBytes;
  }

  /** Has a packet come later by the delay of its stream. */
  #delay(packet: Packet): void {
    const delay = this.#delays.get(packet.streamIndex);
    if (delay === undefined) return;
    const { num, den } = this.timeBase(packet.streamIndex);
    const ticks = BigInt(Math.round(delay.seconds * den / num));
    // The length of the file is reckoned by when blocks end.
    packet.duration = packet.duration > ticks ? packet.duration - ticks : 0n;
    if (delay.isDelayed) return;
    packet.pts += ticks;
    packet.dts += ticks;
  }

  /** Writes a packet to the stream that it names; it is empty afterwards. */
  write(packet: Packet): void {
    this.#delay(packet);
    this.#check(
      this.#native.avformat.av_interleaved_write_frame(this.address, packet.address),
      "write a packet",
    );
  }

  /** Writes a packet as it comes, or (`null`) what the muxer holds back: no packets of other streams are waited for. The packet keeps what is in it. */
  writeAtOnce(packet: Packet | null): void {
    if (packet !== null) this.#delay(packet);
    this.#check(
      this.#native.avformat.av_write_frame(this.address, packet?.address ?? NULL),
      "write a packet",
    );
  }

  /** Writes what comes last, once, after a header; the file is whole after {@linkcode closeOutput} only. */
  writeTrailer(): void {
    if (!this.#needsTrailer) return;
    this.#needsTrailer = false;
    this.#check(this.#native.avformat.av_write_trailer(this.address), "finish the file");
  }

  /** The size of the file so far in bytes; `null` where the muxer keeps that to itself. */
  get outputBytes(): number | null {
    const output = this.#output.cell.value;
    if (output === NULL) return null;
    const size = this.#native.avformat.avio_size(output);
    return size < 0n ? null : Number(size);
  }

  /** How many bytes have reached the file: those that its muxer or the output still hold do not count. */
  get flushedBytes(): number | null {
    const output = this.#output.cell.value;
    return output === NULL ? null : Number(this.#native.avformat.avio_seek(output, 0n, seekCurrent));
  }

  /** Writes what is buffered and closes the output. A full disk often shows here first. */
  closeOutput(): void {
    this.#native.fields.set(this.address, "AVFormatContext", "pb", NULL);
    this.#check(closeOutput(this.#native, this.#output), "close the file");
  }

  #useOutput(): void {
    this.#native.fields.set(this.address, "AVFormatContext", "pb", this.#output.cell.value);
  }

  #check(result: number, action: string): void {
    if (result < 0) this.#fail(result, action);
  }

  #fail(result: number, action: string): never {
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: `${action} with muxer ${this.info.name}`,
    });
  }
}

/** libavcodec's number of a codec. */
function idOfCodec({ codecNames, fields }: Native, name: string): number {
  const descriptor = codecNames().avcodec_descriptor_get_by_name(cString(name));
  return fields.get(descriptor, "AVCodecDescriptor", "id");
}

/** A four-character code as a number: MKTAG, libavutil/macros.h. */
export function packTag(tag: string): number {
  return (tag.charCodeAt(0) | (tag.charCodeAt(1) << 8) | (tag.charCodeAt(2) << 16) |
    (tag.charCodeAt(3) << 24)) >>> 0;
}
