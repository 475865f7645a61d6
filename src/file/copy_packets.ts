/**
 * Copies packets from one file into another, as they are.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { needsFragments } from "../container/muxer_options.ts";
import { Demuxer } from "../libav/demuxer.ts";
import type { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Steps } from "../steps.ts";
import { MergedReader } from "./merged_reader.ts";
import { demuxers, isTrack } from "./remux.ts";
import { salvagedStream } from "./salvage_packets.ts";
import {
  EndedStream,
  inUnit,
  keepsDecodeTimesOnly,
  type StreamEnds,
  TruncatedStream,
  type VideoEnding,
} from "./stream_ends.ts";

/** Opens a file that was recorded. */
export function openRecording(native: Native, info: MuxerInfo, path: string): Demuxer {
  if (needsFragments(info)) return new Demuxer(native, `file:${path}`, { formats: ["mov"] });
  // Only the packets tell all of a codec's headers.
  return new Demuxer(native, `file:${path}`, { formats: [demuxers[info.name]!] }).findStreamInfo();
}

/** How a file is copied. */
export interface CopyControl {
  /** Opens the file once more. */
  readonly reopen: () => Demuxer;
  /** Counts bytes that were read; returns how much of the file is copied where a step is over, or `null`. */
  readonly add: (bytes: number) => number | null;
}

/**
 * Copies all packets: stream n of the one file to stream n of the other. Returns how many the first stream
 * has. Streams that the other has not are those that its muxer makes by itself (timecode).
 */
export function* copyPackets(
  native: Native,
  from: Demuxer,
  to: Muxer,
  { ending, lastSeconds, packets: most }: StreamEnds,
  control: CopyControl,
): Steps<number> {
  const count = Math.min(to.streamCount, from.streams.findIndex((_, index) => !isTrack(from, index)) >>> 0);
  // mov's reader gives packets in the order of their times; others in that of the file.
  if (!needsFragments(to.info)) return yield* copyInOrder(native, from, to, count, ending, control);
  using owned = new DisposableStack();
  // A failed recording may end within a group of reordered frames.
  const video = owned.use(
    ending === null
      ? new TruncatedStream(native, from, 0, keepsDecodeTimesOnly(to))
      : new EndedStream(native, from.timeBase(0), ending),
  );
  // The duration of the last packet is not read back for codecs with packets of different durations (FLAC).
  const others = Array.from(
    { length: Math.min(from.streams.length, count) - 1 },
    (_, index) => owned.use(salvagedStream(native, from, index + 1, false)),
  );
  const streams = [video, ...others];
  const packet = owned.use(new NativePacket(native));
  const lastTicks = streams.map((_, index) => {
    const { num, den } = from.timeBase(index);
    return BigInt(Math.round((lastSeconds[index] ?? 0) * den / num));
  });
  let packets = 0;
  const write = (copied: NativePacket): void => {
    const stream = copied.streamIndex;
    copied.rescale(from.timeBase(stream), to.timeBase(stream));
    to.write(copied);
  };
  while (from.read(packet)) {
    const share = control.add(packet.size);
    const stream = streams[packet.streamIndex];
    const isLeftOut = packet.streamIndex === 0 && packets === most;
    if (packet.streamIndex === 0 && !isLeftOut) packets++;
    if (stream === undefined || isLeftOut) packet.unref();
    else if (stream === null) write(packet);
    else stream.take(packet, write);
    if (share !== null) yield share;
  }
  for (const [index, stream] of streams.entries()) stream?.finish(write, lastTicks[index]!);
  return packets;
}

/**
 * Copies the packets of the first streams in the order in which they are decoded. Returns how many the first
 * has.
 */
function* copyInOrder(
  native: Native,
  from: Demuxer,
  to: Muxer,
  count: number,
  ending: VideoEnding | null,
  { reopen, add }: CopyControl,
): Steps<number> {
  using reader = new MergedReader(native, reopen, Math.min(count, from.streams.length));
  using packet = new NativePacket(native);
  const video = from.timeBase(0);
  const ends = ending === null ? null : {
    start: inUnit(ending.start, ending.timeBase, video),
    end: inUnit(ending.end, ending.timeBase, video),
  };
  let packets = 0;
  while (reader.read(packet)) {
    const share = add(packet.size);
    const stream = packet.streamIndex;
    if (stream === 0) {
      packets++;
      // The file may have been written before that was known.
      if (ends !== null && packet.pts >= ends.start) packet.duration = ends.end - packet.pts;
    }
    packet.rescale(from.timeBase(stream), to.timeBase(stream));
    to.writeAtOnce(packet);
    packet.unref();
    if (share !== null) yield share;
  }
  return packets;
}
