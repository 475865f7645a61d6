/**
 * Packets of a file, not decoded.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { formatNames } from "../../libav/reading/input_stream.ts";
import { describeStream } from "../../libav/streams/described_stream.ts";
import type { SessionControl } from "../ending/session_control.ts";
import type { CopiedFile, CopiedStream, MediaPacket, PacketKind } from "../copying/media_packet.ts";
import { FirstTimes } from "../copying/first_times.ts";
import { PacketTimeline } from "../copying/packet_timeline.ts";
import { InputClock, type MediaInput } from "./media_input.ts";
import { reading } from "./reading_error.ts";
import { chaptersOf } from "./source_facts.ts";

/** How much is read at a time: so many packets, or with so many bytes. */
const batch = { packets: 64, bytes: 2 ** 20 } as const;

const kinds = ["video", "audio", "subtitle"] as const satisfies readonly PacketKind[];

/** Describes the streams of a file whose packets can be copied, and what goes along with them. */
export function describeFile(native: Native, input: MediaInput, isLive: boolean): CopiedFile {
  const { demuxer } = input;
  const container = formatNames(native, demuxer);
  const streams = [...demuxer.streams.keys()].flatMap((index): CopiedStream[] => {
    const picture = demuxer.picture(index);
    const kind = picture === null ? kinds.find((type) => demuxer.isOf(type, index)) ?? null : null;
    if (kind === null && picture === null && !demuxer.isOf("attachment", index)) return [];
    // A track that never got a packet: no muxer takes audio without a rate.
    if (demuxer.isUnknownAudio(index)) return [];
    return [{
      ...describeStream(native, demuxer, index),
      ...{ kind, index, container, picture: picture === null ? null : new Uint8Array(picture) },
      codecName: demuxer.codecName(index),
      codecId: native.fields.get(demuxer.parameters(index), "AVCodecParameters", "codec_id"),
    }];
  });
  return { streams, chapters: chaptersOf(input), metadata: demuxer.metadata, isLive, path: null };
}

/** A stream that is read. */
interface ReadStream {
  readonly kind: PacketKind;
  readonly clock: InputClock;
  /** Whether its packets are shown when they are decoded, so that one time tells the other. */
  readonly isInOrder: boolean;
  /** Seconds from where the video begins until its first frame would be shown; `null`: not yet known. */
  lateness: number | null;
}

/** Codecs whose packets don't say in which order they are shown, so that libavformat can't tell either. */
const untoldOrder: readonly string[] = ["h264", "hevc", "vvc"];

/** AVDISCARD_DEFAULT, libavcodec/defs.h. */
const discardNone = 0;

/**
 * Reads the packets of all streams, in the order in which they are in the file. Takes over the input, but for
 * that of a live stream, whose packets are given as soon as they come.
 */
export class PacketReader implements Disposable {
  readonly #input: MediaInput;
  readonly #label: string;
  readonly #packet: NativePacket;
  readonly #streams = new Map<number, ReadStream>();
  /** The time of a live stream, whose clock may go back; files are copied as they are. */
  readonly #timeline = new PacketTimeline();
  readonly #firstTimes = new FirstTimes();
  /** The control of a live stream, which ends calls that wait. */
  readonly #control: SessionControl | null;
  #hasEnded = false;

  /** At the beginning of a file, or from now on, with the control of a live stream. */
  constructor(native: Native, input: MediaInput, label: string, control: SessionControl | null = null) {
    this.#control = control;
    for (const stream of input.demuxer.streams) native.fields.set(stream, "AVStream", "discard", discardNone);
    this.#input = input;
    this.#label = label;
    this.#packet = new NativePacket(native);
    const isAvi = formatNames(native, input.demuxer) === "avi";
    for (const kind of kinds) {
      for (const stream of input.streamsOf(kind)) {
        const isInOrder = kind === "video" && stream.reorderDelay === 0;
        const clock = new InputClock(stream, input.origin);
        // In AVI, time begins when the first frame is decoded.
        const lateness = kind === "video" && isAvi ? null : 0;
        this.#streams.set(stream.index, { kind, clock, isInOrder, lateness });
      }
    }
    const isTold = input.streamsOf("video").every(({ codecName }) => !untoldOrder.includes(codecName));
    if (control === null && isTold) input.demuxer.completeTimes();
  }

  /** The next packets; none at the end. */
  next(): MediaPacket[] {
    return this.#control?.timed(() => this.#next()) ?? this.#next();
  }

  #next(): MediaPacket[] {
    const packets: MediaPacket[] = [];
    let bytes = 0;
    reading(this.#label, "read on in", () => {
      const most = this.#control === null ? batch.packets : 1;
      while (!this.#hasEnded && packets.length < most && bytes < batch.bytes) {
        if (this.#input.demuxer.read(this.#packet)) packets.push(...this.#take());
        else packets.push(...this.#end());
        bytes += packets.at(-1)?.data.length ?? 0;
        this.#packet.unref();
      }
    });
    return packets;
  }

  /** The live packets that still waited for a time. */
  #end(): MediaPacket[] {
    this.#hasEnded = true;
    return this.#firstTimes.rest();
  }

  #take(): MediaPacket[] {
    const packet = this.#packet;
    const { streamIndex: stream, pts, dts, duration, isKey: isKeyFrame } = packet;
    const read = this.#streams.get(stream);
    if (read === undefined) return [];
    const { kind, clock, isInOrder } = read;
    read.lateness ??= pts === NativePacket.noTime ? 0 : clock.seconds(pts);
    const { lateness } = read;
    const seconds = (ticks: bigint): number | null =>
      ticks === NativePacket.noTime ? null : clock.seconds(ticks) - lateness;
    const taken: MediaPacket = {
      ...{ data: packet.bytes, kind, stream, isKeyFrame, sideData: packet.sideData },
      timestamp: seconds(pts) ?? (isInOrder ? seconds(dts) : null),
      decodeTimestamp: seconds(dts),
      duration: clock.length(duration),
      isDiscontinuous: false,
    };
    if (this.#control === null) return [taken];
    return this.#firstTimes.take(taken).map((live) => this.#timeline.place(live));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#packet[Symbol.dispose]();
    if (this.#control === null) this.#input[Symbol.dispose]();
  }
}
