/**
 * The order in which packets of several streams go into a file: by the times at which they are decoded.
 *
 * libavformat could do it, but keeps packets for as long as a stream of VP8, VP9 or AV1 is silent (mux.c).
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";

/** A queued packet, and the unit of its times. */
export interface QueuedPacket {
  readonly packet: NativePacket;
  readonly timeBase: Rational;
  readonly seconds: number;
}

/**
 * How long to wait for a stream without new packets, in milliseconds of real time: a crash may cost as much.
 * A program that writes one stream after the other gets to the next one sooner, so that the file is
 * interleaved as if both had been written together.
 */
const maxWaitMs = 1500;
/** The most queued bytes. With more, no stream is waited for. */
const maxQueuedBytes = 32 * 2 ** 20;
/** The most bytes that may wait for the first packet of the video. */
export const maxWaitingBytes = 256 * 2 ** 20;

/** How long streams are waited for. */
export interface Patience {
  /** Nothing is given before each stream has a packet. */
  readonly needsAll: boolean;
  /** For how long the first packet of each is waited for at least, in milliseconds. */
  readonly firstMs?: number;
  /** A kill costs the whole file anyway: there is no need to hurry. */
  readonly isPatient: boolean;
}

/** The queue of one stream. */
interface WaitingStream {
  readonly packets: QueuedPacket[];
  /** A packet is on its way. */
  isExpected: boolean;
  hasBegun: boolean;
  hasEnded: boolean;
  /** When the last packet came, or the file was opened, in milliseconds. */
  timeMs: number;
}

/** The packets of several streams, queued in the order of their decode times. */
export class Interleaver implements Disposable {
  readonly #native: Native;
  readonly #streams: readonly WaitingStream[];
  /** Packets for reuse. */
  readonly #empty: NativePacket[] = [];
  #bytes = 0;
  #firstMs = 0;
  #maxWaitMs = maxWaitMs;

  /** For a number of streams. */
  constructor(native: Native, streams: number) {
    this.#native = native;
    this.#streams = Array.from(
      { length: streams },
      () => ({ packets: [], isExpected: false, hasBegun: false, hasEnded: false, timeMs: 0 }),
    );
  }

  /** Takes over a packet of the stream that it names. */
  push(packet: NativePacket, timeBase: Rational): void {
    const { streamIndex, dts, size } = packet;
    const stream = this.#streams[streamIndex]!;
    this.#bytes += size;
    stream.timeMs = performance.now();
    stream.hasBegun = true;
    const own = this.#empty.pop() ?? new NativePacket(this.#native);
    own.takeFrom(packet);
    const seconds = Number(dts) * timeBase.num / timeBase.den;
    stream.packets.push({ packet: own, timeBase, seconds });
  }

  /**
   * Whether so much waits for the first packet of the video, without which the file cannot start, that no
   * more is to come.
   */
  get isFull(): boolean {
    return this.#bytes > maxWaitingBytes;
  }

  /** Another one, with the packets that wait in this one. */
  copy(): Interleaver {
    const copy = new Interleaver(this.#native, this.#streams.length);
    for (const [index, { packets, hasBegun, hasEnded }] of this.#streams.entries()) {
      Object.assign(copy.#streams[index]!, { hasBegun, hasEnded });
      for (const queued of packets) {
        const packet = new NativePacket(this.#native);
        copy.#streams[index]!.packets.push({ ...queued, packet });
        packet.refer(queued.packet);
        copy.#bytes += packet.size;
      }
    }
    return copy;
  }

  /** Bytes of the packets that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Tells whether a packet of a stream is on its way: it is waited for, however long that takes. */
  expect(stream: number, isExpected: boolean): void {
    this.#streams[stream]!.isExpected = isExpected;
  }

  /** Whether a stream has ended. */
  hasEnded(stream: number): boolean {
    return this.#streams[stream]!.hasEnded;
  }

  /** Number of streams. */
  get streamCount(): number {
    return this.#streams.length;
  }

  /** Marks a stream as ended. */
  end(stream: number): void {
    this.#streams[stream]!.hasEnded = true;
  }

  /** Marks all streams as ended. */
  endAll(): void {
    for (const stream of this.#streams) stream.hasEnded = true;
  }

  /** Drops the queued packets of a stream that begin at or after a time. */
  cut(stream: number, seconds: number): void {
    const { packets } = this.#streams[stream]!;
    while (packets.length > 0 && packets.at(-1)!.seconds >= seconds) {
      const { packet } = packets.pop()!;
      this.#bytes -= packet.size;
      packet.unref();
      this.#empty.push(packet);
    }
  }

  /** Starts the output of packets. */
  begin({ needsAll, firstMs = 0, isPatient }: Patience): void {
    this.#firstMs = needsAll ? Infinity : firstMs;
    this.#maxWaitMs = isPatient ? Infinity : maxWaitMs;
    const nowMs = performance.now();
    for (const stream of this.#streams) stream.timeMs = nowMs;
  }

  /** Whether a stream has ended without a packet. */
  get hasEmpty(): boolean {
    return this.#streams.some(({ hasBegun, hasEnded }) => hasEnded && !hasBegun);
  }

  /** Whether a stream that has not begun is no longer waited for. */
  get isIncomplete(): boolean {
    return this.#streams.some((stream) => !stream.hasBegun && !stream.hasEnded && !this.#waitsFor(stream));
  }

  /** When the last packet of a stream that waits is decoded, in seconds; `null` where none does. */
  lastSeconds(stream: number): number | null {
    return this.#streams[stream]!.packets.at(-1)?.seconds ?? null;
  }

  /** Whether each stream has a packet, or will have none. */
  get isComplete(): boolean {
    return this.#streams.every(({ hasBegun, hasEnded }) => hasBegun || hasEnded);
  }

  /**
   * Gives the packets whose turn it is; each is to be empty afterwards. Up to a time, in seconds, no stream
   * is waited for: none may have anything for a while.
   */
  give(write: (queued: QueuedPacket) => void, until = -Infinity): void {
    for (;;) {
      let first: QueuedPacket[] | null = null;
      let isWaiting = false;
      for (const stream of this.#streams) {
        const { packets } = stream;
        if (packets.length === 0) isWaiting ||= this.#waitsFor(stream);
        else if (first === null || packets[0]!.seconds < first[0]!.seconds) first = packets;
      }
      if (first === null || isWaiting && first[0]!.seconds > until) return;
      const queued = first.shift()!;
      this.#bytes -= queued.packet.size;
      try {
        write(queued);
      } finally {
        queued.packet.unref();
        this.#empty.push(queued.packet);
      }
    }
  }

  #waitsFor({ isExpected, hasBegun, hasEnded, timeMs }: WaitingStream): boolean {
    if (hasEnded) return false;
    // A file begins with the first packet of its video, which tells where that begins.
    if (isExpected && !hasBegun) return true;
    if (this.#bytes > maxQueuedBytes) return false;
    const limitMs = hasBegun ? this.#maxWaitMs : Math.max(this.#firstMs, this.#maxWaitMs);
    return isExpected || performance.now() - timeMs < limitMs;
  }

  /** Frees all packets. */
  [Symbol.dispose](): void {
    const waiting = this.#streams.flatMap(({ packets }) => packets.splice(0).map(({ packet }) => packet));
    for (const packet of [...waiting, ...this.#empty.splice(0)]) packet[Symbol.dispose]();
  }
}
