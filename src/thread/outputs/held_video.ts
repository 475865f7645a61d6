/**
 * The last packet of a video, which waits for the next one: that tells when it is decoded.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativePacket } from "../../libav/native_packet.ts";

/**
 * Takes a packet, how many ticks later the next one is decoded, and whether it is the last. The packet is
 * empty afterwards.
 */
export type TakePacket = (packet: NativePacket, decodeTicks: bigint, isLast: boolean) => void;

/** A place for one packet of the video, and those that come before the next one. */
export class HeldVideo implements Disposable {
  readonly #native: Native;
  readonly #packet: NativePacket;
  readonly #take: TakePacket;
  #isEmpty = true;
  /** Packets of other streams that come after it, and places for more of them. */
  #behind: NativePacket[] = [];
  readonly #free: NativePacket[] = [];

  /** `take` gets each packet once the next one is here. */
  constructor(native: Native, take: TakePacket) {
    this.#native = native;
    this.#packet = new NativePacket(native);
    this.#take = take;
  }

  /** Takes a packet, which stays the caller's. */
  push(packet: NativePacket): void {
    this.#give(packet.dts);
    this.#packet.refer(packet);
    this.#isEmpty = false;
  }

  /** Takes a packet of another stream, which is given after the one of the video that waits. */
  pushBehind(packet: NativePacket): void {
    if (this.#isEmpty) return this.#take(packet, packet.duration, false);
    const own = this.#free.pop() ?? new NativePacket(this.#native);
    own.refer(packet);
    this.#behind.push(own);
  }

  /** Gives the last packet: there is no other. */
  end(): void {
    this.#give(null);
  }

  #give(nextDts: bigint | null): void {
    if (this.#isEmpty) return;
    const { dts, duration } = this.#packet;
    this.#isEmpty = true;
    this.#take(this.#packet, nextDts === null ? duration : nextDts - dts, nextDts === null);
    this.#packet.unref();
    for (const packet of this.#behind) {
      this.#take(packet, packet.duration, false);
      packet.unref();
    }
    this.#free.push(...this.#behind);
    this.#behind = [];
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    for (const packet of [this.#packet, ...this.#behind, ...this.#free]) packet[Symbol.dispose]();
  }
}
