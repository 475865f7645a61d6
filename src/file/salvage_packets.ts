/**
 * Copies the packets of a file that was cut off.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Muxer } from "../libav/muxer.ts";
import { NativePacket } from "../libav/native_packet.ts";
import { inUnit, keepsDecodeTimesOnly, noTime, TextStream, TruncatedStream } from "./stream_ends.ts";

/** Takes the next packet of a damaged file: what can't be read is its end. */
function readPacket(from: Demuxer, packet: NativePacket): boolean {
  try {
    return from.read(packet);
  } catch (error) {
    if (error instanceof AvError) return false;
    throw error;
  }
}

/** A stream of a file that was cut off; `null` where its packets are copied as they come. */
export function salvagedStream(
  native: Native,
  from: Demuxer,
  index: number,
  extendsLast: boolean,
): TruncatedStream | TextStream | null {
  if (!from.isOf("subtitle", index)) return new TruncatedStream(native, from, index, extendsLast);
  // Others have a length, and no need to wait: later would be too late for players.
  return from.codecName(index) === "mov_text" ? new TextStream(native) : null;
}

/**
 * Copies the whole packets of a file that was cut off, up to where it can't be read. `places` has the numbers of the streams that are
 * copied, and theirs in the other file. Returns how many packets each had.
 */
export function salvagePackets(
  native: Native,
  from: Demuxer,
  to: Muxer,
  places: ReadonlyMap<number, number>,
): Map<number, number> {
  using packet = new NativePacket(native);
  using disposables = new DisposableStack();
  const extendsLast = keepsDecodeTimesOnly(to);
  const indexes = [...places.keys()];
  const counts = new Map(indexes.map((index) => [index, 0]));
  const streams = new Map(
    indexes.map((index) => [index, disposables.use(salvagedStream(native, from, index, extendsLast))]),
  );
  const write = (copied: NativePacket): void => {
    const index = copied.streamIndex;
    const place = places.get(index)!;
    copied.streamIndex = place;
    copied.rescale(from.timeBase(index), to.timeBase(place));
    to.write(copied);
    counts.set(index, counts.get(index)! + 1);
  };
  while (readPacket(from, packet)) {
    // Streams that a damaged file shows only later have no place any more.
    const stream = streams.get(packet.streamIndex);
    const isWhole = stream !== undefined && packet.size > 0 && !packet.isCorrupt;
    const isLate = stream instanceof TruncatedStream && packet.dts !== noTime &&
      packet.dts <= stream.decodeTime;
    if (isWhole && !isLate) {
      if (stream === null) write(packet);
      else stream.take(packet, write);
      continue;
    }
    if (stream instanceof TruncatedStream) stream.endAt(packet.dts);
    packet.unref();
  }
  for (const stream of streams.values()) if (stream instanceof TruncatedStream) stream.finish(write, 0n);
  const first = streams.get(0);
  const end = first instanceof TruncatedStream ? first.end : noTime;
  for (const [index, stream] of streams) {
    if (!(stream instanceof TextStream)) continue;
    // Where the recording was cut off before a text ends, it ends with all else.
    const seen = end === noTime
      ? 0n
      : stream.lengthUntil(inUnit(end, from.timeBase(0), from.timeBase(index)));
    stream.finish(write, seen);
  }
  return counts;
}
