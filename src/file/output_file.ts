/**
 * The file that packets go to: recorded so that a kill leaves it playable, and an ordinary file once it is
 * finished.
 *
 * @module
 */
import { cutFile, type Native, patchFile } from "../../ffi/mod.ts";
import { type Chapter, placeChapters, trialChapters } from "../container/chapters.ts";
import { maxGifDelay, minTicks } from "../container/frame_rates.ts";
import { interleavesItself, needsFragments, type Stage } from "../container/muxer_options.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Muxer } from "../libav/muxer.ts";
import { isMatroska } from "../libav/muxer_info.ts";
import type { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import { completed, type Steps } from "../steps.ts";
import { writeChaptersOver } from "./chapter_header.ts";
import { type FragmentCuts, Fragments } from "./fragments.ts";
import type { HeldTarget } from "./held_target.ts";
import { IndexSize } from "./index_size.ts";
import type { Interleaver } from "./interleaver.ts";
import { rewriteRecording } from "./ordinary_file.ts";
import { isReadAgain } from "./remux.ts";
import type { VideoEnding } from "./stream_ends.ts";
import type { SubtitleTracks } from "./subtitle_tracks.ts";
import { mayReplace } from "./target.ts";

/**
 * Packets may be so much later in the file than others of their time, in seconds: players read ahead by more.
 */
const mostLateSeconds = 1;
/** The most that a file may end too early, in seconds: Matroska counts in thousandths. */
const shortSeconds = 0.002;

/** What an output file is made from. */
export interface OutputRequest {
  /** The path of the file. */
  readonly path: string;
  /** Its URL for the muxer. */
  readonly url: string;
  /** Whether it is recorded in fragments. */
  readonly isFragmented: boolean;
  /** Whether it stays as it was recorded: else, an ordinary file is made of fragments at the end. */
  readonly isKept: boolean;
  /** Whether a partly written end is cut off after a disk failure. */
  readonly isCrashSafe: boolean;
  /** How its fragments are cut; default: so that a kill costs little. */
  readonly cuts?: FragmentCuts | undefined;
  /** The packet queue of several streams; `null` for a single stream. */
  readonly queue: Interleaver | null;
  /** The subtitle tracks; `null` where there are none. */
  readonly subtitles: SubtitleTracks | null;
  /** The chapters of the video. */
  readonly chapters: readonly Chapter[];
  /** Whether they go into the header, which is written over once the length is known. */
  readonly hasChaptersFirst: boolean;
  /**
   * Creates the muxer for a URL, with its streams and options. `recording` is the recorded file, where the
   * final one is made from it.
   */
  readonly createMuxer: (url: string, stage: Stage, recording: Demuxer | null) => Muxer;
  /** Gets each packet first. */
  readonly onPacket?: (packet: NativePacket, timeBase: Rational) => void;
  /** Called as soon as there is a file, and again where another one takes its place. */
  readonly onFile: () => void;
}

/** A packet's place among those of a video. */
export interface VideoPlace {
  /** Ticks until the next packet is decoded. */
  readonly decodeTicks: bigint;
  /** Whether it is the last one. */
  readonly isLast: boolean;
}

/** How a video ends. */
export interface VideoEnd {
  /** When the last frame is shown; `null` where there is none, or nobody knows. */
  readonly ending: VideoEnding | null;
  /** Where it ends, in seconds. */
  readonly endSeconds: number;
  /** The duration of the last frame, in seconds. */
  readonly lastSeconds: number;
  /**
   * How many of its packets belong to it. Fewer than were written: where {@linkcode OutputFile.mayLeaveOut}.
   */
  readonly packets: number;
}

/** One file being written. */
export class OutputFile implements Disposable {
  readonly #native: Native;
  readonly #request: OutputRequest;
  readonly #muxer: Muxer;
  /** Whether packets come in the order in which the muxer must write them. */
  readonly #isInOrder: boolean;
  /** The fragments of a recording; `null` where it has none. */
  readonly #fragments: Fragments | null;
  /** Whether somebody reads it while it is written. */
  readonly #isRead: boolean;
  /** Whether a packet was written. */
  #hasBegun = false;
  /** When the last packet is decoded, and where the frame that is shown last ends, in seconds. */
  #lastDecoded = -Infinity;
  #videoEnd = 0;
  /** Whether packets of one stream were written so late that players would have to look for them. */
  #isOutOfOrder = false;
  /** How many bytes of the file are complete; with its trailer. */
  #wholeBytes: number | null = null;
  #finishedBytes: number | null = null;
  /** Number of packets of the first stream. */
  #packets = 0;
  readonly #index = new IndexSize();
  /** The duration of the last packet of each stream, in seconds: a recording does not contain it. */
  readonly #lastSeconds: number[] = [];
  /** The trailer was written or failed. It frees the muxer's options, and setting one would crash. */
  #isEnded = false;
  #isClosed = false;
  #isRecorded = false;

  /** Creates the muxer. Leaves the disk unchanged. */
  constructor(native: Native, request: OutputRequest) {
    this.#native = native;
    this.#request = request;
    const { url, isFragmented, isCrashSafe, isKept, queue, subtitles, cuts, createMuxer } = request;
    const isRecorded = isFragmented || isCrashSafe;
    this.#isRead = isKept && !isCrashSafe;
    const stage = isKept ? "kept" : isRecorded ? "recording" : "direct";
    this.#muxer = createMuxer(url, stage, null);
    const hasQueue = queue !== null || subtitles !== null;
    this.#isInOrder = isFragmented || hasQueue && !interleavesItself(this.#muxer.info);
    this.#fragments = isFragmented ? new Fragments(this.#muxer, this.#isRead, cuts ?? null) : null;
  }

  /** Opens the file, truncates an existing one, and writes the header. */
  open(target: HeldTarget): void {
    const { url, chapters, hasChaptersFirst, onFile } = this.#request;
    target.open(this.#muxer, url);
    onFile();
    if (hasChaptersFirst) this.#muxer.setChapters(trialChapters(chapters));
    this.#muxer.writeHeader();
  }

  /** Whether a kill leaves it playable. */
  get isCrashSafe(): boolean {
    return this.#request.isCrashSafe;
  }

  /** Whether packets that were written can still be left out of the file. */
  get mayLeaveOut(): boolean {
    return this.#request.isFragmented && !this.#request.isKept;
  }

  /** The time base that the container uses for a stream. */
  timeBase(stream: number): Rational {
    return this.#muxer.timeBase(stream);
  }

  /** Writes a packet of the video, the first stream, once it is its turn. It is empty afterwards. */
  writeVideo(packet: NativePacket, timeBase: Rational, { decodeTicks, isLast }: VideoPlace): void {
    // mp4 keeps the steps between decode times. In fragments a packet says how long its step is; else only
    // the last one does.
    if (needsFragments(this.#muxer.info) && (isLast || this.#fragments !== null)) {
      packet.duration = decodeTicks;
    }
    const { queue } = this.#request;
    if (queue === null) return this.#writeInOrder(packet, timeBase);
    queue.push(packet, timeBase);
    this.writeQueued();
  }

  /** Replaces bytes of the file; returns whether it has as many on the disk already. */
  patch(offset: number, bytes: Uint8Array): boolean {
    return patchFile(this.#request.path, offset, bytes);
  }

  /** Tells whether a packet of the video is on its way, which others wait for. */
  expectVideo(isExpected: boolean): void {
    this.#request.queue?.expect(0, isExpected);
  }

  /** Writes the queued packets that are due. */
  writeQueued(): void {
    const { queue } = this.#request;
    if (queue === null) return;
    if (!this.#hasBegun && queue.isIncomplete) this.#beginIncomplete();
    else if (queue.hasEmpty) this.#fragments?.beginIncomplete();
    queue.give(({ packet, timeBase }) => this.#writeInOrder(packet, timeBase));
  }

  /**
   * Begins the file, as soon as there is something to write, without a packet of each stream: those that are
   * late are not waited for.
   */
  #beginIncomplete(): void {
    if (this.#fragments !== null) return this.#fragments.beginIncomplete();
    // libavformat puts the first packet at 0 where it is before: a later one may be before that.
    if (!needsFragments(this.#muxer.info)) this.#muxer.makeRoomForDelays();
  }

  /**
   * Has all that is written reach the file: the next packet may come late. Returns `false` where packets of
   * the video wait for other streams.
   */
  flush(): boolean {
    const { queue, isCrashSafe } = this.#request;
    this.writeQueued();
    if (!isCrashSafe && !this.#isRead) return true;
    // Tracks that follow the video have nothing before it goes on.
    const until = queue?.isComplete ? queue.lastSeconds(0) : null;
    if (until !== null) queue!.give(({ packet, timeBase }) => this.#writeInOrder(packet, timeBase), until);
    if (this.#fragments !== null) this.#fragments.flush();
    else this.#muxer.writeAtOnce(null);
    if (isCrashSafe) this.#wholeBytes = this.#muxer.writtenBytes;
    return queue === null || queue.lastSeconds(0) === null;
  }

  /** Writes a packet; before one of the video, the subtitles that are due. */
  #writeInOrder(packet: NativePacket, timeBase: Rational): void {
    if (packet.streamIndex === 0) {
      this.#request.subtitles?.give(Number(packet.dts) * timeBase.num / timeBase.den, this.#writePacket);
    }
    this.#writePacket(packet, timeBase);
  }

  readonly #writePacket = (packet: NativePacket, timeBase: Rational): void => {
    const stream = packet.streamIndex;
    this.#request.onPacket?.(packet, timeBase);
    // Muxers skip empty packets.
    const isKept = stream === 0 && packet.size > 0;
    const isFirst = !this.#hasBegun;
    this.#hasBegun = true;
    this.#advanceTo(packet, timeBase);
    this.#lastSeconds[stream] = Number(packet.duration) * timeBase.num / timeBase.den;
    packet.rescale(timeBase, this.#muxer.timeBase(stream));
    if (this.#fragments !== null) {
      this.#index.add(packet);
      this.#fragments.write(packet);
    } else if (this.#isInOrder) this.#muxer.writeAtOnce(packet);
    else this.#muxer.write(packet);
    if (isFirst && this.#isRead && this.#fragments === null) this.#muxer.writeAtOnce(null);
    if (isKept) this.#packets++;
    if (this.#request.isCrashSafe) this.#wholeBytes = this.#muxer.writtenBytes;
  };

  #advanceTo({ streamIndex, pts, dts, duration }: NativePacket, { num, den }: Rational): void {
    const decoded = Number(dts) * num / den;
    if (decoded < this.#lastDecoded - mostLateSeconds) this.#isOutOfOrder = true;
    this.#lastDecoded = Math.max(this.#lastDecoded, decoded);
    if (streamIndex === 0) this.#videoEnd = Math.max(this.#videoEnd, Number(pts + duration) * num / den);
  }

  /** Whether a file without fragments is better written once more: it is out of order, or ends too early. */
  #isWorthRewriting({ ending, endSeconds }: VideoEnd): boolean {
    const { isCrashSafe, isKept, path } = this.#request;
    const { info } = this.#muxer;
    const isShort = isMatroska(info) && ending !== null && endSeconds - this.#videoEnd > shortSeconds;
    return isCrashSafe && !isKept && (this.#isOutOfOrder || isShort) && isReadAgain(info) &&
      mayReplace(path, false);
  }

  /** Finishes and closes the file; returns its size in bytes, or `null` where the muxer does not tell. */
  *finish(end: VideoEnd): Steps<number | null> {
    this.#request.queue?.end(0);
    this.writeQueued();
    this.#request.subtitles?.giveRemaining(this.#writePacket);
    if (this.#muxer.info.name === "gif" && !this.#isEnded) this.#setFinalDelay(end.lastSeconds);
    this.#isEnded = true;
    const { isFragmented, hasChaptersFirst } = this.#request;
    // Fragments have no chapters.
    if (!isFragmented && !hasChaptersFirst) this.#setChapters(this.#muxer, end);
    this.#muxer.writeTrailer();
    this.#finishedBytes = this.#muxer.writtenBytes;
    const bytes = this.#muxer.outputBytes;
    if (hasChaptersFirst) writeChaptersOver(this.#muxer, this.#request, end.endSeconds);
    this.#close();
    this.#isRecorded = true;
    if (this.#request.isFragmented && !this.#request.isKept) return yield* this.#rewrite(end);
    return this.#isWorthRewriting(end) ? yield* this.#tryRewrite(end, bytes) : bytes;
  }

  /**
   * GIF has the duration of the last frame too, which its muxer does not take from the packet. The option
   * takes precedence.
   */
  #setFinalDelay(seconds: number): void {
    const { info, options } = this.#muxer;
    if (options.isChosen("final_delay")) return;
    const hundredths = Math.max(minTicks(info), Math.round(seconds * 100));
    options.setField("final_delay", Math.min(maxGifDelay, hundredths));
  }

  #setChapters(muxer: Muxer, { endSeconds }: VideoEnd): void {
    const chapters = placeChapters(this.#request.chapters, endSeconds);
    if (chapters.length > 0) muxer.setChapters(chapters);
  }

  /** Closes the file, once. After a failure it is incomplete. */
  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#muxer.closeOutput();
  }

  /**
   * After a failure: makes the recording as playable as possible. Throws no error, as the first one is the
   * one to report.
   */
  salvage(): void {
    // What waits for audio, which does not come, is of use.
    this.#request.queue?.endAll();
    try {
      // A failed trailer is not written again: a second call does nothing, and would look like success.
      const end = { ending: null, endSeconds: 0, lastSeconds: 0, packets: Infinity };
      if (!this.#isEnded) completed(this.finish(end));
    } catch {
      // What could not be written is cut off below.
    }
    if (this.#isRecorded) return;
    try {
      this.#close();
    } catch {
      // The same.
    }
    if (this.#wholeBytes !== null) cutFile(this.#request.path, this.#wholeBytes, this.#finishedBytes);
  }

  /** Writes a file once more that is whole as it is: where that fails, it stays so. */
  *#tryRewrite(end: VideoEnd, bytes: number | null): Steps<number | null> {
    try {
      return yield* this.#rewrite(end);
    } catch {
      return bytes;
    }
  }

  #rewrite({ ending, endSeconds, packets }: VideoEnd): Steps<number> {
    const { path, chapters, createMuxer, onFile } = this.#request;
    return rewriteRecording(this.#native, {
      ...{ path, chapters, createMuxer, endSeconds, onFile },
      ...{ muxer: this.#muxer, bytes: this.#finishedBytes ?? 0, index: this.#index },
      ends: { ending, lastSeconds: this.#lastSeconds, packets: Math.min(this.#packets, packets) },
    });
  }

  /** Frees the muxer. */
  [Symbol.dispose](): void {
    this.#muxer[Symbol.dispose]();
  }
}
