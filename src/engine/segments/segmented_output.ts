/**
 * A video in segments: each packet goes into one of them, in the thread of the encoder.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { Interleaver } from "../../file/interleaver.ts";
import type { VideoEnd, VideoPlace } from "../../file/output_file.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import type { Rational } from "../../libav/rational.ts";
import type { Steps } from "../../steps.ts";
import type { VideoOutput } from "../video_output.ts";
import { PreRoll, type RoutedPacket } from "./pre_roll.ts";
import { type OpenFile, SegmentFile } from "./segment_file.ts";
import type { Segments } from "./segments.ts";
import { type Boundary, tolerance } from "./segment_plan.ts";

/** What segments are made with. */
export interface SegmentedRequest {
  readonly segments: Segments;
  /** The queue of packets of all streams; `null` where there is no audio. */
  readonly queue: Interleaver | null;
  /** Whether a kill leaves segments playable. */
  readonly isCrashSafe: boolean;
  /** The unit of the video's times. */
  readonly timeBase: Rational;
  /**
   * Makes and opens a file for an encoded stream, by its number. The encoders of audio have begun before it,
   * where it `isContinued`.
   */
  readonly open: (path: string, stream: number, isContinued: boolean) => OpenFile;
  /** Gets each packet first, in order. */
  readonly onPacket: (packet: NativePacket, timeBase: Rational) => void;
  /** Called with audio that comes after its segment was finished, in seconds. */
  readonly onLate: (stream: number, seconds: number) => void;
}

/** Audio of a segment is waited for while the video goes on for so many seconds. */
const patienceSeconds = 2;
/** The share of the time that goes into finishing segments while others are written. */
const finishingShare = 0.25;
/** At most so many segments wait to be finished. */
const maxFinishing = 2;
/** How often the room on the disk is looked at, in milliseconds. */
const lookMs = 1000;

/** A segment that is being finished. */
interface Finishing {
  readonly segment: SegmentFile;
  readonly steps: Steps<number>;
  /** Its size, where it is finished, and waits for those before it to be told. */
  readonly bytes: number | null;
}

/** The segments of one video. */
export class SegmentedOutput implements VideoOutput {
  readonly #native: Native;
  readonly #request: SegmentedRequest;
  /** Ticks until the next packet is decoded, of the packets of the video that are queued. */
  readonly #places: bigint[] = [];
  /** The packets of the last seconds; `null` where all is recorded. */
  readonly #preRoll: PreRoll | null;
  /** Until when an event is recorded, in seconds; `null` where there is none. */
  #eventEnd: number | null = null;
  /** From when on, until the packets of that time are there. */
  #eventStart: number | null = null;
  #current: SegmentFile | null = null;
  /** By how much the first packet of the recording is decoded before its frame is shown. */
  #lead: bigint | null = null;
  /** Segments whose video is complete, and that may get audio, with their ends. */
  readonly #ending: { readonly segment: SegmentFile; readonly endTicks: bigint }[] = [];
  readonly #finishing: Finishing[] = [];
  /** When the last packet of each stream begins, in seconds. */
  readonly #reached: number[] = [];
  #opened = 0;
  #bytes = 0;
  /** How long may be worked on finishing segments, in milliseconds. */
  #creditMs = 0;
  #advancedMs = performance.now();
  #lookedMs = performance.now();

  /** Opens no file: that takes the first key frame. */
  constructor(native: Native, request: SegmentedRequest) {
    this.#native = native;
    this.#request = request;
    const { preRollSeconds } = request.segments.options;
    this.#preRoll = preRollSeconds === undefined ? null : new PreRoll(native);
    request.segments.writeTo(this);
  }

  get isCrashSafe(): boolean {
    return this.#request.isCrashSafe;
  }

  get mayLeaveOut(): boolean {
    return false;
  }

  writeVideo(packet: NativePacket, timeBase: Rational, { decodeTicks }: VideoPlace): void {
    const { queue } = this.#request;
    if (queue === null) this.#routeVideo(packet, timeBase, decodeTicks);
    else {
      this.#places.push(decodeTicks);
      queue.push(packet, timeBase);
      this.writeQueued();
    }
    this.#advance();
  }

  expectVideo(isExpected: boolean): void {
    this.#request.queue?.expect(0, isExpected);
  }

  /** Segments have no table of colours. */
  patch(): boolean {
    return false;
  }

  /** Writes the queued packets that are due. */
  writeQueued(until?: number): void {
    this.#request.queue?.give(({ packet, timeBase }) => {
      if (packet.streamIndex === 0) this.#routeVideo(packet, timeBase, this.#places.shift()!);
      else this.#route({ packet, timeBase, decodeTicks: 0n, boundary: null });
    }, until);
    this.#endComplete();
  }

  flush(): boolean {
    const { queue } = this.#request;
    this.writeQueued();
    const until = this.isCrashSafe && queue?.isComplete ? queue.lastSeconds(0) : null;
    if (until !== null) this.writeQueued(until);
    const flushed = [...this.#ending.map(({ segment }) => segment), this.#current]
      .map((segment) => segment?.flush() ?? true);
    this.#advance();
    return flushed.every(Boolean) && (queue === null || queue.lastSeconds(0) === null);
  }

  /** Records from `preRollSeconds` before now until so many seconds later. */
  recordEvent(seconds: number): void {
    const { segments } = this.#request;
    const { plan } = segments;
    this.#eventEnd = Math.max(this.#eventEnd ?? 0, plan.lastSeconds + seconds);
    plan.endEventAt(this.#eventEnd);
    if (this.#current !== null) return;
    this.#eventStart ??= plan.lastSeconds - segments.options.preRollSeconds!;
    this.#beginEvent();
    this.#endComplete();
  }

  /** Writes what is kept of an event, once it begins where the event does. */
  #beginEvent(): void {
    const start = this.#eventStart;
    if (start === null || this.#request.segments.plan.isAwaited(start)) return;
    this.#eventStart = null;
    this.#preRoll!.give((routed) => this.#write(routed));
  }

  *finish({ ending }: VideoEnd): Steps<number> {
    this.#request.queue?.end(0);
    this.writeQueued();
    this.#beginEvent();
    if (this.#current !== null && ending !== null) this.#endCurrent(ending.end);
    for (const { segment } of this.#ending.splice(0)) this.#finish(segment);
    while (this.#finishing.length > 0) yield* this.#finishFirst();
    return this.#bytes;
  }

  salvage(): void {
    for (const { steps, segment } of this.#finishing.splice(0)) {
      // It is playable as it was recorded.
      steps.return(0);
      segment[Symbol.dispose]();
    }
    for (const { segment } of this.#ending.splice(0)) segment.salvage();
    this.#current?.salvage();
    this.#current = null;
  }

  /** The paths of segments that are not complete. */
  get unfinished(): string[] {
    return [...this.#ending.map(({ segment }) => segment), this.#current].flatMap((segment) =>
      segment === null ? [] : [segment.path]
    );
  }

  #routeVideo(packet: NativePacket, timeBase: Rational, decodeTicks: bigint): void {
    this.#lead ??= packet.pts - packet.dts;
    const boundary = packet.isKey ? this.#request.segments.plan.boundaryAt(packet.pts) : null;
    this.#route({ packet, timeBase, decodeTicks, boundary });
  }

  #route(routed: RoutedPacket): void {
    const { segments } = this.#request;
    const { packet, timeBase, boundary } = routed;
    this.#request.onPacket(packet, timeBase);
    this.#reached[packet.streamIndex] = secondsOf(packet.pts, timeBase);
    const preRoll = this.#preRoll;
    if (preRoll === null) return this.#write(routed);
    if (this.#eventStart !== null) {
      preRoll.push(routed, this.#eventStart);
      return this.#beginEvent();
    }
    const isOver = boundary !== null && (this.#eventEnd ?? -Infinity) - tolerance <= boundary.seconds;
    if (isOver) {
      this.#eventEnd = null;
      if (this.#current !== null) this.#endCurrent(boundary.ticks);
    }
    const isOfSegment = this.#eventEnd !== null ||
      packet.streamIndex > 0 && this.#segmentAt(packet, timeBase) !== null;
    if (isOfSegment) this.#write(routed);
    else preRoll.push(routed, segments.plan.lastSeconds - segments.options.preRollSeconds!);
  }

  /** Writes a packet into its segment. */
  #write({ packet, timeBase, decodeTicks, boundary }: RoutedPacket): void {
    if (packet.streamIndex > 0) return this.#writeAudio(packet, timeBase);
    if (boundary !== null && (boundary.isDue || this.#current === null)) this.#begin(boundary, timeBase);
    const { segments } = this.#request;
    const current = this.#current!;
    current.writeVideo(packet, decodeTicks);
    if (current.bytes >= (segments.options.bytes ?? Infinity)) segments.plan.endSegment();
  }

  #begin({ ticks, seconds, stream }: Boundary, timeBase: Rational): void {
    const { segments, open } = this.#request;
    const path = segments.pathAt(seconds);
    segments.makeRoom(seconds, this.#growingBytes);
    this.#current?.endVideo(ticks);
    const file = open(path, stream, this.#opened > 0 || this.#preRoll !== null);
    const next = new SegmentFile(this.#native, file, { ticks, seconds, timeBase, lead: this.#lead ?? 0n });
    this.#opened++;
    if (this.#current !== null) this.#ending.push({ segment: this.#current, endTicks: ticks });
    this.#current = next;
    this.#endComplete();
  }

  #writeAudio(packet: NativePacket, timeBase: Rational): void {
    const segment = this.#segmentAt(packet, timeBase);
    if (segment !== null) return segment.writeAudio(packet, timeBase);
    // Before an event, nobody asked for it.
    const { streamIndex, duration } = packet;
    if (this.#preRoll === null) this.#request.onLate(streamIndex, secondsOf(duration, timeBase));
    packet.unref();
  }

  /** The open segment that a packet of audio belongs to; `null` where that is finished, or none. */
  #segmentAt({ pts }: NativePacket, timeBase: Rational): SegmentFile | null {
    const seconds = secondsOf(pts, timeBase);
    if (this.#current !== null && seconds >= this.#current.seconds) return this.#current;
    const found = this.#ending.findLast(({ segment, endTicks }) =>
      seconds >= segment.seconds && seconds < secondsOf(endTicks, this.#request.timeBase)
    );
    if (found !== undefined) return found.segment;
    // Encoders begin with samples before the first one.
    const isBefore = this.#opened === 1 && this.#preRoll === null;
    return isBefore ? this.#ending[0]?.segment ?? this.#current : null;
  }

  #endCurrent(endTicks: bigint): void {
    this.#current!.endVideo(endTicks);
    this.#ending.push({ segment: this.#current!, endTicks });
    this.#current = null;
    this.#endComplete();
  }

  /** Ends segments that get no more audio. */
  #endComplete(): void {
    while (this.#ending.length > 0) {
      const { segment, endTicks } = this.#ending[0]!;
      if (!this.#hasAllAudio(secondsOf(endTicks, this.#request.timeBase))) return;
      this.#ending.shift();
      this.#finish(segment);
    }
  }

  #hasAllAudio(endSeconds: number): boolean {
    const { queue } = this.#request;
    if (queue === null || this.#reached[0]! >= endSeconds + patienceSeconds) return true;
    for (let stream = 1; stream < queue.streamCount; stream++) {
      const isOver = queue.hasEnded(stream) && queue.lastSeconds(stream) === null;
      if (!isOver && (this.#reached[stream] ?? -Infinity) < endSeconds) return false;
    }
    return true;
  }

  #finish(segment: SegmentFile): void {
    segment.end();
    const steps = segment.finish();
    // The first step writes all that is still missing: from there on it is whole.
    const step = steps.next();
    const bytes = step.done === true ? step.value : null;
    this.#finishing.push({ segment, steps, bytes });
    if (this.#finishing.length === 1 && bytes !== null) this.#step();
  }

  /** Finishes segments for a share of the time that has passed. */
  #advance(): void {
    const nowMs = performance.now();
    this.#creditMs = Math.min(0, this.#creditMs) + (nowMs - this.#advancedMs) * finishingShare;
    while (this.#finishing.length > maxFinishing || this.#finishing.length > 0 && this.#creditMs > 0) {
      const beganMs = performance.now();
      this.#step();
      this.#creditMs -= performance.now() - beganMs;
    }
    this.#advancedMs = nowMs;
    if (nowMs - this.#lookedMs < lookMs) return;
    this.#lookedMs = nowMs;
    const { segments } = this.#request;
    segments.makeRoom(segments.plan.lastSeconds, this.#growingBytes);
  }

  *#finishFirst(): Steps<void> {
    while (!this.#step()) yield 0.5;
  }

  /** Does a step of finishing the first segment; returns whether it is done. */
  #step(): boolean {
    const { segment, steps, bytes } = this.#finishing[0]!;
    const step = bytes === null ? steps.next() : { done: true, value: bytes };
    if (step.done !== true) return false;
    this.#finishing.shift();
    this.#bytes += step.value;
    this.#request.segments.tell(segment, step.value);
    return true;
  }

  /** Bytes that open segments take once more while they are finished. */
  get #growingBytes(): number {
    const segments = [...this.#ending, ...this.#finishing].map(({ segment }) => segment);
    return segments.reduce((sum, { bytes }) => sum + bytes, this.#current?.bytes ?? 0);
  }

  /** Frees everything; segments that are being finished stay as they were recorded. */
  [Symbol.dispose](): void {
    for (const { steps, segment } of this.#finishing.splice(0)) {
      steps.return(0);
      segment[Symbol.dispose]();
    }
    for (const { segment } of this.#ending.splice(0)) segment[Symbol.dispose]();
    this.#current?.[Symbol.dispose]();
    this.#current = null;
    this.#preRoll?.[Symbol.dispose]();
  }
}

function secondsOf(ticks: bigint, { num, den }: Rational): number {
  return Number(ticks) * num / den;
}
