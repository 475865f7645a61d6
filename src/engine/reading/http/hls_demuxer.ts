/**
 * An HLS stream as one input: its segments are read one after another, each by a reader of its own.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import { AvError } from "../../../errors.ts";
import { Demuxer } from "../../../libav/demuxer.ts";
import { NativePacket } from "../../../libav/native_packet.ts";
import { memoryFileOf } from "../../../libav/reading/input_bytes.ts";
import { formatNames } from "../../../libav/reading/input_stream.ts";
import type { SessionControl } from "../../ending/session_control.ts";
import type { HlsPosition, NetworkPlace, SegmentMark } from "../reading_types.ts";
import { type FetchedSegment, PlaylistFollower } from "./playlist_follower.ts";
import { SegmentClock } from "./segment_clock.ts";

/** Formats of segments. */
const segmentFormats: readonly string[] = ["mpegts", "mov"];
/** AV_PKT_DATA_NEW_EXTRADATA, libavcodec/packet.h. */
const newHeaders = 1;
/** AVDISCARD_ALL, libavcodec/defs.h. */
const discardAll = 48;
/** How many segments are kept of which no frame was shown yet: packets are read without any. */
const maxComing = 16;
const types = ["video", "audio", "subtitle"] as const;

/** What opening an HLS stream takes: its playlist was fetched. */
export interface HlsOpening {
  readonly place: NetworkPlace;
  readonly control: SessionControl;
  readonly owned: DisposableStack;
  readonly text: string;
  readonly url: string;
}

/** Opens an HLS stream with its first segment. */
export function openHls(native: Native, { place, control, owned, text, url }: HlsOpening): Demuxer {
  const follower = new PlaylistFollower(native, place, control, text, url);
  return HlsDemuxer.open(native, follower, owned);
}

/** How a segment's stream becomes one of the input. */
interface StreamMap {
  readonly index: number;
  readonly clock: SegmentClock;
  /** Codec headers that its next packet has to bring. */
  headers: Uint8Array | null;
}

/** A segment that is read. */
interface Segment extends Disposable {
  readonly demuxer: Demuxer;
  readonly streams: ReadonlyMap<number, StreamMap>;
}

/** Reads the first segment itself, and those after it by other readers. */
export class HlsDemuxer extends Demuxer {
  readonly #native: Native;
  readonly #follower: PlaylistFollower;
  /** The times of each stream. */
  readonly #clocks = new Map<number, SegmentClock>();
  #headers = new Map<number, Uint8Array>();
  #isFirstOver = false;
  #segment: Segment | null = null;
  /** Whether the next packet of video follows a loss. */
  #isAfterLoss = false;
  /** The time of that packet, in ticks of its stream; `null` where nothing was lost. */
  #lossTicks: bigint | null = null;
  /** The segment at hand, and the one before it. */
  #marks: readonly SegmentMark[];
  /** Segments of which no frame was shown yet, with the time of their first packet of video. */
  #coming: { readonly ticks: bigint; readonly marks: readonly SegmentMark[] }[] = [];
  #isMarked = false;

  private constructor(
    native: Native,
    follower: PlaylistFollower,
    { sequence, name }: FetchedSegment,
    memory: ReturnType<typeof memoryFileOf>,
  ) {
    super(native, "", { formats: segmentFormats, protocols: "none", memory });
    this.#native = native;
    this.#follower = follower;
    this.#marks = [{ sequence, name, clocks: [] }];
  }

  /** Opens the first segment. What it lies in is closed after it. */
  static open(native: Native, follower: PlaylistFollower, owned: DisposableStack): HlsDemuxer {
    const first = follower.next();
    if (first === null) {
      throw new AvError("its playlist has no segments", {
        code: "INVALIDDATA",
        operation: "read a playlist",
      });
    }
    return new HlsDemuxer(native, follower, first, owned.use(memoryFileOf(native, first.bytes)));
  }

  /** Whether there is audio in a playlist of its own, which is not read. */
  get hasOtherAudio(): boolean {
    return this.#follower.hasOtherAudio;
  }

  /** About how long a segment is, in seconds. */
  get segmentSeconds(): number {
    return this.#follower.segmentSeconds;
  }

  /** How long the whole stream is, in seconds; `null` where that is open. */
  get wholeSeconds(): number | null {
    return this.#follower.seconds;
  }

  /**
   * Goes on at or before a place of an earlier connection; `false` where the playlist does not have that. Its
   * times are those of that connection.
   */
  resume({ marks }: HlsPosition): boolean {
    const mark = marks.find((one) => this.#follower.resume(one));
    if (mark === undefined) return false;
    for (const { index, ...state } of mark.clocks) {
      if (index < this.streams.length) this.#clockOf(index).resume(state);
    }
    [this.#isFirstOver, this.#marks] = [true, []];
    return true;
  }

  /** From where to read on after a frame of the video by its time, in ticks; `null`: as before. */
  takeMarks(ticks: bigint): readonly SegmentMark[] | null {
    let marks: readonly SegmentMark[] | null = null;
    while (this.#coming.length > 0 && this.#coming[0]!.ticks <= ticks) marks = this.#coming.shift()!.marks;
    return marks;
  }

  /** Whether something was lost before a time of the video, in ticks: told once, of the first such time. */
  takeLoss(ticks: bigint): boolean {
    if (this.#lossTicks === null || ticks < this.#lossTicks) return false;
    this.#lossTicks = null;
    return true;
  }

  override read(packet: NativePacket): boolean {
    for (;;) {
      if (!this.#isFirstOver) {
        if (super.read(packet)) {
          this.#clockOf(packet.streamIndex).note(packet);
          if (this.isOf("video", packet.streamIndex)) this.#mark(packet);
          return true;
        }
        this.#isFirstOver = true;
      } else if (this.#segment !== null) {
        while (this.#segment.demuxer.read(packet)) {
          if (this.#adapt(packet, this.#segment)) return true;
          packet.unref();
        }
        this.#closeSegment();
      }
      const next = this.#follower.next();
      if (next === null) return false;
      this.#open(next);
    }
  }

  #clockOf(index: number): SegmentClock {
    let clock = this.#clocks.get(index);
    if (clock === undefined) {
      const isWrapping = formatNames(this.#native, this) === "mpegts";
      clock = new SegmentClock(this.timeBase(index), isWrapping);
      this.#clocks.set(index, clock);
    }
    return clock;
  }

  #mark({ pts, dts }: NativePacket): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.#coming.push({ ticks: pts === NativePacket.noTime ? dts : pts, marks: this.#marks });
    if (this.#coming.length > maxComing) this.#coming.shift();
  }

  #open({ bytes, isDiscontinuous, isAfterLoss, sequence, name }: FetchedSegment): void {
    using owned = new DisposableStack();
    const memory = owned.use(memoryFileOf(this.#native, bytes));
    const demuxer = owned.use(
      new Demuxer(this.#native, "", {
        ...{ formats: segmentFormats, protocols: "none", memory },
        format: this.#native.fields.get(this.address, "AVFormatContext", "iformat"),
      }),
    );
    if (isDiscontinuous) {
      demuxer.findStreamInfo();
      this.#restart(demuxer);
    }
    const streams = this.#mapStreams(demuxer);
    const kept = owned.move();
    this.#segment = { demuxer, streams, [Symbol.dispose]: () => kept.dispose() };
    this.#isAfterLoss ||= isAfterLoss;
    const clocks = [...this.#clocks].map(([index, { state }]) => ({ index, ...state }));
    this.#marks = [...this.#marks.slice(-1), { sequence, name, clocks }];
    this.#isMarked = false;
  }

  /** The streams of a segment are those of the input in the same order. */
  #mapStreams(demuxer: Demuxer): Map<number, StreamMap> {
    const { fields } = this.#native;
    const streams = new Map<number, StreamMap>();
    for (const stream of demuxer.streams) fields.set(stream, "AVStream", "discard", discardAll);
    const found = (from: Demuxer, type: typeof types[number]): number[] =>
      [...from.streams.keys()].filter((index) => from.isOf(type, index));
    for (const type of types) {
      const own = found(this, type);
      for (const [order, from] of found(demuxer, type).entries()) {
        const index = own[order];
        if (index === undefined) continue;
        const discard = fields.get(this.streams[index]!, "AVStream", "discard");
        fields.set(demuxer.streams[from]!, "AVStream", "discard", discard);
        const clock = this.#clockOf(index);
        clock.readBy(demuxer.timeBase(from));
        streams.set(from, { index, clock, headers: this.#otherHeaders(index, demuxer.headers(from)) });
      }
    }
    return streams;
  }

  /** Codec headers where they are others than before. Those of MPEG-TS are in its packets. */
  #otherHeaders(index: number, headers: Uint8Array): Uint8Array | null {
    if (formatNames(this.#native, this) === "mpegts") return null;
    const before = this.#headers.get(index) ?? this.headers(index);
    this.#headers.set(index, headers);
    const isSame = before.length === headers.length && before.every((byte, at) => byte === headers[at]);
    return isSame || headers.length === 0 ? null : headers;
  }

  /** Has the times of a segment go on where those before it have ended. */
  #restart(demuxer: Demuxer): void {
    const clocks = [...this.streams.keys()].map((index) => this.#clockOf(index));
    const shift = Math.max(...clocks.map(({ endSeconds }) => endSeconds)) - demuxer.startSeconds;
    for (const clock of clocks) clock.restart(shift);
  }

  #adapt(packet: NativePacket, { streams }: Segment): boolean {
    const stream = streams.get(packet.streamIndex);
    if (stream === undefined) return false;
    packet.streamIndex = stream.index;
    stream.clock.place(packet);
    if (stream.headers !== null) {
      packet.addSideData({ type: newHeaders, bytes: new Uint8Array(stream.headers) });
      stream.headers = null;
    }
    if (!this.isOf("video", stream.index)) return true;
    this.#mark(packet);
    if (this.#isAfterLoss) this.#lossTicks = packet.pts;
    this.#isAfterLoss = false;
    return true;
  }

  #closeSegment(): void {
    this.#segment?.[Symbol.dispose]();
    this.#segment = null;
  }

  override [Symbol.dispose](): void {
    this.#closeSegment();
    super[Symbol.dispose]();
  }
}
