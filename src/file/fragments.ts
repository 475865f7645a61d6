/**
 * The fragments of an mp4 that is recorded: each is whole once it is on the disk, and says itself when its
 * packets are decoded.
 *
 * libavformat would cut them by itself, but then the first packet of a fragment is decoded when the length of
 * the one before says (movenc.c), which nobody knows where frames come unevenly: unless each fragment is said
 * to be discontinuous (`frag_discont`).
 *
 * @module
 */
import type { Muxer } from "../libav/muxer.ts";
import type { NativePacket } from "../libav/native_packet.ts";
import { keyMark } from "./mp4/key_mark.ts";
import { type GridPlan, SegmentGrid } from "./mp4/segment_grid.ts";

/** The longest fragment, in seconds of one stream, or on the clock on the wall: so much a kill may cost. */
const longestSeconds = 0.15;

/**
 * How fragments are cut of which segments are made: before the key frames that segments begin with, which get
 * marks.
 */
export interface FragmentCuts extends GridPlan {
  /** Their length, in seconds of the video; `null`: there is none. */
  readonly partSeconds: number | null;
  /** The longest that they may have, but for one frame that lasts longer. */
  readonly longestPartSeconds: number | null;
}

/** Lengths that differ by less are the same: times are rounded to ticks. */
const sameSeconds = 0.001;

/** The fragments of one file. */
export class Fragments {
  readonly #muxer: Muxer;
  /** When the first packet of each stream in the fragment is decoded, in seconds. */
  readonly #starts = new Map<number, number>();
  /** When the fragment was begun, in milliseconds. */
  #beganMs = 0;
  #hasIndex = false;
  readonly #isRead: boolean;
  readonly #cuts: FragmentCuts | null;
  readonly #grid: SegmentGrid | null;
  /** Streams that have no packet yet are not waited for. */
  #isIncomplete = false;

  /**
   * For a muxer with `frag_custom`, whose header is not written yet. `isRead`: somebody waits for the first
   * frame, which is a fragment of its own, unless there are `cuts`.
   */
  constructor(muxer: Muxer, isRead: boolean, cuts: FragmentCuts | null) {
    this.#muxer = muxer;
    this.#isRead = isRead;
    this.#cuts = cuts;
    this.#grid = cuts === null ? null : new SegmentGrid(cuts, true);
  }

  /**
   * Writes a packet in the time base of its stream, in a new fragment where the one before is long enough.
   */
  write(packet: NativePacket): void {
    const { streamIndex: stream, dts, duration } = packet;
    const { num, den } = this.#muxer.timeBase(stream);
    const seconds = Number(dts) * num / den;
    const nowMs = performance.now();
    if (this.#grid !== null) this.#cutBefore(packet, this.#grid);
    else if (this.#starts.size > 0 && nowMs - this.#beganMs >= longestSeconds * 1000) this.cut();
    const end = seconds + Number(duration) * num / den;
    if (stream === 0 && this.#wouldBeLong(end)) this.cut();
    if (this.#starts.size === 0) this.#beganMs = nowMs;
    if (!this.#starts.has(stream)) this.#starts.set(stream, seconds);
    this.#muxer.writeAtOnce(packet);
    const length = end - this.#starts.get(stream)!;
    if (this.#isLong(stream, length)) this.cut();
  }

  /** Cuts where a segment begins with a packet, and says so. */
  #cutBefore({ streamIndex, isKey, pts }: NativePacket, grid: SegmentGrid): void {
    if (streamIndex !== 0 || !isKey) return;
    const { num, den } = this.#muxer.timeBase(streamIndex);
    if (!grid.begins(Number(pts) * num / den)) return;
    this.cut();
    if (this.#hasIndex && this.#starts.size === 0) this.#muxer.giveBeside(keyMark(pts));
  }

  /** Whether a part would be longer than it may with a packet of the video that ends at a time. */
  #wouldBeLong(end: number): boolean {
    const most = this.#cuts?.longestPartSeconds ?? null;
    const start = this.#starts.get(0);
    return most !== null && start !== undefined && end - start > most + sameSeconds;
  }

  /** Whether a fragment ends that has so many seconds of a stream. */
  #isLong(stream: number, seconds: number): boolean {
    if (this.#cuts === null) return seconds >= longestSeconds || this.#isRead && !this.#hasIndex;
    const { partSeconds } = this.#cuts;
    return partSeconds !== null && stream === 0 && seconds >= partSeconds - sameSeconds;
  }

  /** Begins the file, as soon as there is something to write, without a packet of each stream. */
  beginIncomplete(): void {
    this.#isIncomplete = true;
  }

  /** Ends the fragment, where it is kept short for a kill; not where segments are made. */
  flush(): void {
    if (this.#cuts === null) this.cut();
  }

  /** Ends the fragment, unless the file can't begin yet. */
  cut(): void {
    if (this.#starts.size === 0 || !this.#writeIndex()) return;
    this.#starts.clear();
    this.#muxer.writeAtOnce(null);
    this.#beDiscontinuous();
  }

  /**
   * Writes the index, once, which says where each stream begins: also those that are not waited for. Returns
   * whether it is there.
   */
  #writeIndex(): boolean {
    if (this.#hasIndex) return true;
    const delays = this.#muxer.audioDelays;
    // When a video begins, and by how much it is decoded before, only its first packet tells.
    const isVideo = delays.every(({ stream }) => stream !== 0);
    if (isVideo && !this.#starts.has(0)) return false;
    const late = delays.filter(({ stream }) => !this.#starts.has(stream));
    if (late.length > 0 && !this.#isIncomplete) return false;
    if (late.length > 0) this.#beDiscontinuous();
    for (const { stream, seconds } of late) this.#muxer.declareStart(stream, -seconds);
    this.#hasIndex = true;
    this.#muxer.writeAtOnce(null);
    return true;
  }

  #beDiscontinuous(): void {
    this.#muxer.options.setField("movflags", "+frag_discont");
  }
}
