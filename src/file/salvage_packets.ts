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
import type { Steps } from "../steps.ts";
import { inUnit, keepsDecodeTimesOnly, noTime, TextStream, TruncatedStream } from "./stream_ends.ts";

/** Reads the next packet of a damaged file. Unreadable data is the end. */
export function readPacket(from: Demuxer, packet: NativePacket): boolean {
  try {
    return from.read(packet);
  } catch (error) {
    if (error instanceof AvError) return false;
    throw error;
  }
}

/** A stream of a damaged file; `null` where its packets are copied unchanged. */
export function salvagedStream(
  native: Native,
  from: Demuxer,
  index: number,
  extendsLast: boolean,
): TruncatedStream | TextStream | null {
  if (!from.isOf("subtitle", index)) return new TruncatedStream(native, from, index, extendsLast);
  // Others have a duration and need not wait: later would be too late for players.
  return from.codecName(index) === "mov_text" ? new TextStream(native) : null;
}

/**
 * Copies the complete packets of a damaged file up to where it cannot be read. `places` maps the numbers of
 * the copied streams to those in the new file. `add` counts bytes that were read, and returns how much is
 * done where a step is over. Returns the number of packets per stream.
 */
export function* salvagePackets(
  native: Native,
  from: Demuxer,
  to: Muxer,
  places: ReadonlyMap<number, number>,
  add: (bytes: number) => number | null,
): Steps<Map<number, number>> {
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
    const share = add(packet.size);
    if (share !== null) yield share;
    // There is no place for streams that appear later in a damaged file.
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
    // A text that the damage cuts off ends with everything else.
    const seen = end === noTime
      ? 0n
      : stream.lengthUntil(inUnit(end, from.timeBase(0), from.timeBase(index)));
    stream.finish(write, seen);
  }
  return counts;
}
