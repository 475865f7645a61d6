/**
 * The time of packets of a live source, which goes on where the source's clock goes back.
 *
 * @module
 */
import type { MediaPacket } from "./media_packet.ts";

/** How far times of decoding may go back, in seconds, before it is the clock that does. */
const jitterSeconds = 0.1;
/** As far where only the time of showing is known, which goes back with each B-frame. */
const reorderSeconds = 1;

/** Where a stream is. */
interface StreamPlace {
  /** The last time, by the source's clock. */
  readonly given: number;
  /** What is added to it. */
  readonly offset: number;
}

/** Gives packets times that always rise, with the same offset for all streams: they stay together. */
export class PacketTimeline {
  readonly #streams = new Map<number, StreamPlace>();
  /** The offset since the clock went back the last time, in seconds. */
  #offset = 0;
  /** Where the packets before end, on the writer's clock. */
  #end = -Infinity;

  /** A packet by the source's time. */
  place(packet: MediaPacket): MediaPacket {
    const { stream, timestamp, decodeTimestamp, duration } = packet;
    const given = decodeTimestamp ?? timestamp;
    if (given === null) return packet;
    const last = this.#streams.get(stream);
    const tolerance = decodeTimestamp === null ? reorderSeconds : jitterSeconds;
    let offset = this.#nearestOffset(given, last);
    if (last !== undefined && given + offset < last.given + last.offset - tolerance) {
      offset = this.#offset = this.#end - given;
    }
    this.#end = Math.max(this.#end, given + offset + duration);
    this.#streams.set(stream, { given, offset });
    return {
      ...packet,
      timestamp: timestamp === null ? null : timestamp + offset,
      decodeTimestamp: decodeTimestamp === null ? null : decodeTimestamp + offset,
      isDiscontinuous: last !== undefined && offset !== last.offset,
    };
  }

  /**
   * The offset of a packet: that of its stream, or the latest one, whichever places it nearer to the others.
   * Streams don't go back with the same packet.
   */
  #nearestOffset(given: number, last: StreamPlace | undefined): number {
    if (last === undefined || last.offset === this.#offset) return this.#offset;
    const distance = (offset: number): number => Math.abs(given + offset - this.#end);
    return distance(this.#offset) <= distance(last.offset) ? this.#offset : last.offset;
  }
}
