/**
 * One segment: an ordinary file, whose times begin with its first frame.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { HeldTarget } from "../../file/held_target.ts";
import type { Interleaver } from "../../file/interleaver.ts";
import type { OutputFile } from "../../file/output_file.ts";
import { stepsWithWriteErrors, withWriteErrors } from "../../file/target.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import type { Rational } from "../../libav/rational.ts";
import type { Steps } from "../../steps.ts";

/** A file that is open for a segment. */
export interface OpenFile {
  readonly path: string;
  readonly file: OutputFile;
  readonly target: HeldTarget;
  /** The queue of its packets; `null` where it has no audio. */
  readonly queue: Interleaver | null;
}

/** Where a segment begins. */
export interface SegmentStart {
  /** When its first frame is shown, in the unit of the video. */
  readonly ticks: bigint;
  readonly seconds: number;
  /**
   * By how much its first packet is decoded before that at least, in ticks: where frames come unevenly, other
   * packets of the recording may be decoded so early.
   */
  readonly lead: bigint;
  readonly timeBase: Rational;
}

/** How long a frame is shown, in ticks. */
interface Shown {
  readonly start: bigint;
  readonly end: bigint;
}

function latest(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

/** A segment being written. */
export class SegmentFile implements Disposable {
  readonly #open: OpenFile;
  readonly #start: SegmentStart;
  /** The last packet of the video: the next one tells whether it is the last of the segment. */
  readonly #held: NativePacket;
  #heldTicks: bigint | null = null;
  /** By how much the first packet is decoded before its frame is shown. */
  #lead: bigint | null = null;
  #last: Shown = { start: 0n, end: 0n };
  #frames = 0;
  #bytes = 0;

  /** Takes over an open file. */
  constructor(native: Native, open: OpenFile, start: SegmentStart) {
    this.#open = open;
    this.#start = start;
    this.#held = new NativePacket(native);
  }

  get path(): string {
    return this.#open.path;
  }

  /** Where it begins, in seconds of the video. */
  get seconds(): number {
    return this.#start.seconds;
  }

  /** Where it ends so far, in seconds of the video. */
  get endSeconds(): number {
    return this.seconds + this.#secondsOf(this.#last.end);
  }

  /** Number of its frames. */
  get frames(): number {
    return this.#frames;
  }

  /** Bytes of its packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a packet of the video. It is empty afterwards. */
  writeVideo(packet: NativePacket, decodeTicks: bigint): void {
    this.#release();
    const { ticks } = this.#start;
    packet.pts -= ticks;
    packet.dts -= ticks;
    const earlier = this.#frames > 0 ? 0n : latest(0n, this.#start.lead - (packet.pts - packet.dts));
    packet.dts -= earlier;
    const { pts, dts, duration, size } = packet;
    this.#lead ??= pts - dts;
    if (this.#frames === 0 || pts > this.#last.start) this.#last = { start: pts, end: pts + duration };
    this.#frames++;
    this.#bytes += size;
    this.#held.takeFrom(packet);
    this.#heldTicks = decodeTicks + earlier;
    this.#open.queue?.expect(0, true);
  }

  /** Writes a packet of audio. It is empty afterwards. */
  writeAudio(packet: NativePacket, timeBase: Rational): void {
    const { ticks, timeBase: { num, den } } = this.#start;
    const offset = Math.round(Number(ticks) * num * timeBase.den / (den * timeBase.num));
    packet.pts -= BigInt(offset);
    packet.dts -= BigInt(offset);
    this.#bytes += packet.size;
    this.#open.queue!.push(packet, timeBase);
    this.#write(() => this.#open.file.writeQueued());
  }

  /** Has all that is there reach the disk; returns `false` where packets wait for other streams. */
  flush(): boolean {
    this.#release();
    return this.#write(() => this.#open.file.flush());
  }

  /**
   * Ends its video with the packets that it has; the last frame is shown until a tick of the video. All that
   * is there reaches the disk.
   */
  endVideo(endTicks: bigint): void {
    const { start, end } = this.#last;
    const until = endTicks - this.#start.ticks;
    this.#last = { start, end: until > start ? until : end };
    if (this.#heldTicks !== null) {
      const { dts, duration } = this.#held;
      const decodeTicks = latest(latest(this.#last.end - this.#lead! - dts, duration), 1n);
      this.#heldTicks = null;
      this.#write(() => this.#give(decodeTicks, true));
    }
    this.#write(() => this.#open.file.flush());
    this.#open.queue?.end(0);
  }

  /** Ends its audio, too. */
  end(): void {
    this.#open.queue?.endAll();
  }

  /** Finishes the file; returns its size in bytes. */
  *finish(): Steps<number> {
    const { timeBase } = this.#start;
    const { start, end } = this.#last;
    const bytes = yield* stepsWithWriteErrors(
      this.path,
      this.#open.file.finish({
        ending: { timeBase, start, end },
        endSeconds: this.#secondsOf(end),
        lastSeconds: this.#secondsOf(end - start),
        packets: Infinity,
      }),
    );
    this[Symbol.dispose]();
    return bytes ?? this.#bytes;
  }

  /** After a failure: makes it as playable as possible. */
  salvage(): void {
    try {
      this.#release();
      this.#open.queue?.endAll();
    } catch {
      // The first error is the one to report.
    }
    this.#open.file.salvage();
    this[Symbol.dispose]();
  }

  #release(): void {
    const ticks = this.#heldTicks;
    if (ticks === null) return;
    this.#heldTicks = null;
    this.#write(() => this.#give(ticks, false));
    this.#open.queue?.expect(0, false);
  }

  #give(decodeTicks: bigint, isLast: boolean): void {
    this.#open.file.writeVideo(this.#held, this.#start.timeBase, { decodeTicks, isLast });
    this.#held.unref();
  }

  #write<T>(action: () => T): T {
    return withWriteErrors(this.path, action);
  }

  #secondsOf(ticks: bigint): number {
    const { num, den } = this.#start.timeBase;
    return Number(ticks) * num / den;
  }

  /** Closes the file as it is, and gives its path free. */
  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
    this.#open.file[Symbol.dispose]();
    this.#open.queue?.[Symbol.dispose]();
    this.#open.target[Symbol.dispose]();
  }
}
