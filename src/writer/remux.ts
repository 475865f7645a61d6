/**
 * Packets from one file into another, as they are.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { Demuxer } from "../libav/demuxer.ts";
import type { Muxer } from "../libav/muxer.ts";
import { Packet } from "../libav/packet.ts";
import type { Rational } from "../libav/rational.ts";
import type { Ending } from "./timeline.ts";

/** Opens a file that was recorded in fragments. */
export function openRecording(native: Native, path: string): Demuxer {
  return new Demuxer(native, `file:${path}`, { formats: ["mov"], findsStreamInfo: false });
}

/**
 * Copies all packets: stream n of the one file to stream n of the other. Returns how many the first stream has.
 *
 * Without an ending, all frames of that stream are as long as the last: FFmpeg 4.3 reads no length of the last one from fragments.
 */
export function copyPackets(
  native: Native,
  from: Demuxer,
  to: Muxer,
  ending: Ending | null,
  lastSeconds: number,
): number {
  using retimer = ending === null ? null : new Retimer(native, rescaled(ending, from.timeBase(0)));
  using packet = new Packet(native);
  const { num, den } = from.timeBase(0);
  const frameTicks = BigInt(Math.round(lastSeconds * den / num));
  let count = 0;
  const write = (copied: Packet): void => {
    const stream = copied.streamIndex;
    copied.rescale(from.timeBase(stream), to.timeBase(stream));
    to.write(copied);
  };
  while (from.read(packet)) {
    if (packet.streamIndex === 0) count++;
    if (ending === null && packet.streamIndex === 0 && frameTicks > 0n) packet.duration = frameTicks;
    if (retimer === null || packet.streamIndex !== 0) write(packet);
    else retimer.take(packet, write);
  }
  retimer?.finish(write);
  return count;
}

/** An ending in another unit, in which all its times are whole: that of the file that was recorded. */
function rescaled({ timeBase: { num, den }, delay, ...rest }: Ending, timeBase: Rational): Ending {
  const inUnit = (ticks: bigint): bigint =>
    ticks * BigInt(num) * BigInt(timeBase.den) / (BigInt(den) * BigInt(timeBase.num));
  return {
    timeBase,
    delay,
    pts: inUnit(rest.pts),
    duration: inUnit(rest.duration),
    lead: inUnit(rest.lead),
    lastTimes: rest.lastTimes.map(inUnit),
  };
}

/**
 * Gives packets of a variable rate the decode times that only the end of the recording tells.
 *
 * While it goes on, packet n is decoded when frame n - delay is shown. So the times between decode times, which are all that mp4
 * keeps, do not add up to the length of the video, and the last frame's is lost. Decoded `lead` before frame n is shown, they do.
 */
class Retimer implements Disposable {
  readonly #ending: Ending;
  /** Packets that wait for the one whose decode time says when their frame number is shown. */
  readonly #waiting: Packet[];
  #taken = 0;
  #given = 0;

  constructor(native: Native, ending: Ending) {
    this.#ending = ending;
    this.#waiting = Array.from({ length: ending.delay + 1 }, () => new Packet(native));
  }

  take(packet: Packet, write: (packet: Packet) => void): void {
    const dts = packet.dts;
    this.#at(this.#taken).takeFrom(packet);
    if (this.#taken++ >= this.#ending.delay) this.#give(dts, write);
  }

  finish(write: (packet: Packet) => void): void {
    for (const time of this.#ending.lastTimes) this.#give(time, write);
  }

  #at(index: number): Packet {
    return this.#waiting[index % this.#waiting.length]!;
  }

  #give(time: bigint, write: (packet: Packet) => void): void {
    const { pts, duration, lead } = this.#ending;
    const packet = this.#at(this.#given++);
    packet.dts = time - lead;
    // The frame that is shown last, and the packet that comes last: it ends what the times between packets add up to.
    if (packet.pts === pts || time === pts) packet.duration = duration;
    write(packet);
  }

  [Symbol.dispose](): void {
    for (const packet of this.#waiting) packet[Symbol.dispose]();
  }
}

/** Takes the next packet of a damaged file: what can't be read is its end. */
function readOn(from: Demuxer, packet: Packet): boolean {
  try {
    return from.read(packet);
  } catch (error) {
    if (error instanceof AvError) return false;
    throw error;
  }
}

/** AV_NOPTS_VALUE, libavutil/avutil.h: Matroska keeps no decode times, and the first can't be told where frames are out of order. */
const unknown = -(2n ** 63n);

/** Copies the whole packets of a file that was cut off, up to where it can't be read. Returns how many each stream has. */
export function salvagePackets(native: Native, from: Demuxer, to: Muxer): number[] {
  using packet = new Packet(native);
  const counts = from.streams.map(() => 0);
  const decoded: (bigint | undefined)[] = [];
  while (readOn(from, packet)) {
    const stream = packet.streamIndex;
    const last = decoded[stream];
    // Streams that a damaged file shows only later have no place any more.
    const isWhole = stream < counts.length && packet.size > 0 && !packet.isCorrupt;
    const isLate = last !== undefined && packet.dts !== unknown && packet.dts <= last;
    if (!isWhole || isLate) {
      packet.unref();
      continue;
    }
    // FFmpeg 4.3 reads no length of the last frame from fragments: it is as long as the one before.
    if (packet.duration === 0n && last !== undefined && packet.dts !== unknown) {
      packet.duration = packet.dts - last;
    }
    if (packet.dts !== unknown) decoded[stream] = packet.dts;
    packet.rescale(from.timeBase(stream), to.timeBase(stream));
    to.write(packet);
    counts[stream]!++;
  }
  return counts;
}
