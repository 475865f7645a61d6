/**
 * The header of an mp4 in fragments, divided into one for each of its tracks, as CMAF has them
 * (ISO/IEC 23000-19).
 *
 * @module
 */
import { type Box, boxesIn, findBox, makeBox, viewOf } from "../../file/mp4/boxes.ts";
import { audioChannels } from "./audio_channels.ts";
import { codecString, colorCodes, videoRange } from "./codec_strings.ts";

/** What a track says of itself before its first fragment. */
export interface TrackHeader {
  /** Its number in fragments. */
  readonly id: number;
  readonly kind: "video" | "audio";
  /** Ticks per second of its times. */
  readonly timescale: number;
  /** How long after the start of the file it begins, in ticks. */
  readonly startTicks: number;
  /** By how many ticks its times are later than what they say: of reordered frames, or an encoder's delay. */
  readonly leadTicks: number;
  /** The codec, as browsers name it. */
  readonly codec: string;
  /** The range of a video's brightness. */
  readonly range: "SDR" | "PQ" | "HLG";
  readonly width: number;
  readonly height: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** Its own header file. */
  readonly file: Uint8Array<ArrayBuffer>;
}

const text = (bytes: Uint8Array, start: number): string =>
  String.fromCharCode(...bytes.subarray(start, start + 4));

/** Where the boxes of a sample entry begin, after its fields. */
const entryFields = { video: 78, audio: 28 } as const;

/** The brands of each header: CMAF's, and those that FFmpeg's muxer would name. */
const brands = ["iso6", "\0\0\0\0", "iso6", "cmfc", "mp41"];

/** Divides a header by tracks. Tracks of anything else than video and audio have none. */
export function trackHeaders(movie: Uint8Array): TrackHeader[] {
  const outer = findBox(movie, ["moov"])!;
  const movieHeader = findBox(movie, ["mvhd"], outer.content, outer.end)!;
  // Version 1 has times of 64 bits before it.
  const movieScale = viewOf(movie).getUint32(movieHeader.content + (movie[movieHeader.content] ? 20 : 12));
  return boxesIn(movie, outer.content, outer.end)
    .filter(({ type }) => type === "trak")
    .flatMap((track) => trackHeader(movie, outer, track, movieScale) ?? []);
}

function trackHeader(movie: Uint8Array, outer: Box, track: Box, movieScale: number): TrackHeader | null {
  const view = viewOf(movie);
  const box = (...path: string[]): Box => findBox(movie, path, track.content, track.end)!;
  const handler = text(movie, box("mdia", "hdlr").content + 8);
  if (handler !== "vide" && handler !== "soun") return null;
  const kind = handler === "vide" ? "video" : "audio";
  const header = box("tkhd"), media = box("mdia", "mdhd");
  const id = view.getUint32(header.content + (movie[header.content] ? 20 : 12));
  const timescale = view.getUint32(media.content + (movie[media.content] ? 20 : 12));
  const { start, lead } = editsOf(movie, track);
  const entry = boxesIn(movie, box("mdia", "minf", "stbl", "stsd").content + 8, track.end)[0]!;
  const isAudio = kind === "audio";
  return {
    ...{ id, kind, timescale },
    startTicks: Math.round(start * timescale / movieScale),
    leadTicks: lead,
    codec: codecString(movie, entry, entry.content + entryFields[kind]),
    range: videoRange(isAudio ? null : colorCodes(movie, entry.end, entry.content + entryFields.video)),
    width: isAudio ? 0 : view.getUint32(header.end - 8) / 65536,
    height: isAudio ? 0 : view.getUint32(header.end - 4) / 65536,
    // Rates above 65535 have no room in 16 bits: FFmpeg writes 0. They are the unit of its times.
    sampleRate: isAudio ? view.getUint16(entry.content + 24) || timescale : 0,
    channels: isAudio
      ? audioChannels(movie, entry, entry.content + entryFields.audio) ?? view.getUint16(entry.content + 16)
      : 0,
    file: headerFile(movie, outer, track, id, lead > 0 ? editList(lead) : null),
  };
}

/** How long a track waits, in ticks of the movie, and where it begins in its own times. */
function editsOf(movie: Uint8Array, track: Box): { start: number; lead: number } {
  const list = findBox(movie, ["edts", "elst"], track.content, track.end);
  if (list === null) return { start: 0, lead: 0 };
  const view = viewOf(movie);
  const isLong = movie[list.content] === 1;
  const edits = { start: 0, lead: 0 };
  for (let at = list.content + 8; at < list.end; at += isLong ? 20 : 12) {
    const duration = isLong ? Number(view.getBigInt64(at)) : view.getUint32(at);
    const begin = isLong ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
    // Nothing is shown: the track begins later.
    if (begin < 0) edits.start += duration;
    else edits.lead = begin;
  }
  return edits;
}

/** The edits of a track that begins at a tick of its own. */
function editList(lead: number): Uint8Array {
  const list = new Uint8Array(20);
  const view = viewOf(list);
  view.setUint32(4, 1);
  view.setUint32(12, lead);
  view.setUint32(16, 0x10000);
  return makeBox("edts", makeBox("elst", list));
}

/** A header file with one track. What its fragments say of its beginning is left out of its edits. */
function headerFile(
  movie: Uint8Array,
  outer: Box,
  track: Box,
  id: number,
  edits: Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  const bytesOf = ({ start, end }: Box): Uint8Array => movie.subarray(start, end);
  const view = viewOf(movie);
  const parts = boxesIn(movie, outer.content, outer.end).flatMap((box) => {
    if (box.type === "trak") {
      if (box.start !== track.start) return [];
      const [first, ...others] = boxesIn(movie, box.content, box.end).filter(({ type }) => type !== "edts");
      return [makeBox("trak", bytesOf(first!), ...(edits === null ? [] : [edits]), ...others.map(bytesOf))];
    }
    if (box.type !== "mvex") return [bytesOf(box)];
    const own = boxesIn(movie, box.content, box.end)
      .filter(({ type, content }) => type !== "trex" || view.getUint32(content + 4) === id);
    return [makeBox("mvex", ...own.map(bytesOf))];
  });
  const encoder = new TextEncoder();
  const header = [
    makeBox("ftyp", ...brands.map((brand) => encoder.encode(brand))),
    makeBox("moov", ...parts),
  ];
  const file = new Uint8Array(header.reduce((sum, { length }) => sum + length, 0));
  file.set(header[0]!);
  file.set(header[1]!, header[0]!.length);
  return file;
}
