/**
 * One track of a stream in segments: its files, and those that its playlist has.
 *
 * @module
 */
import type { Rational } from "../../libav/rational.ts";
import { reducedFraction } from "../../video/frame_rate.ts";
import { joined } from "./fragment_stream.ts";
import type { TrackFragment } from "./track_fragment.ts";
import type { TrackHeader } from "./track_header.ts";

/** A part of a segment, which is a file as well. */
export interface Part {
  readonly name: string;
  readonly seconds: number;
  readonly isIndependent: boolean;
}

/** A segment. */
export interface Segment {
  readonly number: number;
  readonly name: string;
  /** When it begins, and how long it is, in seconds. */
  readonly start: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly parts: readonly Part[];
}

/** A file to store. */
export interface SegmentFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A track in segments. */
export class Rendition {
  /** What players call it: `"video"`, `"audio2"`. */
  readonly label: string;
  /** What the names of its files begin with. */
  readonly name: string;
  readonly header: TrackHeader;
  /** Bits per second that its encoder was told; `null`: none. */
  readonly toldBits: number | null;
  /** The segments that are listed. */
  readonly segments: Segment[] = [];
  /** The most bits per second of one segment, and all of them. */
  peakBits = 0;
  totalSeconds = 0;
  totalBytes = 0;
  totalSamples = 0;
  /** The longest segment so far, in seconds. */
  longestSeconds = 0;
  #number = 1;
  #start: number | null = null;
  /** How long the fragments are, in ticks. */
  #ticks = 0;
  #fragments: TrackFragment[] = [];
  #parts: Part[] = [];
  #longestPart = 0;
  /** How long a packet is, in seconds. */
  #packetSeconds = 0;
  /** Segments that are listed no more, and that players may still fetch. */
  readonly #unlisted: Segment[] = [];

  /** A track without a fragment. */
  constructor(prefix: string, label: string, header: TrackHeader, toldBits: number | null) {
    this.label = label;
    this.name = `${prefix}-${label}`;
    this.header = header;
    this.toldBits = toldBits;
  }

  /** The name of its playlist. */
  get playlistName(): string {
    return `${this.name}.m3u8`;
  }

  /** The name of its header's file. */
  get headerName(): string {
    return `${this.name}-init.mp4`;
  }

  /** When its last segment ends, in seconds. */
  get end(): number {
    const last = this.segments.at(-1);
    return last === undefined ? 0 : last.start + last.seconds;
  }

  /** The parts of the segment that is not complete. */
  get parts(): readonly Part[] {
    return this.#parts;
  }

  /** Bits per second over all segments. */
  get averageBits(): number {
    return this.totalSeconds === 0 ? 0 : this.totalBytes * 8 / this.totalSeconds;
  }

  /** Frames per second over all segments, to a thousandth. */
  get measuredRate(): Rational {
    return reducedFraction(Math.round(this.totalSamples * 1000 / this.totalSeconds), 1000);
  }

  /** Adds a fragment to the segment at hand. Returns the file of a part of its own, where there are any. */
  add(fragment: TrackFragment, hasParts: boolean): SegmentFile | null {
    const { timescale } = this.header;
    // What an encoder of audio begins with is not heard.
    this.#start ??= Math.max(0, fragment.startTicks / timescale);
    this.#fragments.push(fragment);
    this.#ticks += fragment.ticks;
    if (!hasParts) return null;
    const name = `${this.name}-${this.#number}.${this.#parts.length + 1}.m4s`;
    const { isIndependent, bytes } = fragment;
    const seconds = fragment.ticks / timescale;
    this.#longestPart = Math.max(this.#longestPart, seconds);
    this.#packetSeconds = Math.max(this.#packetSeconds, seconds / fragment.samples);
    this.#parts.push({ name, seconds, isIndependent });
    return { name, bytes };
  }

  /**
   * Completes the segment at hand. `end` is when the next one begins, in seconds; `null` where only its own
   * length tells. Returns its file; `null` where it has nothing.
   */
  endSegment(end: number | null): SegmentFile | null {
    const [first] = this.#fragments;
    if (first === undefined) return null;
    const start = this.#start!;
    const ownEnd = (first.startTicks + this.#ticks) / this.header.timescale;
    const seconds = Math.max(0, (end !== null && end > start ? end : ownEnd) - start);
    const bytes = joined(this.#fragments.map((fragment) => fragment.bytes));
    const name = `${this.name}-${this.#number}.m4s`;
    this.segments.push({
      ...{ number: this.#number, name, start, seconds, bytes: bytes.length, parts: this.#parts },
    });
    this.#count(seconds, bytes.length);
    for (const { samples } of this.#fragments) this.totalSamples += samples;
    this.#number++;
    this.#start = end;
    this.#ticks = 0;
    this.#fragments = [];
    this.#parts = [];
    return { name, bytes };
  }

  /**
   * Takes segments off the list that are older than the window. Returns the files that nobody needs any more:
   * those of segments that were taken off a window ago.
   */
  slide(windowSegments: number | null): string[] {
    if (windowSegments === null) return [];
    this.#unlisted.push(...this.segments.splice(0, Math.max(0, this.segments.length - windowSegments)));
    return this.#unlisted.splice(0, Math.max(0, this.#unlisted.length - windowSegments))
      .flatMap(({ name, parts }) => [...parts.map((part) => part.name), name]);
  }

  /** The longest part, in seconds, where parts of the video have a length: audio has whole frames. */
  partTarget(partSeconds: number): number {
    const { kind } = this.header;
    return Math.max(this.#longestPart, kind === "audio" ? partSeconds + this.#packetSeconds : partSeconds);
  }

  #count(seconds: number, bytes: number): void {
    this.totalSeconds += seconds;
    this.totalBytes += bytes;
    this.longestSeconds = Math.max(this.longestSeconds, seconds);
    // Of the last one, which may be very short, no rate is known.
    if (seconds >= this.longestSeconds / 2) this.peakBits = Math.max(this.peakBits, bytes * 8 / seconds);
  }
}
