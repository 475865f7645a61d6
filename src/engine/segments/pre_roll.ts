/**
 * The packets of the last seconds, kept in memory until an event is told.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import type { Rational } from "../../libav/rational.ts";
import type { Boundary } from "./segment_plan.ts";

/** A packet on its way into a segment. */
export interface RoutedPacket {
  readonly packet: NativePacket;
  readonly timeBase: Rational;
  /** Ticks until the next packet of the video is decoded; of audio 0. */
  readonly decodeTicks: bigint;
  /** The boundary that a key frame of the video is. */
  readonly boundary: Boundary | null;
}

/** Whole groups of frames, the oldest first. */
export class PreRoll implements Disposable {
  readonly #native: Native;
  readonly #groups: RoutedPacket[][] = [];
  readonly #empty: NativePacket[] = [];

  /** Keeps nothing yet. */
  constructor(native: Native) {
    this.#native = native;
  }

  /** Takes over a packet, and drops groups that end before a time of the video, in seconds. */
  push({ packet, ...what }: RoutedPacket, fromSeconds: number): void {
    if (what.boundary !== null) this.#groups.push([]);
    const group = this.#groups.at(-1);
    // Without its key frame, a packet is of no use.
    if (group === undefined) return packet.unref();
    const own = this.#empty.pop() ?? new NativePacket(this.#native);
    own.takeFrom(packet);
    group.push({ ...what, packet: own });
    while (this.#groups.length > 1 && startOf(this.#groups[1]!) <= fromSeconds) {
      for (const { packet } of this.#groups.shift()!) this.#leave(packet);
    }
  }

  /** Gives all packets, and keeps none. */
  give(take: (routed: RoutedPacket) => void): void {
    for (const routed of this.#groups.splice(0).flat()) {
      try {
        take(routed);
      } finally {
        this.#leave(routed.packet);
      }
    }
  }

  #leave(packet: NativePacket): void {
    packet.unref();
    this.#empty.push(packet);
  }

  /** Frees all packets. */
  [Symbol.dispose](): void {
    this.give(() => {});
    for (const packet of this.#empty.splice(0)) packet[Symbol.dispose]();
  }
}

function startOf([first]: readonly RoutedPacket[]): number {
  return first!.boundary!.seconds;
}
