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
import type { LastFrame } from "./output_file.ts";

/** Opens a file that was recorded in fragments. */
export function openRecording(native: Native, path: string): Demuxer {
  return new Demuxer(native, `file:${path}`, { formats: ["mov"], findsStreamInfo: false });
}

/** Copies all packets: stream n of the one file to stream n of the other. Returns how many there were. */
export function copyPackets(native: Native, from: Demuxer, to: Muxer, last: LastFrame | null): number {
  using packet = new Packet(native);
  let count = 0;
  while (from.read(packet)) {
    const stream = packet.streamIndex;
    // The fragments tell how far decode times are apart, not how long the last frame is shown.
    if (stream === 0 && packet.pts === last?.pts) packet.duration = last.duration;
    packet.rescale(from.timeBase(stream), to.timeBase(stream));
    to.write(packet);
    count++;
  }
  return count;
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
    if (!isWhole || last !== undefined && packet.dts <= last) {
      packet.unref();
      continue;
    }
    decoded[stream] = packet.dts;
    packet.rescale(from.timeBase(stream), to.timeBase(stream));
    to.write(packet);
    counts[stream]!++;
  }
  return counts;
}
