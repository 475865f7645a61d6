/**
 * AVOutputFormat and AVFormatContext: a container, from its name to its last byte.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { delayedStream, delaysBlocks, idOfCodec } from "./muxing/codec_delay.ts";
import { codeName, errorText, outOfMemory } from "./failure.ts";
import { requireNotInterrupted } from "./interruption.ts";
import { mediaTypes } from "./media_types.ts";
import { setChapters } from "./muxing/chapter_list.ts";
import { MemoryFile } from "./muxing/memory_file.ts";
import { isMatroska, muxerByName, type MuxerInfo } from "./muxer_info.ts";
import { ByteOutput, type ByteSink, closeOutput, type Output, takeMemory } from "./muxing/muxer_output.ts";
import { NativePacket } from "./native_packet.ts";
import { OptionTable } from "./options.ts";
import { Owned } from "./owned.ts";
import { packRational, type Rational, unpackRational } from "./rational.ts";
import { type ChapterPlace, packTag, type StreamRequest } from "./streams/stream_parameters.ts";
import { setTags, tagStream } from "./streams/stream_tags.ts";

/** AVIO_FLAG_WRITE, libavformat/avio.h. */
export const openForWriting = 2;
/** SEEK_*, stdio.h: from the current position, with 0, it tells it. */
const seekAbsolute = 0, seekCurrent = 1;

/**
 * How long libavformat may hold packets back for a stream without any, in microseconds: an attached picture
 * has one packet only, and libavformat's default of ten seconds may be a gigabyte.
 */
const maxInterleaveDelta = 1_000_000;

/** A container being written. */
export class Muxer extends Owned {
  readonly #native: Native;
  readonly #output: Output;
  readonly #streams: Address[] = [];
  /** Attached pictures by stream number. */
  readonly #pictures: Map<number, Uint8Array> = new Map();
  /** By how many seconds the packets of streams are later than they say, and whether the muxer sees to it. */
  readonly #delays = new Map<number, { readonly seconds: number; readonly isDelayed: boolean }>();
  /** The output of a muxer that has a sink. */
  #bytes: ByteOutput | null = null;
  /** Whether av_write_trailer must be called: after a header, and once, as it frees the context's data. */
  #needsTrailer = false;
  /** The muxer of this context. */
  readonly info: MuxerInfo;
  /** Its options, including the private ones. */
  readonly options: OptionTable;

  /** Creates a context for `url`, which is not opened yet. */
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
    // Muxers that open other files stay in the file system.
    this.options.setField("protocol_whitelist", "file");
  }

  /**
   * Adds a stream; returns its AVStream. Streams are numbered from 0 in the order in which they are added.
   */
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
      this.options.setField("max_interleave_delta", maxInterleaveDelta);
      this.#pictures.set(this.#streams.length, picture);
    }
    this.#streams.push(stream);
    return stream;
  }

  /** Sets tags of the file, and of its first stream, before the header is written. */
  setMetadata(
    ofFile: Readonly<Record<string, string>>,
    ofFirst: Readonly<Record<string, string>> = {},
  ): void {
    const { fields } = this.#native;
    setTags(this.#native, fields.addressOf(this.address, "AVFormatContext", "metadata"), ofFile);
    setTags(this.#native, fields.addressOf(this.#streams[0]!, "AVStream", "metadata"), ofFirst);
  }

  /**
   * Sets chapters, once, before the trailer is written: the muxers of mp4, mov and Matroska write them with
   * it.
   */
  setChapters(chapters: readonly ChapterPlace[]): void {
    setChapters(this.#native, this.address, chapters, () => this.#fail(outOfMemory, "add chapters"));
  }

  /** The AVStream of a number. */
  stream(index: number): Address {
    return this.#streams[index]!;
  }

  /** The four-character code of a stream, as a number; 0 where the encoder gave it none. */
  streamTag(index: number): number {
    const parameters = this.#native.fields.get(this.stream(index), "AVStream", "codecpar");
    return this.#native.fields.get(parameters, "AVCodecParameters", "codec_tag");
  }

  /** Number of streams with packets: all except the attached pictures, which come last. */
  get streamCount(): number {
    return this.#streams.length - this.#pictures.size;
  }

  /** The time base that the container uses for a stream: known once the header is written. */
  timeBase(index: number): Rational {
    return unpackRational(this.#native.fields.get(this.#streams[index]!, "AVStream", "time_base"));
  }

  /**
   * By how many seconds the first packet of each stream of audio comes before what it has: the encoder's
   * delay.
   */
  get audioDelays(): { readonly stream: number; readonly seconds: number }[] {
    const { fields } = this.#native;
    return this.#streams.flatMap((address, stream) => {
      const parameters = fields.get(address, "AVStream", "codecpar");
      if (fields.get(parameters, "AVCodecParameters", "codec_type") !== mediaTypes.audio) return [];
      const samples = fields.get(parameters, "AVCodecParameters", "initial_padding");
      return [{ stream, seconds: samples / fields.get(parameters, "AVCodecParameters", "sample_rate") }];
    });
  }

  /**
   * Has all packets be later by the longest delay of an encoder of audio, where times before 0 can't be
   * written.
   */
  makeRoomForDelays(): void {
    const isFromZero = isMatroska(this.info);
    const seconds = Math.max(0, ...this.audioDelays.map((delay) => delay.seconds));
    if (!isFromZero && seconds > 0) {
      this.options.setField("output_ts_offset", Math.ceil(seconds * 1e6) + "us");
    }
  }

  /** Bytes of the attached pictures. */
  get pictureBytes(): number {
    return [...this.#pictures.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * Tells a muxer of fragments that are said to be discontinuous when a stream begins, before it has a packet
   * (movenc.c).
   */
  declareStart(stream: number, seconds: number): void {
    using packet = new NativePacket(this.#native);
    const { num, den } = this.timeBase(stream);
    packet.streamIndex = stream;
    // Packets are to come later than that.
    packet.pts = packet.dts = BigInt(Math.round(seconds * den / num)) - 1n;
    this.writeAtOnce(packet);
  }

  /** Opens the file, truncating an existing one. A muxer that opens its own files does so later. */
  openFile(url: string): void {
    if (this.info.opensFilesItself) return;
    const { avformat } = this.#native;
    this.openWith((cell) => avformat.avio_open2(cell, cString(url), openForWriting, NULL, null));
  }

  /** Opens its output by a function that gives an AVIOContext, or libav's code. */
  openWith(open: (cell: BigUint64Array) => number, action = "open the file"): void {
    this.#check(open(this.#output.cell.buffer), action);
    this.#native.fields.set(this.address, "AVFormatContext", "pb", this.#output.cell.value);
  }

  /** Writes into memory that is discarded: a trial of the header. */
  openMemory(): void {
    this.openWith((cell) => this.#native.avformat.avio_open_dyn_buf(cell), "open memory");
    this.#output.isMemory = true;
  }

  /** Writes for a sink. */
  openBytes(sink: ByteSink): void {
    // The muxer of mp4 writes sizes once it knows them, and is told to count from each fragment.
    const goesBack = this.options.has("movflags");
    this.#bytes = new ByteOutput(this.#native, this.address, this.#output, sink, goesBack);
    this.#check(this.#bytes.open(), "open memory");
  }

  /** Gives a sink bytes that are not the muxer's, after those that it was given. */
  giveBeside(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes?.giveBeside(bytes);
  }

  /** Writes the header and the attached pictures. */
  writeHeader(): void {
    if (isMatroska(this.info)) this.#delayBlocks();
    this.#written(this.#native.avformat.avformat_write_header(this.address, null), "write the header");
    this.#needsTrailer = true;
    for (const [stream, bytes] of this.#pictures) {
      using packet = new NativePacket(this.#native);
      packet.fill(bytes);
      packet.streamIndex = stream;
      packet.pts = packet.dts = 0n;
      this.writeAtOnce(packet);
    }
  }

  /** Makes up for a muxer of Matroska that does not have blocks later by their encoders' delays. */
  #delayBlocks(): void {
    const delays = this.audioDelays.filter(({ seconds }) => seconds > 0);
    // Without them, libavformat moves everything where something is before 0, which no reader takes.
    if (delays.length === 0) return;
    const isWebm = this.info.name === "webm";
    const isDelayed = delaysBlocks(this.#native, (padding) => this.#trialBytes(padding));
    const { fields } = this.#native;
    const opus = idOfCodec(this.#native, "opus");
    for (const { stream, seconds } of delays) {
      const parameters = fields.get(this.stream(stream), "AVStream", "codecpar");
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
    trial.addStream(delayedStream(this.#native, padding));
    trial.openMemory();
    trial.writeHeader();
    return trial.writtenBytes;
  }

  /** Has a packet come later by the delay of its stream. */
  #delay(packet: NativePacket): void {
    const delay = this.#delays.get(packet.streamIndex);
    if (delay === undefined) return;
    const { num, den } = this.timeBase(packet.streamIndex);
    const ticks = BigInt(Math.round(delay.seconds * den / num));
    // The length of the file is reckoned by when blocks end. libavformat would guess a length of 0.
    packet.duration = packet.duration > ticks ? packet.duration - ticks : 1n;
    if (delay.isDelayed) return;
    packet.pts += ticks;
    packet.dts += ticks;
  }

  /** Writes a packet to its stream, interleaved by libavformat. It is empty afterwards. */
  write(packet: NativePacket): void {
    requireNotInterrupted(this.#native);
    this.#delay(packet);
    this.#written(
      this.#native.avformat.av_interleaved_write_frame(this.address, packet.address),
      "write a packet",
    );
  }

  /**
   * Writes a packet as it comes, or (`null`) what the muxer holds back: no packets of other streams are
   * waited for. The packet keeps what is in it.
   */
  writeAtOnce(packet: NativePacket | null): void {
    requireNotInterrupted(this.#native);
    if (packet !== null) this.#delay(packet);
    this.#written(
      this.#native.avformat.av_write_frame(this.address, packet?.address ?? NULL),
      "write a packet",
    );
  }

  /** Writes the trailer, once, after a header. The file is complete only after {@linkcode closeOutput}. */
  writeTrailer(): void {
    if (!this.#needsTrailer) return;
    requireNotInterrupted(this.#native);
    this.#needsTrailer = false;
    this.#written(this.#native.avformat.av_write_trailer(this.address), "finish the file");
  }

  /** Writes over the first bytes of the file, after the trailer, where it is one that can be written over. */
  overwrite(bytes: Uint8Array): void {
    const output = this.#output.cell.value;
    if (this.#native.avformat.avio_seek(output, 0n, seekAbsolute) < 0n) return;
    this.#native.memoryFiles().avio_write(output, bytes, bytes.length);
  }

  /** The size of the file so far in bytes; `null` where the muxer does not tell, or it is one of several. */
  get outputBytes(): number | null {
    const output = this.#output.cell.value;
    // Memory has no size, and would go back to its beginning when it is asked for it.
    if (output === NULL || this.#output.isMemory || this.info.opensFilesItself) return null;
    const size = this.#native.avformat.avio_size(output);
    return size < 0n ? null : Number(size);
  }

  /** How many bytes were written to the file, without those that the muxer or the output buffers. */
  get writtenBytes(): number | null {
    const output = this.#output.cell.value;
    return output === NULL ? null : Number(this.#native.avformat.avio_seek(output, 0n, seekCurrent));
  }

  /** Flushes and closes the output. A full disk often shows here first. */
  closeOutput(): void {
    this.#native.fields.set(this.address, "AVFormatContext", "pb", NULL);
    if (this.#bytes !== null) return this.#bytes.close();
    this.#check(closeOutput(this.#native, this.#output), "close the file");
  }

  /** Closes an output into memory, and returns the file there. */
  takeMemory(): MemoryFile {
    this.#native.fields.set(this.address, "AVFormatContext", "pb", NULL);
    const { bytes, size } = takeMemory(this.#native, this.#output);
    return new MemoryFile(this.#native, bytes, size);
  }

  /** Checks what libav says after it has written. */
  #written(result: number, action: string): void {
    this.#check(result, action);
    this.#check(this.#bytes?.give() ?? 0, "open memory");
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
