/**
 * The tracks of subtitles of one file.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { trackTags } from "../container/metadata.ts";
import { movieTimescale, needsFragments } from "../container/muxer_options.ts";
import { UnsupportedError } from "../errors.ts";
import { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import { describeSubtitles, subtitleDisposition } from "../libav/streams/stream_parameters.ts";
import { shown } from "../shown.ts";
import { cueOverhead, maxWaitingCueBytes, type SubtitleCue } from "../subtitles/cue.ts";
import { Segmenter, type TimedText } from "../subtitles/segments.ts";
import { parseSubRip } from "../subtitles/styled_text.ts";
import { headersOf, PacketMaker } from "../subtitles/subtitle_codecs.ts";
import { SubtitleFile } from "../subtitles/subtitle_file.ts";
import type { CheckedSubtitleOptions, SubtitleCodec } from "../subtitles/subtitle_options.ts";
import { requireReadable } from "./target.ts";
import { emptyText, textGaps } from "./text_gaps.ts";

const operation = "choose the container";

/** Containers with subtitles, and the codecs that they take, the one for cues first. */
const codecs: Readonly<Record<string, readonly SubtitleCodec[]>> = {
  mp4: ["mov_text"],
  mov: ["mov_text"],
  ipod: ["mov_text"],
  matroska: ["subrip", "ass"],
  webm: ["webvtt"],
};

/** How many bytes a container needs for a text, and for a track, at most: times, tables, headers. */
const textOverhead = 40, trackOverhead = 700;

const utf8 = new TextEncoder();

/**
 * How long a Matroska subtitle is held back, in seconds: it has its duration from the start, which the end of
 * the video may cut. Players read further ahead than that.
 */
const heldSeconds = 1;

/** A subtitle waiting to be written, in seconds: as bytes, or as a packet from a file. */
interface Waiting {
  readonly start: number;
  readonly end: number;
  readonly content: Uint8Array | NativePacket;
}

/** One track. */
class SubtitleTrack implements Disposable {
  readonly options: CheckedSubtitleOptions;
  readonly codec: SubtitleCodec;
  readonly headers: Uint8Array;
  readonly #maker: PacketMaker;
  /** For formats that show one text at a time. */
  readonly #segmenter: Segmenter | null;
  readonly #file: SubtitleFile | null;
  /** Subtitles in the form of the file, in order. */
  #waiting: Waiting[] = [];
  /** When the last one that was given ends, in seconds. */
  givenEnd = 0;
  waitingBytes = 0;

  constructor(native: Native, info: MuxerInfo, options: CheckedSubtitleOptions) {
    const { from } = options;
    if (from !== null) requireReadable(from, "read subtitles from");
    using owned = new DisposableStack();
    this.#file = owned.use(from === null ? null : new SubtitleFile(native, from));
    this.options = options;
    this.codec = chooseCodec(info, options.codec, this.#file?.notation);
    this.#maker = new PacketMaker(this.codec);
    this.#segmenter = this.codec === "mov_text" ? new Segmenter() : null;
    const isAsItIs = this.#file?.notation === this.codec;
    this.headers = isAsItIs ? this.#file!.headers : headersOf(this.codec, options.isForced);
    for (const cue of this.#file?.cues ?? []) {
      if (isAsItIs) this.#wait(cue, cue.packet);
      else this.#add(cue);
    }
    if (this.#file !== null) this.#finishSegments();
    if (!isAsItIs) this.#file?.[Symbol.dispose]();
    owned.move();
  }

  /** Takes the program's next cue, in SubRip notation. */
  write({ text, start, end }: SubtitleCue): void {
    const runs = parseSubRip(text);
    // A cue with tags alone shows nothing.
    if (runs.length === 0) return;
    if (this.codec === "subrip") this.#wait({ start, end }, utf8.encode(text));
    else this.#add({ start, end, runs });
  }

  /** How many bytes what waits takes in a file, about. */
  get fileBytes(): number {
    const texts = this.#waiting.map(({ content }) => bytesOf(content) - cueOverhead + textOverhead);
    return texts.reduce((sum, bytes) => sum + bytes, this.headers.length + trackOverhead);
  }

  #add(cue: TimedText): void {
    for (const text of this.#segmenter?.add(cue) ?? [cue]) this.#wait(text, this.#maker.make(text.runs));
  }

  #finishSegments(): void {
    for (const text of this.#segmenter?.finish() ?? []) this.#wait(text, this.#maker.make(text.runs));
  }

  #wait({ start, end }: Omit<TimedText, "runs">, content: Waiting["content"]): void {
    this.#waiting.push({ start, end, content });
    this.waitingBytes += bytesOf(content);
  }

  /** Removes and returns what starts at or before a time. */
  take(until: number): Waiting[] {
    const found = this.#waiting.findIndex(({ start }) => start > until);
    const due = this.#waiting.splice(0, found < 0 ? this.#waiting.length : found);
    for (const { content } of due) this.waitingBytes -= bytesOf(content);
    return due;
  }

  /** Ends the track: cuts off what lies beyond the end of the video. */
  end(seconds: number): void {
    this.#finishSegments();
    this.#waiting = this.#waiting.filter(({ start }) => start < seconds)
      .map((text) => ({ ...text, end: Math.min(text.end, seconds) }));
    // Where texts follow each other, an empty one ends the last.
    if (this.#segmenter === null || this.givenEnd <= seconds) return;
    this.#waiting.push({ start: seconds, end: seconds, content: this.#maker.make([]) });
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }
}

function bytesOf(content: Waiting["content"]): number {
  return (content instanceof NativePacket ? content.size : content.length) + cueOverhead;
}

/**
 * The subtitle tracks, which come after all others, and the cues that wait for the video to get to them. No
 * call waits for a cue.
 */
export class SubtitleTracks implements Disposable {
  readonly #native: Native;
  readonly #info: MuxerInfo;
  readonly #firstStream: number;
  readonly #tracks: SubtitleTrack[] = [];
  readonly #packet: NativePacket;
  readonly #heldSeconds: number;
  #timeBase: Rational = { num: 1, den: 1000 };
  #hasEnded = false;
  /** Whether a cue was written. */
  hasCues = false;

  /** Reads the files. Throws where one cannot be read, or the container does not keep what is requested. */
  constructor(
    native: Native,
    info: MuxerInfo,
    requests: readonly CheckedSubtitleOptions[],
    firstStream: number,
  ) {
    this.#native = native;
    this.#info = info;
    this.#firstStream = firstStream;
    this.#heldSeconds = needsFragments(info) ? 0 : heldSeconds;
    using owned = new DisposableStack();
    for (const options of requests) {
      this.#tracks.push(owned.use(new SubtitleTrack(native, info, options)));
    }
    const forced = this.#tracks.find(({ options }) => options.isForced);
    if (forced !== undefined) requireForcedSupport(native, info, forced);
    this.#packet = owned.use(new NativePacket(native));
    owned.move();
  }

  /** Adds the tracks to a muxer that has all other streams. */
  addStreams(muxer: Muxer): void {
    this.#timeBase = { num: 1, den: needsFragments(this.#info) ? finestTimescale(muxer) : 1000 };
    for (const track of this.#tracks) addStream(this.#native, muxer, track, this.#timeBase);
  }

  /** Whether so many cues wait for the video that no more are to come. */
  get isFull(): boolean {
    return this.#tracks.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0) > maxWaitingCueBytes;
  }

  /** How many bytes all that waits takes in a file, about, and rather more than less. */
  get fileBytes(): number {
    return this.#tracks.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  }

  /** Takes a cue, which is written once the video gets to it. */
  write(cue: Required<SubtitleCue>): void {
    this.hasCues = true;
    this.#tracks[cue.track]!.write(cue);
  }

  /** Writes the packets of texts that are due at a time of the video. Each must be empty afterwards. */
  give(seconds: number, write: (packet: NativePacket, timeBase: Rational) => void): void {
    for (const [index, track] of this.#tracks.entries()) {
      for (const text of track.take(seconds - this.#heldSeconds)) {
        const writeInOrder = (packet: NativePacket): void => {
          packet.streamIndex = this.#firstStream + index;
          write(packet, this.#timeBase);
          packet.unref();
        };
        if (needsFragments(this.#info)) this.#fillGap(track, text, writeInOrder);
        track.givenEnd = text.end;
        writeInOrder(this.#fill(text));
      }
    }
  }

  /** Gives empty texts where there is none for hours. */
  #fillGap(
    { givenEnd }: SubtitleTrack,
    { start }: Waiting,
    writeInOrder: (packet: NativePacket) => void,
  ): void {
    for (const gap of textGaps(this.#ticks(givenEnd), this.#ticks(start))) {
      this.#packet.fill(emptyText);
      this.#packet.pts = this.#packet.dts = gap.start;
      this.#packet.duration = gap.duration;
      writeInOrder(this.#packet);
    }
  }

  #ticks(seconds: number): bigint {
    return BigInt(Math.round(seconds * this.#timeBase.den));
  }

  /** Ends all tracks at the end of the video. */
  end(seconds: number): void {
    this.#hasEnded = true;
    for (const track of this.#tracks) track.end(seconds);
  }

  /** Writes the rest, if the video has ended: after a failure, it is not known what was to be shown. */
  giveRemaining(write: (packet: NativePacket, timeBase: Rational) => void): void {
    if (this.#hasEnded) this.give(Infinity, write);
  }

  #fill({ start, end, content }: Waiting): NativePacket {
    const packet = content instanceof NativePacket ? content : this.#packet;
    if (!(content instanceof NativePacket)) packet.fill(content);
    packet.pts = packet.dts = this.#ticks(start);
    // Without a duration, Matroska would show it until the next one.
    packet.duration = this.#ticks(end) - packet.pts || (end > start ? 1n : 0n);
    return packet;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    for (const track of this.#tracks) track[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
  }
}

/**
 * Ticks per second of an mp4's finest stream. The muxer ends a text with an empty sample once another stream
 * gets past its end, but compares times without their units (movenc.c): in a coarser unit, texts would end
 * before the next one comes.
 */
function finestTimescale(muxer: Muxer): number {
  const scales = Array.from(
    { length: muxer.streamCount },
    (_, index) => movieTimescale(muxer.timeBase(index)),
  );
  return Math.max(...scales);
}

/** A subtitle stream for a muxer. */
type SubtitleStream = Pick<SubtitleTrack, "options" | "codec" | "headers">;

function addStream(
  native: Native,
  muxer: Muxer,
  { options: { language, title, ...choice }, codec, headers }: SubtitleStream,
  timeBase: Rational,
): void {
  muxer.addStream({
    describeInto: (parameters) => describeSubtitles(native, parameters, codec, headers),
    timeBase,
    frameRate: null,
    tag: null,
    disposition: subtitleDisposition(choice),
    metadata: trackTags(muxer.info, language, title),
  });
}

function chooseCodec(
  info: MuxerInfo,
  wanted: SubtitleCodec | undefined,
  notation: SubtitleCodec | undefined,
): SubtitleCodec {
  const taken = codecs[info.name];
  if (taken === undefined) {
    throw new UnsupportedError(`Cannot write subtitles into ${info.name}: the container does not keep them`, {
      code: "SUBTITLES",
      operation,
      hint: "Leave them out, or use mp4, mov, mkv or webm",
    });
  }
  if (wanted === undefined) return taken.find((codec) => codec === notation) ?? taken[0]!;
  if (taken.includes(wanted)) return wanted;
  throw new UnsupportedError(
    `Cannot write subtitles in ${wanted} into ${info.name}: the container does not take it`,
    {
      code: "CODEC_NOT_FOR_CONTAINER",
      operation,
      hint: `It takes ${taken.join(" and ")}`,
    },
  );
}

/** Throws where a muxer writes the same bytes whether a track is forced or not. */
function requireForcedSupport(
  native: Native,
  info: MuxerInfo,
  { options: given, codec, headers }: SubtitleStream,
): void {
  const bytes = (isForced: boolean): number | null => {
    using muxer = new Muxer(native, info, "");
    const options = { ...given, isForced };
    addStream(native, muxer, { options, codec, headers }, { num: 1, den: 1000 });
    // The header of an mp4 has an index only if it is empty.
    if (muxer.options.has("movflags")) muxer.options.setField("movflags", "+empty_moov");
    muxer.openMemory();
    muxer.writeHeader();
    return muxer.writtenBytes;
  };
  if (bytes(true) !== bytes(false)) return;
  throw new UnsupportedError(
    `Cannot write forced subtitles into ${info.name}: FFmpeg ${native.version} does not tell that they are (${
      shown(given.title ?? given.language ?? codec)
    })`,
    {
      code: "SUBTITLES",
      operation,
      hint: `Leave forced out, or use mkv${info.name === "mov" ? ", or mp4 with FFmpeg 4.4 or newer" : ""}`,
    },
  );
}
