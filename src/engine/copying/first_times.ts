/**
 * The times of the first packets of a live video, which RTSP does not tell before the server's first report.
 *
 * @module
 */
import { UnsupportedError } from "../../errors.ts";
import type { MediaPacket } from "./media_packet.ts";

/** How many packets with a time may wait until one tells when it is decoded: their order is known then. */
const maxTimed = 17;
/** The most that waits: RTSP's first report comes within seconds. */
const limits = { packets: 1024, bytes: 32 * 2 ** 20 } as const;
/** How much earlier a frame is shown than the next one where nothing says how long it is, in seconds. */
const leastStep = 0.001;

/** Keeps packets until the first one of the video has a time: a frame before the earliest one after it. */
export class FirstTimes {
  #waiting: MediaPacket[] = [];
  #waitingBytes = 0;
  #hasBegun = false;

  /**
   * Takes a packet, and returns those that don't wait any more. Throws an {@linkcode UnsupportedError} where
   * the video has no times for too long.
   */
  take(packet: MediaPacket): MediaPacket[] {
    const isVideo = packet.kind === "video";
    if (this.#hasBegun || !isVideo && this.#waiting.length === 0) return [packet];
    this.#waiting.push(packet);
    this.#waitingBytes += packet.data.length;
    const timed = this.#waiting.filter(isTimed);
    const isTold = isVideo && packet.decodeTimestamp !== null || timed.length === this.#waiting.length ||
      timed.length > maxTimed;
    if (isTold && isVideo) return this.rest();
    if (this.#waiting.length < limits.packets && this.#waitingBytes < limits.bytes) return [];
    throw new UnsupportedError(
      `Cannot copy packets of the video: the first ${this.#waiting.length} do not tell when they are shown`,
      {
        code: "NO_TIMESTAMP",
        operation: "copy packets",
        hint: "Decode the source and encode it",
      },
    );
  }

  /** All that still wait. */
  rest(): MediaPacket[] {
    const packets = this.#waiting.splice(0);
    this.#hasBegun = true;
    const earliest = Math.min(...packets.filter(isTimed).map(({ timestamp }) => timestamp!));
    // Without any time they stay as they are.
    if (!Number.isFinite(earliest)) return packets;
    let untimed = packets.filter(({ kind, timestamp }) => kind === "video" && timestamp === null).length;
    return packets.map((packet) => {
      if (packet.kind !== "video" || packet.timestamp !== null) return packet;
      return { ...packet, timestamp: earliest - untimed-- * Math.max(packet.duration, leastStep) };
    });
  }
}

function isTimed({ kind, timestamp }: MediaPacket): boolean {
  return kind === "video" && timestamp !== null;
}
