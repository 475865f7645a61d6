/**
 * An HLS stream as one input: its segments are read one after another, each by a reader of its own, and audio
 * with a playlist of its own beside them.
 *
 * @module
 */
import type { Address, Native } from "../../../../ffi/mod.ts";
import { AvError } from "../../../errors.ts";
import { Demuxer } from "../../../libav/demuxer.ts";
import { NativePacket } from "../../../libav/native_packet.ts";
import { memoryFileOf } from "../../../libav/reading/input_bytes.ts";
import { formatNames, InputStream } from "../../../libav/reading/input_stream.ts";
import type { HlsPosition, SegmentMark } from "../reading_types.ts";
import type { FetchedSegment, PlaylistFollower } from "./playlist_follower.ts";
import { PartTimes } from "./part_times.ts";
import { SegmentClock } from "./segment_clock.ts";

/** Formats of segments. */
const segmentFormats: readonly string[] = ["mpegts", "mov"];
/** AV_PKT_DATA_NEW_EXTRADATA, libavcodec/packet.h. */
const newHeaders = 1;
/** AVDISCARD_ALL, libavcodec/defs.h. */
const discardAll = 48;
/** How many segments are kept of which no frame was shown yet: packets are read without any. */
const maxComing = 16;
/** How much earlier than the video audio may begin, in seconds. */
const earlySeconds = 0.5;
const types = ["video", "audio", "subtitle"] as const;

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
  /** How many streams its own segments have; others come after them. */
  #ownCount = Infinity;
  /** Audio with a playlist of its own. */
  #audio: HlsDemuxer | null = null;
  readonly #parts: PartTimes;
  /** Those of the video, where this is audio. */
  #lead: PartTimes | null = null;
  /** A segment whose times are known once the video is there, too. */
  #held: FetchedSegment | null = null;
  /** Until when it has been read, in seconds. */
  #readSeconds = -Infinity;
  #hasEnded = false;

  private constructor(
    native: Native,
    follower: PlaylistFollower,
    { sequence, name, discontinuity }: FetchedSegment,
    memory: ReturnType<typeof memoryFileOf>,
  ) {
    super(native, "", { formats: segmentFormats, protocols: "none", memory });
    this.#native = native;
    this.#follower = follower;
    this.#marks = [{ sequence, name, clocks: [] }];
    this.#parts = new PartTimes(discontinuity);
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

  /** Reads audio beside the video; takes over its reader. */
  addAudio(audio: HlsDemuxer): void {
    this.#audio = audio;
    audio.#lead = this.#parts;
  }

  override findStreamInfo(): this {
    super.findStreamInfo();
    // MPEG-TS finds more streams later.
    this.#ownCount = super.streams.length;
    try {
      this.#audio?.findStreamInfo();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      this.#audio = null;
    }
    return this;
  }

  override get streams(): Address[] {
    return [...super.streams.slice(0, this.#ownCount), ...this.#audio?.streams ?? []];
  }

  protected override stream(index: number): Address {
    return this.#audio === null || index < this.#ownCount
      ? super.stream(index)
      : this.#audio.stream(index - this.#ownCount);
  }

  /** The numbers of the streams of its own segments. */
  get #own(): number[] {
    return [...super.streams.keys()].filter((index) => index < this.#ownCount);
  }

  /** Whether there is audio in a playlist of its own. */
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
      if (index < this.#ownCount) this.#clockOf(index).resume(state);
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

  /** Of video and audio, what is behind comes next. */
  override read(packet: NativePacket): boolean {
    const audio = this.#audio;
    if (audio === null || !audio.#isWanted) return this.#readOwn(packet);
    for (;;) {
      const isBehind = audio.#readSeconds < this.#readSeconds;
      if (!audio.#hasEnded && (isBehind || this.#hasEnded) && audio.#readOwn(packet)) {
        packet.streamIndex += this.#ownCount;
        // A live stream's may begin some segments before.
        if (audio.#readSeconds >= this.startSeconds - earlySeconds) return true;
        packet.unref();
      } else if (this.#readOwn(packet)) return true;
      else if (audio.#hasEnded) return false;
      // Nothing comes that could tell more of its times.
      else audio.#lead = null;
    }
  }

  /** Whether any of its streams is asked for. */
  get #isWanted(): boolean {
    const { fields } = this.#native;
    return super.streams.some((stream) => fields.get(stream, "AVStream", "discard") !== discardAll);
  }

  #readOwn(packet: NativePacket): boolean {
    if (!this.#readNext(packet)) return false;
    const time = packet.dts === NativePacket.noTime ? packet.pts : packet.dts;
    const { num, den } = this.timeBase(packet.streamIndex);
    if (time !== NativePacket.noTime) this.#readSeconds = Number(time) * num / den;
    return true;
  }

  #readNext(packet: NativePacket): boolean {
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
      const next = this.#held ?? this.#follower.next();
      this.#hasEnded = next === null;
      const isHeld = next?.isDiscontinuous === true && this.#lead?.isAhead(next.discontinuity) === true;
      this.#held = isHeld ? next : null;
      if (next === null || isHeld) return false;
      this.#open(next);
    }
  }

  /** Whether its segments have times of 33 bits, and codec headers in their packets. */
  get #isMpegTs(): boolean {
    return formatNames(this.#native, this) === "mpegts";
  }

  #clockOf(index: number): SegmentClock {
    let clock = this.#clocks.get(index);
    if (clock === undefined) {
      const { audioShape } = new InputStream(this.#native, this, index);
      const isEven = this.isOf("audio", index) && audioShape.sampleRate > 0;
      const packetSeconds = isEven ? this.packetSamples(index) / audioShape.sampleRate : 0;
      clock = new SegmentClock(this.timeBase(index), this.#isMpegTs, packetSeconds);
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

  #open({ bytes, isDiscontinuous, discontinuity, isAfterLoss, sequence, name }: FetchedSegment): void {
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
      this.#restart(demuxer, discontinuity);
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
    for (const type of types) {
      const own = this.#own.filter((index) => this.isOf(type, index));
      const found = [...demuxer.streams.keys()].filter((index) => demuxer.isOf(type, index));
      for (const [order, from] of found.entries()) {
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
    if (this.#isMpegTs) return null;
    const before = this.#headers.get(index) ?? this.headers(index);
    this.#headers.set(index, headers);
    const isSame = before.length === headers.length && before.every((byte, at) => byte === headers[at]);
    return isSame || headers.length === 0 ? null : headers;
  }

  /** Has the times of a segment go on where those before it have ended; audio goes with the video. */
  #restart(demuxer: Demuxer, part: number): void {
    const clocks = this.#own.map((index) => this.#clockOf(index));
    const end = Math.max(...clocks.map(({ endSeconds }) => endSeconds));
    const shift = this.#lead?.shiftOf(part) ?? end - demuxer.startSeconds;
    this.#parts.begin(part, shift);
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
    this.#audio?.[Symbol.dispose]();
    this.#closeSegment();
    super[Symbol.dispose]();
  }
}
