/**
 * An mp4 in fragments, as an engine gives it piece by piece.
 *
 * @module
 */
import { boxesIn, viewOf } from "../../file/mp4/boxes.ts";
import { keyMarkType, markedTicks } from "../../file/mp4/key_mark.ts";
import { type TrackFragment, trackFragments } from "./track_fragment.ts";
import { type TrackHeader, trackHeaders } from "./track_header.ts";

/** Who takes what is in a stream of fragments. */
export interface FragmentTaker {
  /** The headers of all tracks, which come first. */
  header(tracks: readonly TrackHeader[]): void;
  /** A fragment, divided by tracks. */
  fragment(tracks: readonly TrackFragment[]): void;
  /** The next fragment begins with a key frame of the video, which is shown at this tick. */
  mark(ticks: number): void;
}

/** Reads a stream of fragments. */
export class FragmentStream {
  readonly #taker: FragmentTaker;
  #rest = new Uint8Array(0);
  #headers: readonly TrackHeader[] = [];
  #fragments = 0;

  /** Nothing of it has come yet. */
  constructor(taker: FragmentTaker) {
    this.#taker = taker;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? bytes : joined([this.#rest, bytes]);
    let done = 0;
    // What a fragment has begins with the box of its index.
    for (let begin = 0; begin + 8 <= all.length;) {
      const end = begin + viewOf(all).getUint32(begin);
      if (end > all.length || end < begin + 8) break;
      const { type } = boxesIn(all, begin, end)[0]!;
      begin = end;
      if (type === "moof") continue;
      this.#take(type, all.subarray(done, end));
      done = end;
    }
    this.#rest = all.slice(done);
  }

  #take(type: string, bytes: Uint8Array): void {
    if (type === keyMarkType) this.#taker.mark(markedTicks(bytes));
    else if (type === "moov") this.#taker.header(this.#headers = trackHeaders(bytes));
    else if (type === "mdat") {
      this.#taker.fragment(trackFragments(bytes, this.#headers, ++this.#fragments));
    }
  }
}

/** Pieces of bytes as one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
