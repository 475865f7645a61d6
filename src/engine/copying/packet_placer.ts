/**
 * Places packets of a source in a file: their times, and their turn.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { Interleaver } from "../../file/interleaver.ts";
import type { OutputFile } from "../../file/output_file.ts";
import type { VideoEnding } from "../../file/stream_ends.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import type { Steps } from "../../steps.ts";
import { hasAdtsHeader, withoutAdtsHeader } from "./aac.ts";
import type { CopiedStream, MediaPacket } from "./media_packet.ts";

/** Times that were computed from ticks may lie half way between two: all of a stream go the same way. */
const roundingTicks = 1e-3;

/** How many packets are kept until one tells when it is decoded: H.264 reorders no more frames. */
const maxUndated = 17;

/** What packets are placed in. */
export interface PlacerRequest {
  readonly tracks: readonly CopiedStream[];
  readonly hasVideo: boolean;
  readonly output: OutputFile;
  readonly queue: Interleaver;
  /** When the file begins, in seconds of the source. */
  readonly begin: number;
  /** Whether what is shown or heard before is left out: it refers to what was. */
  readonly leavesOutBefore: boolean;
  /** Whether the packets of a track lose headers of their own. */
  readonly stripsHeaders: (track: CopiedStream) => boolean;
}

/** Writes packets into a file. */
export class PacketPlacer implements Disposable {
  readonly #native: Native;
  readonly #request: PlacerRequest;
  readonly #packet: NativePacket;
  /** The last packet of the video: the next one tells how long it is until that is decoded. */
  readonly #held: NativePacket;
  #isHolding = false;
  /** When the last packet of each track is decoded. */
  readonly #lastDecoded: bigint[] = [];
  /** First packets of video of which the source does not tell when they are decoded, as Matroska's reader. */
  #undated: { readonly place: number; readonly packet: MediaPacket }[] = [];
  #lastStep = 0n;
  /** The frame that is shown last. */
  #ending: VideoEnding | null = null;
  #endSeconds = 0;

  constructor(native: Native, request: PlacerRequest) {
    this.#native = native;
    this.#request = request;
    this.#packet = new NativePacket(native);
    this.#held = new NativePacket(native);
    const { tracks, queue } = request;
    // Nobody waits for the next subtitle.
    for (const [place, { kind }] of tracks.entries()) if (kind === "subtitle") queue.end(place);
  }

  /** Where what was written ends, in seconds. */
  get endSeconds(): number {
    return this.#endSeconds;
  }

  /** Writes a packet of a track, or keeps it until it is known when it is decoded. */
  put(place: number, given: MediaPacket): void {
    const isUndated = given.decodeTimestamp === null && given.kind === "video" &&
      this.#lastDecoded[place] === undefined;
    if (isUndated && this.#undated.length < maxUndated) {
      this.#undated.push({ place, packet: given });
      return;
    }
    this.#putUndated(place, given.decodeTimestamp);
    this.#put(place, given.kind === "subtitle" ? this.#fromBegin(given) : given);
  }

  /** A subtitle, from where the file begins: mp4 has no place for the time before. */
  #fromBegin(packet: MediaPacket): MediaPacket {
    const { begin } = this.#request;
    const { timestamp, duration } = packet;
    if (timestamp === null || timestamp >= begin) return packet;
    const rest = Math.max(0, timestamp + duration - begin);
    return { ...packet, timestamp: begin, decodeTimestamp: begin, duration: rest };
  }

  /** Writes the packets that were kept of a track: each is decoded a frame before the next one. */
  #putUndated(place: number, next: number | null): void {
    if (this.#undated.length === 0) return;
    const packets = this.#undated.filter((undated) => undated.place === place);
    this.#undated = this.#undated.filter((undated) => undated.place !== place);
    for (const [index, { packet }] of packets.entries()) {
      const before = (packets.length - index) * packet.duration;
      this.#put(place, { ...packet, decodeTimestamp: next === null ? null : next - before });
    }
  }

  #put(place: number, given: MediaPacket): void {
    const { tracks, begin, hasVideo, leavesOutBefore, output, queue } = this.#request;
    const { timestamp, duration } = given;
    if (leavesOutBefore && timestamp !== null && timestamp + duration / 2 < begin) return;
    const track = tracks[place]!;
    this.#fill(place, track, given);
    const { timeBase } = track;
    const end = Number(this.#packet.pts + this.#packet.duration) * timeBase.num / timeBase.den;
    this.#endSeconds = Math.max(this.#endSeconds, end);
    if (hasVideo && place === 0) return this.#putVideo();
    queue.push(this.#packet, timeBase);
    output.writeQueued();
  }

  #fill(
    place: number,
    track: CopiedStream,
    { data, sideData, isKeyFrame, duration, ...times }: MediaPacket,
  ): void {
    const packet = this.#packet;
    const { num, den } = track.timeBase;
    const ticksOf = (seconds: number): bigint =>
      BigInt(Math.floor(seconds * den / num + 0.5 + roundingTicks));
    const { begin, stripsHeaders } = this.#request;
    const last = this.#lastDecoded[place];
    // One of them is known: the session refuses packets without a time.
    const shown = times.timestamp ?? times.decodeTimestamp!;
    const decoded = times.decodeTimestamp ?? shown;
    packet.fill(stripsHeaders(track) && hasAdtsHeader(data) ? withoutAdtsHeader(data) : data);
    for (const side of sideData) packet.addSideData(side);
    const dts = ticksOf(decoded - begin);
    const pts = ticksOf(shown - begin);
    // Containers want times of decoding that rise.
    packet.dts = last !== undefined && dts <= last ? last + 1n : dts;
    packet.pts = pts < packet.dts ? packet.dts : pts;
    packet.duration = ticksOf(duration);
    packet.streamIndex = place;
    if (isKeyFrame) packet.markKey();
    this.#lastDecoded[place] = packet.dts;
  }

  /** Writes the packet of the video before this one. */
  #putVideo(): void {
    const { output } = this.#request;
    const { timeBase } = this.#request.tracks[0]!;
    if (this.#isHolding) {
      this.#lastStep = this.#packet.dts - this.#held.dts;
      output.writeVideo(this.#held, timeBase, { decodeTicks: this.#lastStep, isLast: false });
    }
    const { pts, duration } = this.#packet;
    if (this.#ending === null || pts >= this.#ending.start) {
      this.#ending = { timeBase, start: pts, end: pts + duration };
    }
    this.#held.takeFrom(this.#packet);
    this.#isHolding = true;
  }

  /** Writes what is left, and finishes the file; returns its size, or `null` where that is not known. */
  *finish(): Steps<number | null> {
    const { hasVideo, output, queue, tracks } = this.#request;
    for (const place of tracks.keys()) this.#putUndated(place, null);
    if (this.#isHolding) {
      const decodeTicks = this.#held.duration > 0n ? this.#held.duration : this.#lastStep;
      if (this.#ending !== null && this.#ending.end <= this.#ending.start) {
        this.#ending = { ...this.#ending, end: this.#ending.start + decodeTicks };
      }
      output.writeVideo(this.#held, tracks[0]!.timeBase, { decodeTicks, isLast: true });
    }
    for (const place of tracks.keys()) queue.end(place);
    const ending = hasVideo ? this.#ending : null;
    const lastSeconds = ending === null
      ? 0
      : Number(ending.end - ending.start) * ending.timeBase.num / ending.timeBase.den;
    return yield* output.finish({ ending, endSeconds: this.#endSeconds, lastSeconds, packets: Infinity });
  }

  [Symbol.dispose](): void {
    this.#packet[Symbol.dispose]();
    this.#held[Symbol.dispose]();
  }
}
