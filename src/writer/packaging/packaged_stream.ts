/**
 * One stream of fragments, and the renditions of its tracks: all of them begin segments together.
 *
 * @module
 */
import { FragmentStream, type FragmentTaker } from "./fragment_stream.ts";
import type { SegmentGrid } from "../../file/mp4/segment_grid.ts";
import type { Rendition } from "./rendition.ts";
import type { SegmentFile } from "./segment.ts";
import type { TrackFragment } from "./track_fragment.ts";
import type { TrackHeader } from "./track_header.ts";

/** What becomes of a stream. */
export interface StreamEvents {
  /** Makes the rendition of a track, where the stream has so many of audio. */
  open(track: TrackHeader, audios: number): Rendition;
  /** A part of the segment at hand is whole; whether it is the last one. */
  part(rendition: Rendition, file: SegmentFile, isLast: boolean): void;
  /** The segment at hand ends at a time in seconds or (`null`) where it does itself. */
  end(rendition: Rendition, end: number | null): void;
}

/** A stream. */
export class PackagedStream implements FragmentTaker {
  readonly #hasParts: boolean;
  readonly #grid: SegmentGrid;
  readonly #events: StreamEvents;
  readonly #fragments = new FragmentStream(this);
  readonly #renditions = new Map<number, Rendition>();

  /** Whether the last part of a segment has come. */
  #isPartLast = false;
  #hasBegun = false;

  /** Nothing of it has come yet. `grid`: where segments are planned to begin. */
  constructor(hasParts: boolean, grid: SegmentGrid, events: StreamEvents) {
    this.#hasParts = hasParts;
    this.#grid = grid;
    this.#events = events;
  }

  /** Takes bytes. */
  push(bytes: Uint8Array): void {
    this.#fragments.push(bytes);
  }

  /** Ends it, where the video ends after so many seconds, or (`null`) nobody knows. */
  finish(seconds: number | null): void {
    for (const rendition of this.#renditions.values()) {
      this.#events.end(rendition, rendition.header.kind === "video" ? seconds : null);
    }
  }

  header(tracks: readonly TrackHeader[]): void {
    const audios = tracks.filter(({ kind }) => kind === "audio").length;
    for (const track of tracks) this.#renditions.set(track.id, this.#events.open(track, audios));
  }

  fragment(tracks: readonly TrackFragment[]): void {
    let hasVideo = false;
    for (const track of tracks) {
      const rendition = this.#renditions.get(track.id)!;
      const isVideo = rendition.header.kind === "video";
      if (isVideo) this.#note(track, rendition.header);
      hasVideo ||= isVideo;
      const part = rendition.add(track, this.#hasParts);
      if (part === null) continue;
      // The last packets of audio come after the last part of the video.
      this.#events.part(rendition, part, this.#isPartLast && (isVideo || !hasVideo));
    }
  }

  /** Notes whether the next segment is due after a fragment of the video. */
  #note({ startTicks, ticks }: TrackFragment, { timescale }: TrackHeader): void {
    // The beginning of the first one has no mark.
    this.#hasBegun ||= this.#grid.begins(startTicks / timescale);
    this.#isPartLast = this.#grid.isDue((startTicks + ticks) / timescale);
  }

  mark(ticks: number): void {
    const video = this.#renditions.values().find(({ header }) => header.kind === "video")!;
    const seconds = ticks / video.header.timescale;
    this.#grid.begins(seconds);
    for (const rendition of this.#renditions.values()) {
      this.#events.end(rendition, rendition === video ? seconds : null);
    }
  }
}
