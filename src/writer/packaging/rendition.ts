/**
 * One track of a stream in segments: its files, and those that its playlist has.
 *
 * @module
 */
import type { Rational } from "../../libav/rational.ts";
import { reducedFraction } from "../../video/frame_rate.ts";
import { joined } from "./fragment_stream.ts";
import type { EarlierList, Part, Segment, SegmentFile } from "./segment.ts";
import type { TrackFragment } from "./track_fragment.ts";
import type { TrackHeader } from "./track_header.ts";

/** What a rendition is made of. */
export interface RenditionPlan {
  readonly label: string;
  readonly name: string;
  readonly header: TrackHeader;
  readonly toldBits: number | null;
  /** How long segments are to be expected, in whole seconds. */
  readonly targetSeconds: number;
  /** What another writer has left of it; `null`: nothing. */
  readonly earlier: EarlierList | null;
  /** How many writers there were before, where this rendition is new. */
  readonly discontinuities: number;
}

const partName = (name: string, number: number, part: number): string => `${name}-${number}.${part}.m4s`;

/** A track in segments. */
export class Rendition {
  /** What players call it: `"video"`, `"audio2"`. */
  readonly label: string;
  /** What the names of its files begin with. */
  readonly name: string;
  readonly header: TrackHeader;
  /** Bits per second that its encoder was told; `null`: none. */
  readonly toldBits: number | null;
  /** The name of its header's file. */
  readonly headerName: string;
  /** How long a segment may be, in whole seconds, as its playlist promises. */
  readonly #promisedSeconds: number;
  /** The segments that are listed. */
  readonly segments: Segment[];
  /** How many segments it has completed. */
  completed = 0;
  /** How often listed segments were once those of another writer, up to the first that is listed. */
  removedDiscontinuities: number;
  /** The most bits per second of one segment, and all of them. */
  peakBits = 0;
  totalSeconds = 0;
  totalBytes = 0;
  totalSamples = 0;
  /** How long a packet of the first fragment is, in seconds. */
  packetSeconds: number | null = null;
  /** The longest segment so far, in seconds. */
  #longestSeconds = 0;
  #number: number;
  readonly #isContinued: boolean;
  #start: number | null = null;
  /** When the last segment ends, in seconds. */
  #end = 0;
  /** How long the fragments are, in ticks. */
  #ticks = 0;
  #fragments: TrackFragment[] = [];
  #parts: Part[] = [];
  /** Segments that are listed no more, and that players may still fetch. */
  readonly #unlisted: Segment[] = [];

  /** A track without a fragment. */
  constructor({ name, label, header, toldBits, targetSeconds, earlier, discontinuities }: RenditionPlan) {
    this.name = name;
    this.label = label;
    this.header = header;
    this.toldBits = toldBits;
    const segments = earlier?.segments ?? [];
    this.segments = [...segments];
    this.#number = (segments.at(-1)?.number ?? 0) + 1;
    this.#isContinued = segments.length > 0;
    this.removedDiscontinuities = earlier?.removedDiscontinuities ?? discontinuities;
    // Players keep headers: another one has another name.
    this.headerName = `${name}-init${this.#isContinued ? `-${this.#number}` : ""}.mp4`;
    this.#promisedSeconds = Math.max(targetSeconds, earlier?.targetSeconds ?? 0);
  }

  /**
   * The largest duration of a segment, in whole seconds, as its playlist tells. It must not change: what is
   * to be expected counts, and only where a frame lasts longer than that is it more.
   */
  get targetSeconds(): number {
    return Math.max(this.#promisedSeconds, Math.round(this.#longestSeconds));
  }

  /** The number of the segment at hand. */
  get number(): number {
    return this.#number;
  }

  /** The name of the part that comes next; of another segment where this one has its last. */
  nextPart(isLast: boolean): string {
    const [number, part] = isLast ? [this.#number + 1, 1] : [this.#number, this.#parts.length + 1];
    return partName(this.name, number, part);
  }

  /** Whether the segment at hand comes after those of another writer. */
  get isDiscontinuous(): boolean {
    return this.#isContinued && this.completed === 0;
  }

  /** The name of its playlist. */
  get playlistName(): string {
    return `${this.name}.m3u8`;
  }

  /** When its last segment ends, in seconds, and the one at hand begins. */
  get end(): number {
    return this.completed === 0 ? this.#start ?? 0 : this.#end;
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
    const name = this.nextPart(false);
    const { isIndependent, bytes } = fragment;
    const seconds = fragment.ticks / timescale;
    this.packetSeconds ??= seconds / fragment.samples;
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
    const parts = this.#parts;
    this.segments.push({
      ...{
        number: this.#number++,
        name,
        header: this.headerName,
        start,
        seconds,
        bytes: bytes.length,
        parts,
      },
      ...{ isDiscontinuous: this.isDiscontinuous, dateMs: null },
      files: [...parts.map((part) => part.name), name],
    });
    this.completed++;
    this.#count(seconds, bytes.length);
    for (const { samples } of this.#fragments) this.totalSamples += samples;
    this.#start = end;
    this.#end = start + seconds;
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
    const hidden = this.segments.splice(0, Math.max(0, this.segments.length - windowSegments));
    this.removedDiscontinuities += hidden.filter(({ isDiscontinuous }) => isDiscontinuous).length;
    this.#unlisted.push(...hidden);
    const gone = this.#unlisted.splice(0, Math.max(0, this.#unlisted.length - windowSegments));
    const needed = new Set([...this.#unlisted, ...this.segments].map(({ header }) => header));
    const headers = new Set(gone.map(({ header }) => header));
    return [
      ...gone.flatMap(({ files }) => files),
      ...[...headers].filter((header) => header !== this.headerName && !needed.has(header)),
    ];
  }

  #count(seconds: number, bytes: number): void {
    this.totalSeconds += seconds;
    this.totalBytes += bytes;
    this.#longestSeconds = Math.max(this.#longestSeconds, seconds);
    // Of the last one, which may be very short, no rate is known.
    if (seconds >= this.#longestSeconds / 2) this.peakBits = Math.max(this.peakBits, bytes * 8 / seconds);
  }
}
