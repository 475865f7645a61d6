/**
 * Packets of frames that are coded out of order, in groups that can be shown without a gap.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { maxReorderFrames } from "../decode_times.ts";

/**
 * Holds packets back until no frame is missing between those that are shown: where encoding may end at any
 * time, the file then ends with a whole group.
 */
export class ClosedGroups implements Disposable {
  readonly #native: Native;
  /** The first frame whose packet is yet to come. */
  #next = 0;
  /** Frames after that whose packets came already. */
  readonly #ahead = new Set<number>();
  /** How many frames whole groups have. */
  #frames = 0;
  /** Packets that wait, and how many of them are whole groups. */
  readonly #held: NativePacket[] = [];
  #closed = 0;
  #isWrittenOpen = false;
  readonly #empty: NativePacket[] = [];

  /** An empty video. */
  constructor(native: Native) {
    this.#native = native;
  }

  /** How many frames whole groups have. */
  get frames(): number {
    return this.#frames;
  }

  /** Whether packets were given on whose group is not whole yet. */
  get isWrittenOpen(): boolean {
    return this.#isWrittenOpen;
  }

  /** Takes a packet, whose time is the number of its frame. Gives it on at once, unless it is to be held. */
  take(packet: NativePacket, isHeld: boolean, write: (packet: NativePacket) => void): void {
    this.#note(Number(packet.pts));
    const isWhole = this.#ahead.size === 0;
    if (isWhole) this.#frames = this.#next;
    if (!isHeld && this.#held.length === 0) {
      this.#isWrittenOpen = !isWhole;
      return write(packet);
    }
    const own = this.#empty.pop() ?? new NativePacket(this.#native);
    own.takeFrom(packet);
    this.#held.push(own);
    if (!isWhole) return;
    this.#isWrittenOpen = false;
    this.#closed = this.#held.length;
  }

  /** Gives on what is held of whole groups, but keeps the last packet, which may be that of the file. */
  giveWhole(write: (packet: NativePacket) => void): void {
    this.#give(this.#closed - 1, write);
  }

  /** Gives on all that is held; the last packet goes to `writeLast`. */
  giveAll(write: (packet: NativePacket) => void, writeLast: (packet: NativePacket) => void): void {
    this.#give(this.#held.length - 1, write);
    this.#give(1, writeLast);
  }

  /** Drops what is held of a group that is not whole. */
  dropOpen(): void {
    for (const packet of this.#held.splice(this.#closed)) this.#leave(packet);
    this.#ahead.clear();
    this.#next = this.#frames;
  }

  #note(frame: number): void {
    if (frame >= this.#next) this.#ahead.add(frame);
    // The encoder has left a frame out.
    if (this.#ahead.size > maxReorderFrames) this.#next = Math.min(...this.#ahead);
    while (this.#ahead.delete(this.#next)) this.#next++;
  }

  #give(count: number, write: (packet: NativePacket) => void): void {
    for (const packet of this.#held.splice(0, Math.max(0, count))) {
      write(packet);
      this.#closed = Math.max(0, this.#closed - 1);
      this.#leave(packet);
    }
  }

  #leave(packet: NativePacket): void {
    packet.unref();
    this.#empty.push(packet);
  }

  /** Frees all packets. */
  [Symbol.dispose](): void {
    for (const packet of [...this.#held.splice(0), ...this.#empty.splice(0)]) packet[Symbol.dispose]();
  }
}
