/**
 * Packets from one file into another, as they are.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { Demuxer } from "../libav/demuxer.ts";
import type { Muxer, MuxerInfo } from "../libav/muxer.ts";
import { Packet } from "../libav/packet.ts";
import type { Rational } from "../libav/rational.ts";
import { needsFragments } from "./container.ts";
import { MergedReader } from "./merged_reader.ts";
import { emptyText, textGaps } from "./text_gaps.ts";
import type { Ending } from "./timeline.ts";

/** libavformat's demuxers of the containers that are recorded first, and then written in order. */
const demuxers: Readonly<Record<string, string>> = {
  matroska: "matroska",
  webm: "matroska",
  flv: "flv",
  mpegts: "mpegts",
};

/** Whether a recording in a container can be read again, and written in order. */
export function isReadAgain(info: MuxerInfo): boolean {
  return needsFragments(info) || Object.hasOwn(demuxers, info.name);
}

/** Opens a file that was recorded. */
export function openRecording(native: Native, info: MuxerInfo, path: string): Demuxer {
  if (needsFragments(info)) return new Demuxer(native, `file:${path}`, { formats: ["mov"] });
  // Only the packets tell all of a codec's headers.
  return new Demuxer(native, `file:${path}`, { formats: [demuxers[info.name]!] }).findStreamInfo();
}

/** How the streams of a file end. */
export interface StreamEnds {
  /** When the last frame of the first stream is shown; `null` where nobody knows. */
  readonly ending: Ending | null;
  /** How long the last packet of each stream is, in seconds; 0 where nobody knows. */
  readonly lastSeconds: readonly number[];
}

/**
 * Copies all packets: stream n of the one file to stream n of the other. Returns how many the first stream has. Streams that the other has
 * not are those that its muxer makes by itself (timecode).
 */
export function copyPackets(
  native: Native,
  from: Demuxer,
  to: Muxer,
  { ending, lastSeconds }: StreamEnds,
  reopen: () => Demuxer,
): number {
  using owned = new DisposableStack();
  const count = Math.min(to.streamCount, from.streams.findIndex((_, index) => !isTrack(from, index)) >>> 0);
  // mov's reader gives packets in the order of their times; others in that of the file.
  const reader = needsFragments(to.info) ? from : owned.use(new MergedReader(native, reopen, count));
  // A recording that failed may end within a group of frames that are coded out of order.
  const video = owned.use(
    ending === null
      ? new CutStream(native, from, 0, keepsDecodeTimesOnly(to))
      : new EndedStream(native, from.timeBase(0), ending),
  );
  // No length of the last packet is read for codecs whose packets differ in length (FLAC).
  const others = Array.from(
    { length: Math.min(from.streams.length, count) - 1 },
    (_, index) => owned.use(salvagedStream(native, from, index + 1, false)),
  );
  const streams = [video, ...others];
  const packet = owned.use(new Packet(native));
  const lastTicks = streams.map((_, index) => {
    const { num, den } = from.timeBase(index);
    return BigInt(Math.round((lastSeconds[index] ?? 0) * den / num));
  });
  let packets = 0;
  const write = (copied: Packet): void => {
    const stream = copied.streamIndex;
    copied.rescale(from.timeBase(stream), to.timeBase(stream));
    if (reader === from) to.write(copied);
    else to.writeAtOnce(copied);
  };
  while (reader.read(packet)) {
    const stream = streams[packet.streamIndex];
    if (packet.streamIndex === 0) packets++;
    if (stream === undefined) packet.unref();
    else if (stream === null) write(packet);
    else stream.take(packet, write);
  }
  for (const [index, stream] of streams.entries()) stream?.finish(write, lastTicks[index]!);
  return packets;
}

/** Whether a stream is a track: not a file, nor a picture, that goes along. */
function isTrack(from: Demuxer, index: number): boolean {
  return (["video", "audio", "subtitle"] as const).some((type) => from.isOf(type, index)) &&
    from.picture(index) === null;
}

/**
 * Subtitles that were recorded in fragments, each up to the next: before FFmpeg 8.0 their lengths are not read from there. Empty ones, which
 * end those before them, and of which each fragment may have one more, the muxer makes anew.
 */
class TextStream implements Disposable {
  readonly #held: Packet;
  readonly #empty: Packet;
  #isHolding = false;
  /** Where the last text ends. */
  #end = 0n;

  constructor(native: Native) {
    this.#held = new Packet(native);
    this.#empty = new Packet(native);
  }

  /** Takes a packet over, and writes the one before. */
  take(packet: Packet, write: (packet: Packet) => void): void {
    this.finish(write, this.#isHolding ? packet.pts - this.#held.pts : 0n);
    this.#isHolding = packet.size > emptyText.length;
    if (this.#isHolding) this.#held.takeFrom(packet);
    else packet.unref();
  }

  /** How long the last packet is where it ends at a time at the latest; 0 where that does not tell. */
  lengthUntil(end: bigint): bigint {
    const { pts, duration } = this.#held;
    return end > pts && (duration === 0n || pts + duration > end) ? end - pts : 0n;
  }

  /** Writes the last packet, which is so long; 0 where nobody knows. */
  finish(write: (packet: Packet) => void, duration: bigint): void {
    if (!this.#isHolding) return;
    const held = this.#held;
    if (duration > 0n) held.duration = duration;
    for (const gap of textGaps(this.#end, held.pts)) {
      this.#empty.fill(emptyText);
      this.#empty.streamIndex = held.streamIndex;
      this.#empty.pts = this.#empty.dts = gap.start;
      this.#empty.duration = gap.duration;
      write(this.#empty);
      this.#empty.unref();
    }
    this.#end = held.pts + held.duration;
    write(held);
    this.#isHolding = false;
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
    this.#empty[Symbol.dispose]();
  }
}

/** A time in another unit, rounded towards 0. */
function inUnit(ticks: bigint, from: Rational, to: Rational): bigint {
  return ticks * BigInt(from.num) * BigInt(to.den) / (BigInt(from.den) * BigInt(to.num));
}

/**
 * A stream whose end is known. Packets of a recording are as long as the step to the next one's decode time; here each is as long as it is
 * shown at the most, the frame that is shown last until the end, and the packet that comes last until decoding has taken as long.
 */
class EndedStream implements Disposable {
  readonly #held: Packet;
  readonly #start: bigint;
  readonly #end: bigint;
  #isHolding = false;
  /** By how much the first packet is decoded before it is shown. */
  #lead: bigint | null = null;

  constructor(native: Native, timeBase: Rational, { timeBase: unit, start, end }: Ending) {
    this.#held = new Packet(native);
    this.#start = inUnit(start, unit, timeBase);
    this.#end = inUnit(end, unit, timeBase);
  }

  /** Takes a packet over, and writes the one before. */
  take(packet: Packet, write: (packet: Packet) => void): void {
    this.#give(write);
    this.#held.takeFrom(packet);
    this.#isHolding = true;
    const { pts, dts, duration } = this.#held;
    this.#lead ??= pts - dts;
    const rest = this.#end - pts;
    if (pts === this.#start || duration > rest) this.#held.duration = rest;
  }

  /** Writes the last packet. */
  finish(write: (packet: Packet) => void): void {
    if (!this.#isHolding) return;
    const { pts, dts, duration } = this.#held;
    if (dts === unknown) return this.#give(write);
    // As long as it is shown at least: where it is shown last, nothing else tells when the video ends.
    this.#held.duration = later(this.#end - this.#lead! - dts, pts === this.#start ? duration : 1n);
    this.#give(write);
  }

  #give(write: (packet: Packet) => void): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    write(this.#held);
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
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

/** Matroska keeps no decode times, and the first can't be told where frames are out of order. */
const unknown = Packet.noTime;

/** The longest packet that mp4 can tell (movenc.c). */
const maxPacketTicks = 2n ** 31n - 1n;

/** Whether a container tells a stream's length by the times between its decode times alone. */
function keepsDecodeTimesOnly({ info }: Muxer): boolean {
  return needsFragments(info);
}

/**
 * A stream that may have been cut off anywhere: holds each packet back until the next one, or the end, tells how long it is.
 *
 * Where frames that are coded out of order were cut off, fewer packets are left than frames would be shown up to the end. What mp4
 * counts then ends too early, and so does the video: its last packet has to make up for those that are missing.
 */
class CutStream implements Disposable {
  readonly #held: Packet;
  readonly #frameTicks: bigint;
  readonly #fillsUp: boolean;
  #isHolding = false;
  #decodeTime = unknown;
  /** By how much the first packet is decoded before it is shown. */
  #lead: bigint | null = null;
  /** Between the decode times of the last two packets. */
  #step = 0n;
  /** When the frame that is shown last ends. */
  #end = unknown;

  constructor(native: Native, from: Demuxer, index: number, fillsUp: boolean) {
    const { num, den } = from.timeBase(index);
    const rate = from.frameRate(index) ?? { num: 25, den: 1 };
    this.#frameTicks = BigInt(Math.max(1, Math.round(rate.den * den / (rate.num * num))));
    this.#fillsUp = fillsUp;
    this.#held = new Packet(native);
  }

  /** When the frame that is shown last ends. */
  get end(): bigint {
    return this.#end;
  }

  /** When the last packet with such a time is decoded. */
  get decodeTime(): bigint {
    return this.#decodeTime;
  }

  /** Takes a packet over, and writes the one before. */
  take(packet: Packet, write: (packet: Packet) => void): void {
    this.endAt(packet.dts);
    this.#give(write);
    this.#held.takeFrom(packet);
    this.#isHolding = true;
    const { pts, dts } = this.#held;
    this.#lead ??= pts === unknown || dts === unknown ? unknown : pts - dts;
    if (dts !== unknown) this.#decodeTime = dts;
  }

  /** Ends the packet that is held where the next is decoded, which may be damaged: FFmpeg 4.3 reads no lengths from fragments. */
  endAt(next: bigint): void {
    if (this.#decodeTime === unknown || next === unknown || next <= this.#decodeTime) return;
    this.#step = next - this.#decodeTime;
    if (this.#isHolding && this.#held.duration === 0n) this.#held.duration = this.#step;
  }

  /** Writes the last packet, which is so long; 0 where nobody knows. */
  finish(write: (packet: Packet) => void, duration: bigint): void {
    if (!this.#isHolding) return;
    const held = this.#held;
    if (duration > 0n) held.duration = duration;
    // A lone frame of no length would not be shown at all.
    if (held.duration === 0n && held.dts !== unknown) held.duration = this.#step || this.#frameTicks;
    if (this.#fillsUp) this.#fillUp();
    this.#give(write);
  }

  /** Decodes the last packet as late as it may be, and lengthens it, until decode times span as much as is shown. */
  #fillUp(): void {
    const held = this.#held;
    const { pts, dts, duration } = held;
    if (this.#lead === null || this.#lead === unknown || pts === unknown || dts === unknown) return;
    const end = later(this.#end, pts + duration) - this.#lead;
    // No muxer takes more, which only a damaged time asks for.
    if (end - dts > maxPacketTicks) return;
    held.dts = later(dts, end - duration < pts ? end - duration : pts);
    held.duration = later(duration, end - held.dts);
  }

  #give(write: (packet: Packet) => void): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    const { pts, duration } = this.#held;
    if (pts !== unknown) this.#end = later(this.#end, pts + duration);
    write(this.#held);
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }
}

function later(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

/** A stream of a file that was cut off; `null` where its packets are copied as they come. */
function salvagedStream(
  native: Native,
  from: Demuxer,
  index: number,
  fillsUp: boolean,
): CutStream | TextStream | null {
  if (!from.isOf("subtitle", index)) return new CutStream(native, from, index, fillsUp);
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
  using packet = new Packet(native);
  using disposables = new DisposableStack();
  const fillsUp = keepsDecodeTimesOnly(to);
  const indexes = [...places.keys()];
  const counts = new Map(indexes.map((index) => [index, 0]));
  const streams = new Map(
    indexes.map((index) => [index, disposables.use(salvagedStream(native, from, index, fillsUp))]),
  );
  const write = (copied: Packet): void => {
    const index = copied.streamIndex;
    const place = places.get(index)!;
    copied.streamIndex = place;
    copied.rescale(from.timeBase(index), to.timeBase(place));
    to.write(copied);
    counts.set(index, counts.get(index)! + 1);
  };
  while (readOn(from, packet)) {
    // Streams that a damaged file shows only later have no place any more.
    const stream = streams.get(packet.streamIndex);
    const isWhole = stream !== undefined && packet.size > 0 && !packet.isCorrupt;
    const isLate = stream instanceof CutStream && packet.dts !== unknown && packet.dts <= stream.decodeTime;
    if (isWhole && !isLate) {
      if (stream === null) write(packet);
      else stream.take(packet, write);
      continue;
    }
    if (stream instanceof CutStream) stream.endAt(packet.dts);
    packet.unref();
  }
  for (const stream of streams.values()) if (stream instanceof CutStream) stream.finish(write, 0n);
  const first = streams.get(0);
  const end = first instanceof CutStream ? first.end : unknown;
  for (const [index, stream] of streams) {
    if (!(stream instanceof TextStream)) continue;
    // Where the recording was cut off before a text ends, it ends with all else.
    const seen = end === unknown
      ? 0n
      : stream.lengthUntil(inUnit(end, from.timeBase(0), from.timeBase(index)));
    stream.finish(write, seen);
  }
  return counts;
}
