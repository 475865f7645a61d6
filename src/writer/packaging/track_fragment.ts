/**
 * A fragment of an mp4 with several tracks, divided into one for each of them.
 *
 * @module
 */
import { type Box, boxesIn, findBox, makeBox, viewOf } from "../../file/mp4/boxes.ts";
import type { TrackHeader } from "./track_header.ts";

/** A fragment of one track. */
export interface TrackFragment {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When it begins, in ticks from the start of the file: with its first frame, or the first samples. */
  readonly startTicks: number;
  /** How long it is. */
  readonly ticks: number;
  /** How many frames it has, or packets of audio. */
  readonly samples: number;
  /** Whether it begins with a key frame. */
  readonly isIndependent: boolean;
}

/** Flags of a `tfhd`, and of a `trun`. */
const tfhd = { dataOffset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const;
const trun = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionTime: 0x800,
} as const;
/** `sample_is_non_sync_sample`. */
const notSync = 0x10000;

/** The values that samples of a fragment have where they say nothing themselves. */
interface Defaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** Divides a fragment. `headers` are those of its tracks, `number` is its own, from 1. */
export function trackFragments(
  fragment: Uint8Array,
  headers: readonly TrackHeader[],
  number: number,
): TrackFragment[] {
  const movie = findBox(fragment, ["moof"])!;
  return boxesIn(fragment, movie.content, movie.end)
    .filter(({ type }) => type === "traf")
    .flatMap((track) => {
      const { content } = findBox(fragment, ["tfhd"], track.content, track.end)!;
      const id = viewOf(fragment).getUint32(content + 4);
      const header = headers.find((header) => header.id === id);
      return header === undefined ? [] : trackFragment(fragment, movie, track, header, number);
    });
}

function trackFragment(
  fragment: Uint8Array,
  movie: Box,
  track: Box,
  header: TrackHeader,
  number: number,
): TrackFragment {
  const own = fragment.slice(track.start, track.end);
  const view = viewOf(own);
  const inner = boxesIn(own, 8);
  const defaults = defaultsOf(own, inner.find(({ type }) => type === "tfhd")!);
  const decoded = moveTime(view, inner.find(({ type }) => type === "tfdt")!.content, header.startTicks);
  // Before the data: this box, one with the number, and the header of that of the data.
  const dataStart = 8 + 16 + own.length + 8;
  const pieces: Uint8Array[] = [];
  let [ticks, samples, dataBytes, isIndependent] = [0, 0, 0, header.kind === "audio"];
  let shown = Infinity;
  for (const run of inner.filter(({ type }) => type === "trun")) {
    const from = movie.start + view.getInt32(run.content + 8);
    const read = readRun(view, run, defaults);
    if (pieces.length === 0) isIndependent ||= read.isSync;
    shown = Math.min(shown, ticks + read.firstShown);
    view.setInt32(run.content + 8, dataStart + dataBytes);
    pieces.push(fragment.subarray(from, from + read.bytes));
    dataBytes += read.bytes;
    ticks += read.ticks;
    samples += read.samples;
  }
  const sequence = new Uint8Array(8);
  viewOf(sequence).setUint32(4, number);
  const boxes = [makeBox("moof", makeBox("mfhd", sequence), own), makeBox("mdat", ...pieces)] as const;
  const bytes = new Uint8Array(boxes[0].length + boxes[1].length);
  bytes.set(boxes[0]);
  bytes.set(boxes[1], boxes[0].length);
  const startTicks = decoded + shown - header.leadTicks;
  return { id: header.id, bytes, startTicks, ticks, samples, isIndependent };
}

function defaultsOf(bytes: Uint8Array, { content }: Box): Defaults {
  const view = viewOf(bytes);
  const flags = view.getUint32(content) & 0xffffff;
  let at = content + 8 + (flags & tfhd.dataOffset ? 8 : 0) + (flags & tfhd.description ? 4 : 0);
  const next = (flag: number): number => {
    if ((flags & flag) === 0) return 0;
    at += 4;
    return view.getUint32(at - 4);
  };
  return { duration: next(tfhd.duration), size: next(tfhd.size), flags: next(tfhd.flags) };
}

/** Has a fragment come later; returns when its first sample is decoded. */
function moveTime(view: DataView, content: number, by: number): number {
  if (view.getUint8(content) === 0) {
    const ticks = view.getUint32(content + 4) + by;
    view.setUint32(content + 4, ticks);
    return ticks;
  }
  const ticks = view.getBigInt64(content + 4) + BigInt(by);
  view.setBigInt64(content + 4, ticks);
  return Number(ticks);
}

/** What a run of samples is. */
interface Run {
  readonly samples: number;
  readonly ticks: number;
  readonly bytes: number;
  readonly isSync: boolean;
  /** When the frame that is shown first is, after the first one is decoded. */
  readonly firstShown: number;
}

function readRun(view: DataView, { content }: Box, defaults: Defaults): Run {
  const flags = view.getUint32(content) & 0xffffff;
  const count = view.getUint32(content + 4);
  let at = content + 8 + (flags & trun.dataOffset ? 4 : 0);
  let first = defaults.flags;
  if (flags & trun.firstFlags) {
    first = view.getUint32(at);
    at += 4;
  }
  let [ticks, bytes, firstShown] = [0, 0, Infinity];
  const field = (flag: number, otherwise: number): number => {
    if ((flags & flag) === 0) return otherwise;
    at += 4;
    return view.getUint32(at - 4);
  };
  for (let sample = 0; sample < count; sample++) {
    const duration = field(trun.duration, defaults.duration);
    bytes += field(trun.size, defaults.size);
    const own = field(trun.flags, defaults.flags);
    if (sample === 0 && (flags & trun.firstFlags) === 0) first = own;
    firstShown = Math.min(firstShown, ticks + (field(trun.compositionTime, 0) | 0));
    ticks += duration;
  }
  return { samples: count, ticks, bytes, isSync: (first & notSync) === 0, firstShown };
}
