/**
 * Files whose packets come one after the other in time, as those of one file.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import type { ChapterPlace } from "../../libav/streams/stream_parameters.ts";
import type { CopyInput, CopyRequest } from "./copy_request.ts";
import { FilePackets } from "./file_packets.ts";
import { requireSameStreams } from "./joinable.ts";
import type { CopiedFile, CopiedStream } from "./media_packet.ts";
import type { EvenAudio } from "./sample_times.ts";

/** How much later audio may begin than that of the previous file ends, in seconds, to go on there. */
const sameMoment = 0.012;
/** Audio that is longer than the video by more seconds than this is heard to its end before the next file. */
const maxTail = 0.1;
/** How far a length may be from a whole number of frames, in seconds, for Matroska counts milliseconds. */
const wholeFrames = 0.002;

/** What packets come from. */
export interface PacketInput extends Disposable {
  /** When the next packet is decoded, in seconds of the result; `null` at the end. */
  readonly seconds: number | null;
  /** Takes over the next packet, with the times of the result, in its stream's time base. */
  take(packet: NativePacket): void;
}

/** The streams of a file that are copied. */
function chosenStreams({ streams }: CopiedFile, { streams: choice, track }: CopyInput): CopiedStream[] {
  const audio = streams.filter(({ kind }) => kind === "audio");
  return streams.filter((stream) => {
    if (stream.kind !== "audio") return choice !== "audio";
    return choice !== "allButAudio" && (track === null || audio[track] === stream);
  });
}

/** The numbers of those with packets. */
function numbersOf(streams: readonly CopiedStream[]): number[] {
  return streams.filter(({ kind }) => kind !== null).map(({ index }) => index);
}

/** One input, which may be several files. */
export class JoinedInput implements PacketInput {
  readonly #native: Native;
  readonly #input: CopyInput;
  readonly #request: CopyRequest;
  #next = 1;
  #source: FilePackets;
  readonly #packet: NativePacket;
  readonly #startOf: number;
  /** By how much the packets of this file are later than they say, in seconds. */
  #offset: number;
  /** The same of each stream of audio, which goes on without a gap. */
  #audioOffsets = new Map<number, number>();
  /** What ends where, in seconds of the result, by stream. */
  readonly #ends = new Map<number, number>();
  /** Frames of the first stream of video in this file, and where the earliest one begins, in seconds. */
  #frames = 0;
  #begin = Infinity;
  /** The same, before it was rounded to ticks: what many files are off by would add up. */
  #joinedAt: number | null = null;
  readonly #decoded = new Map<number, bigint>();
  /** What the first file has. */
  readonly description: CopiedFile;
  /** Its streams that are copied. */
  readonly streams: readonly CopiedStream[];
  /** The numbers of those with packets. */
  readonly #numbers: readonly number[];
  readonly #even: ReadonlyMap<number, EvenAudio | null>;
  #headSeconds: number | null = null;

  /** Opens the first file. */
  constructor(native: Native, input: CopyInput, request: CopyRequest) {
    this.#native = native;
    this.#input = input;
    this.#request = request;
    this.#source = new FilePackets(native, input.paths[0]!, request.action);
    this.#packet = new NativePacket(native);
    this.description = this.#source.describe();
    this.streams = chosenStreams(this.description, input);
    this.#numbers = numbersOf(this.streams);
    this.#even = new Map(this.#numbers.map((index) => [index, this.#source.evenAudio(index)]));
    this.#requireJoinable();
    const { part } = request;
    if (part !== null) this.#requireWithin(part.start);
    this.#startOf = part === null ? 0 : this.#source.goTo(part.start);
    // All streams of a whole file keep their places.
    this.#offset = part === null
      ? -this.#source.demuxer.startSeconds
      : -this.#startOf - this.#source.originSeconds;
  }

  /** Throws a `RangeError` where a part begins after the end. */
  #requireWithin(start: number): void {
    const { duration, video } = this.#source;
    // Many files of audio have only an estimate of their length.
    if (video < 0 || duration === null || start < duration) return;
    this[Symbol.dispose]();
    throw new RangeError(`Cannot ${this.#request.action} from ${start} s on: the file is ${duration} s long`);
  }

  /** Throws a `RangeError` where a part of audio turns out to begin after the end. */
  #requirePackets(): void {
    const { part, action } = this.#request;
    if (part === null || this.#source.video >= 0 || this.#decoded.size > 0) return;
    throw new RangeError(`Cannot ${action} from ${part.start} s on: the file ends before`);
  }

  /** Compares the files, before anything is copied. */
  #requireJoinable(): void {
    try {
      for (const path of this.#input.paths.slice(1)) {
        using other = new FilePackets(this.#native, path, this.#request.action);
        const others = numbersOf(chosenStreams(other.describe(), this.#input));
        requireSameStreams(this.#source, other, this.#numbers, others);
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The chapters of what is copied, in seconds of the result. */
  get chapters(): ChapterPlace[] {
    const { part } = this.#request;
    const later = this.#offset + this.#source.originSeconds;
    const end = (part?.end ?? Infinity) + later;
    if (this.#input.paths.length > 1) return [];
    return this.description.chapters
      .map(({ title, ...place }) => ({
        title,
        start: place.start + later,
        end: Math.min(place.end + later, end),
      }))
      .filter((place) => place.end > 0 && place.start < end);
  }

  /** How a stream of audio is cut into packets; `null` for others, and where they differ. */
  evenAudio(index: number): EvenAudio | null {
    return this.#even.get(index) ?? null;
  }

  /** The path of the file at hand. */
  get path(): string {
    return this.#source.path;
  }

  /** When what is copied begins, in seconds of the file. */
  get start(): number {
    return this.#startOf;
  }

  get seconds(): number | null {
    if (this.#headSeconds === null) this.#headSeconds = this.#read();
    return Number.isFinite(this.#headSeconds) ? this.#headSeconds : null;
  }

  /** Where the video ends that was read so far, in seconds. */
  get videoEnd(): number {
    return this.#ends.get(this.#source.video) ?? 0;
  }

  /** Where the video of the whole file ends, in seconds of the result. The file is read for that. */
  wholeVideoEnd(): number {
    const path = this.#input.paths[0]!;
    using file = new FilePackets(this.#native, path, this.#request.action);
    using packet = new NativePacket(this.#native);
    const { num, den } = file.demuxer.timeBase(file.video);
    let end = 0n;
    while (file.read(packet)) {
      const ends = packet.pts + file.step(packet);
      if (packet.streamIndex === file.video && ends > end) end = ends;
      packet.unref();
    }
    return Number(end) * num / den + this.#offset;
  }

  /** Whether a packet is one of the video. */
  isVideo({ streamIndex }: NativePacket): boolean {
    return streamIndex === this.#source.video;
  }

  take(packet: NativePacket): void {
    packet.takeFrom(this.#packet);
    this.#headSeconds = null;
  }

  #read(): number {
    for (;;) {
      if (!this.#source.read(this.#packet)) {
        if (this.#openNext()) continue;
        this.#requirePackets();
        return Infinity;
      }
      const { streamIndex } = this.#packet;
      if (this.#numbers.includes(streamIndex)) {
        const seconds = this.#place(this.#packet);
        if (seconds !== null) return seconds;
      }
      this.#packet.unref();
    }
  }

  /** Moves a packet to its time in the result; `null` where it is not in there. */
  #place(packet: NativePacket): number | null {
    const { streamIndex: stream } = packet;
    const { num, den } = this.#source.demuxer.timeBase(stream);
    const unit = num / den;
    const isAudio = this.#source.demuxer.isOf("audio", stream);
    if (isAudio && this.#next > 1 && !this.#audioOffsets.has(stream) && !this.#goOn(stream, packet, unit)) {
      return null;
    }
    const offset = this.#audioOffsets.get(stream) ?? this.#offset;
    const ticks = BigInt(Math.round(offset / unit));
    const shown = Number(packet.pts + ticks) * unit;
    const length = Number(this.isVideo(packet) ? this.#source.step(packet) : packet.duration) * unit;
    if (!this.#isInPart(stream, packet, { shown, length, decoded: Number(packet.dts + ticks) * unit })) {
      return null;
    }
    packet.pts += ticks;
    packet.dts += ticks;
    const last = this.#decoded.get(stream);
    // The times of two files may be rounded against each other.
    if (last !== undefined && packet.dts <= last && packet.pts > last) packet.dts = last + 1n;
    this.#decoded.set(stream, packet.dts);
    this.#ends.set(stream, Math.max(this.#ends.get(stream) ?? 0, shown + length));
    if (this.isVideo(packet)) {
      this.#frames++;
      this.#begin = Math.min(this.#begin, shown);
    }
    return Number(packet.dts) * unit;
  }

  /** Whether a packet belongs to the part that is asked for. */
  #isInPart(
    stream: number,
    packet: NativePacket,
    { shown, length, decoded }: { shown: number; length: number; decoded: number },
  ): boolean {
    const { part } = this.#request;
    if (part === null) return true;
    const end = part.end - this.#startOf;
    if (stream !== this.#source.video) return shown + length > 1e-6 && shown < end - 1e-6;
    if (this.#frames === 0 && !packet.isKey || shown < -1e-6) return false;
    // Frames that others refer to are decoded before these.
    return decoded < end - 1e-6;
  }

  /**
   * Has the audio of a file go on where that of the previous one ends. `false` for a packet that is before
   * that for the most part: it only primes a decoder.
   */
  #goOn(stream: number, packet: NativePacket, unit: number): boolean {
    const begins = Number(packet.pts) * unit + this.#offset;
    const ended = this.#ends.get(stream) ?? begins;
    if (begins + Number(packet.duration) * unit / 2 < ended) return false;
    const goesOn = begins - ended < sameMoment;
    this.#audioOffsets.set(stream, this.#offset + (goesOn ? ended - begins : 0));
    return true;
  }

  /** Where the file at hand ends in the result: its video, or audio that is much longer. */
  #endOfFile(): number {
    const { demuxer } = this.#source;
    const end = this.#endOfVideo();
    const audio = [...this.#ends].filter(([stream]) => demuxer.isOf("audio", stream)).map(([, ends]) => ends);
    const longest = Math.max(end, ...audio);
    return longest - end > maxTail ? longest : end;
  }

  #endOfVideo(): number {
    const { video, demuxer } = this.#source;
    if (video < 0 || !this.#ends.has(video)) return Math.max(0, ...this.#ends.values());
    const end = this.#ends.get(video)!;
    const rate = demuxer.frameRate(video);
    if (rate === null) return end;
    const exact = (this.#joinedAt ?? this.#begin) + this.#frames * rate.den / rate.num;
    return Math.abs(exact - end) <= wholeFrames ? exact : end;
  }

  #openNext(): boolean {
    const path = this.#input.paths[this.#next];
    if (path === undefined) return false;
    const end = this.#endOfFile();
    const next = new FilePackets(this.#native, path, this.#request.action);
    this.#source[Symbol.dispose]();
    this.#source = next;
    this.#next++;
    const { num, den } = next.demuxer.timeBase(Math.max(0, next.video));
    const start = next.video < 0 ? null : next.startTicks(next.video);
    this.#offset = end - (start === null ? next.demuxer.startSeconds : Number(start) * num / den);
    this.#joinedAt = start === null ? null : end;
    this.#audioOffsets = new Map();
    this.#frames = 0;
    this.#begin = Infinity;
    return true;
  }

  [Symbol.dispose](): void {
    this.#packet[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }
}

/** The earliest of the inputs' packets, by when they are decoded; `null` where all have ended. */
export function earliest(inputs: readonly PacketInput[]): PacketInput | null {
  let first: PacketInput | null = null;
  for (const input of inputs) {
    if (input.seconds !== null && (first === null || input.seconds < first.seconds!)) first = input;
  }
  return first;
}
