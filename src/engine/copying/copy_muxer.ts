/**
 * The muxer of a file that is made of others: its streams, tags and chapters, and what has no place.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { copiedChapters } from "../../container/chapters.ts";
import { needsNamedKeys } from "../../container/ask_container.ts";
import { supportsSubtitleCodec } from "../../container/codec_support.ts";
import { repairsCover } from "../../container/cover.ts";
import { lossesOf } from "../../container/kept.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { Demuxer } from "../../libav/demuxer.ts";
import type { Muxer } from "../../libav/muxer.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { Rational } from "../../libav/rational.ts";
import type { ChapterPlace } from "../../libav/streams/stream_parameters.ts";
import { plainTags } from "../../container/plain_tags.ts";
import { CopiedStreams, type CopyTarget } from "./copied_streams.ts";
import type { CopyRequest } from "./copy_request.ts";
import { EncodedAudio } from "./encoded_audio.ts";
import { JoinedInput, type PacketInput } from "./joined_input.ts";
import type { CopiedStream } from "./media_packet.ts";

/** How long a player may have to wait, in microseconds. */
const maxDelay = 700_000;

/** Where packets of a stream go. */
interface Place {
  readonly index: number;
  /** The unit of their times. */
  readonly timeBase: Rational;
}

/** A new file. */
export interface CopyMuxer {
  readonly muxer: Muxer;
  /** Where the packets of each input go, by their stream. */
  readonly places: ReadonlyMap<PacketInput, ReadonlyMap<number, Place>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly chapters: readonly ChapterPlace[];
  /** Streams that have no place: their codecs. */
  readonly leftOut: readonly string[];
}

/** Makes the muxer for a path. Throws an {@linkcode UnsupportedError} where video or audio has no place. */
export function createCopyMuxer(
  native: Native,
  info: MuxerInfo,
  inputs: readonly PacketInput[],
  request: CopyRequest,
  path: string,
): CopyMuxer {
  const joined = inputs.filter((input) => input instanceof JoinedInput);
  const encoded = inputs.filter((input) => input instanceof EncodedAudio);
  const all = joined.flatMap(({ streams }) => streams);
  const [first] = joined;
  const streams = all.filter((stream) => hasPlace(native, info, stream));
  const added = encoded.map((input) => input.added);
  requireTracks(request, request.endsWithVideo ? joined[0]!.streams : streams, added.length);
  const copied = new CopiedStreams(native, info, { streams, formatOptions: undefined });
  const metadata = plainTags((first?.description ?? encoded[0]!).metadata);
  const target = { stage: "finished", recording: null, metadata, headers: new Map(), added } as const;
  const namesKeys = needsNamed(native, info, copied, target);
  const muxer = copied.createMuxer({ ...target, url: `file:${path}`, namesKeys });
  // As the ffmpeg program has it: MPEG-TS reckons with it how much audio goes into one piece.
  muxer.options.setField("max_delay", maxDelay);
  const places = new Map<PacketInput, ReadonlyMap<number, Place>>();
  for (const input of joined) places.set(input, placesOf(input, copied));
  for (const [at, input] of encoded.entries()) {
    places.set(input, new Map([[0, { index: copied.tracks.length + at, timeBase: input.added.timeBase }]]));
  }
  const leftOut = all.filter((stream) => !streams.includes(stream)).map(({ codecName }) => codecName);
  const chapters = first === undefined ? [] : copiedChapters(info, first.chapters);
  return { muxer, places, metadata, chapters, leftOut };
}

/** Whether tags need keys of their own. No header is tried where the mp4 family is not meant. */
function needsNamed(
  native: Native,
  info: MuxerInfo,
  copied: CopiedStreams,
  target: Omit<CopyTarget, "namesKeys" | "url">,
): boolean {
  return Object.keys(target.metadata).length > 0 &&
    needsNamedKeys(
      native,
      info,
      target.metadata,
      (namesKeys) => copied.createMuxer({ ...target, url: "", stage: "direct", namesKeys }),
    );
}

function placesOf({ streams }: JoinedInput, { tracks }: CopiedStreams): ReadonlyMap<number, Place> {
  return new Map(
    streams.filter((stream) => tracks.includes(stream)).map((stream) => [
      stream.index,
      { index: tracks.indexOf(stream), timeBase: stream.timeBase },
    ]),
  );
}

/** Whether a stream has a place, of those that may be left out; video and audio are looked at later. */
function hasPlace(native: Native, info: MuxerInfo, stream: CopiedStream): boolean {
  const { kind, picture } = stream;
  if (kind === "video" || kind === "audio") return true;
  if (kind === "subtitle") return supportsSubtitleCodec(native, info, stream);
  return picture === null ? info.name === "matroska" : repairsCover(info);
}

function requireTracks(
  { action, inputs, endsWithVideo }: CopyRequest,
  streams: readonly CopiedStream[],
  added: number,
): void {
  const hasTracks = endsWithVideo
    ? streams.some(({ kind }) => kind === "video")
    : added > 0 || streams.some(({ kind }) => kind !== null);
  if (hasTracks) return;
  const what = endsWithVideo ? "video" : "stream for that";
  throw new UnsupportedError(`Cannot ${action} ${inputs[0]!.paths[0]}: it has no ${what}`, {
    code: "NO_STREAM",
    operation: action,
    hint: "Look into the file with: avwriter probe FILE",
  });
}

/** Tags and chapters that did not come into a file. */
export function lostFrom(
  native: Native,
  info: MuxerInfo,
  path: string,
  { metadata, chapters }: Pick<CopyMuxer, "metadata" | "chapters">,
): string[] {
  if (Object.keys(metadata).length === 0 && chapters.length === 0) return [];
  try {
    using file = new Demuxer(native, `file:${path}`, { formats: null, protocols: "file" });
    return lossesOf(info.name, file, { metadata, chapters, cover: null })
      .filter(({ isReplaced }) => !isReplaced)
      .map(({ kind, what }) => kind === "tag" ? what.replace(/^the tag "(.*)"$/, "tag $1") : what);
  } catch (error) {
    // No reader knows the file.
    if (error instanceof AvError) return [];
    throw error;
  }
}
