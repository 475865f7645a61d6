/**
 * Segments, as playlists have them.
 *
 * @module
 */

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
  /** The file with the header that it needs. */
  readonly header: string;
  /** When it begins, and how long it is, in seconds. */
  readonly start: number;
  readonly seconds: number;
  readonly bytes: number;
  /** The parts that may be listed. */
  readonly parts: readonly Part[];
  /** All that is to be removed with it. */
  readonly files: readonly string[];
  /** Whether it comes after those of another writer. */
  readonly isDiscontinuous: boolean;
  /** The time on the wall of its beginning, of one of another writer. */
  readonly dateMs: number | null;
}

/** A file to store. */
export interface SegmentFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What another writer has left of a rendition: its playlist, and files that this does not list. */
export interface EarlierList {
  readonly targetSeconds: number;
  readonly segments: readonly Segment[];
  readonly removedDiscontinuities: number;
  readonly strays: readonly string[];
}
