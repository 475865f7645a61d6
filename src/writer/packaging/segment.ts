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

/** A segment, or a part of the time of the one before it. */
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
  /** Whether it has nothing of its own: a frame of the one before lasts until its end. */
  readonly isGap: boolean;
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

/** Lengths that sum up to one, of which none is longer than `most` by `slack`; `null`: it stays one. */
export function piecesOf(seconds: number, most: number | null, slack: number): number[] {
  if (most === null || seconds < most + slack) return [seconds];
  const count = Math.ceil(seconds / most - 1e-9);
  return Array.from({ length: count }, (_, index) => Math.min(most, seconds - index * most));
}
