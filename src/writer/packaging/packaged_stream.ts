/**
 * One stream of fragments, and the renditions of its tracks: all of them begin segments together.
 *
 * @module
 */
import { FragmentStream, type FragmentTaker } from "./fragment_stream.ts";
import type { Rendition, SegmentFile } from "./rendition.ts";
import type { TrackFragment } from "./track_fragment.ts";
import type { TrackHeader } from "./track_header.ts";

/** What becomes of a stream. */
export interface StreamEvents {
  /** Makes the rendition of a track, where the stream has so many of audio. */
  open(track: TrackHeader, audios: number): Rendition;
  /** A part of the segment at hand is whole. */
  part(rendition: Rendition, file: SegmentFile): void;
  /** The segment at hand ends at a time in seconds or (`null`) where it does itself. */
  end(rendition: Rendition, end: number | null): void;
}

/** A stream. */
export class PackagedStream implements FragmentTaker {
  readonly #hasParts: boolean;
  readonly #events: StreamEvents;
  readonly #fragments = new FragmentStream(this);
  readonly #renditions = new Map<number, Rendition>();

  /** Nothing of it has come yet. */
  constructor(hasParts: boolean, events: StreamEvents) {
    this.#hasParts = hasParts;
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
    for (const track of tracks) {
      const rendition = this.#renditions.get(track.id)!;
      const part = rendition.add(track, this.#hasParts);
      if (part !== null) this.#events.part(rendition, part);
    }
  }

  mark(ticks: number): void {
    const video = this.#renditions.values().find(({ header }) => header.kind === "video")!;
    const seconds = ticks / video.header.timescale;
    for (const rendition of this.#renditions.values()) {
      this.#events.end(rendition, rendition === video ? seconds : null);
    }
  }
}
